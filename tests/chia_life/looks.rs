//! What has to hold whenever one looks.

use nodewire::state::chia::{FullNode, Role};

use crate::given::chia::Member;
use crate::mood::Moody;
use crate::people::{
    FARMER, FULL_NODES, Farming, HARVESTERS, Harvesting, Node, PEOPLE, TIMELORD, Timing,
};
use crate::village::Village;

/// How much there is at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub footprints: [usize; PEOPLE],
    /// Questions that somebody still waits for, of those who ask.
    pub open: [usize; PEOPLE],
}

impl Village {
    /// Nobody who is honest is blamed, and nobody holds much.
    pub fn look(&mut self) -> Look {
        let mut look = Look { footprints: [0; PEOPLE], open: [0; PEOPLE] };
        for number in 0..PEOPLE {
            let (closed, unsaid) = (self.resident(number).closed(), self.resident(number).unsaid());
            assert!(unsaid.is_empty(), "{number} said what it may not: {unsaid:?}");
            for closed in closed {
                let peer = self.net.across(closed.connection).expect("somebody is there");
                let (ending, reaction) = (&closed.ending, closed.reaction);
                assert!(
                    closed.is_fine(),
                    "at {:?} {number} blames {peer}: {ending} {reaction:?}",
                    self.now
                );
            }
            look.footprints[number] = self.resident(number).footprint();
            look.open[number] = self.open(number);
        }
        look
    }

    fn open(&mut self, number: usize) -> usize {
        match number {
            FARMER => open::<_, _>(self.member_mut::<Farming>(number)),
            TIMELORD => open(self.member_mut::<Timing>(number)),
            _ if HARVESTERS.contains(&number) => open(self.member_mut::<Harvesting>(number)),
            0..FULL_NODES => open(self.member_mut::<Node>(number)),
            _ => 0,
        }
    }

    /// What everybody knows, for whoever has to find out why nothing goes on.
    pub fn describe(&self) -> String {
        let timelord: &Timing = self.member(TIMELORD);
        let farmer: &Farming = self.member(FARMER);
        let harvesters = HARVESTERS.map(|number| {
            let harvester: &Harvesting = self.member(number);
            harvester.staffed.node().role()
        });
        let nodes = [0, 1].map(|number| self.full_node(number));
        let (timelord, farmer) = (timelord.staffed.node().role(), farmer.staffed.node().role());
        format!("{timelord:?}\n{farmer:?}\n{harvesters:?}\n{nodes:?}")
    }

    pub fn full_node(&self, number: usize) -> &FullNode {
        let node: &Node = self.member(number);
        node.staffed.node().role()
    }
}

/// How many of the questions of somebody are not answered, and not forgotten either.
fn open<R: Role, O>(member: &mut Member<R, Moody<R, O>>) -> usize
where
    O: nodewire::sim::chia::Oracle<R>,
{
    let mut asked = std::mem::take(&mut member.staffed.oracle_mut().asked);
    asked.retain(|id| member.staffed.node().role().awaits(*id));
    let count = asked.len();
    member.staffed.oracle_mut().asked = asked;
    count
}
