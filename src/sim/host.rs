//! A node with one link for each connection, and a policy that answers and instructs them.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use bytes::Bytes;

use crate::ask::AskId;
use crate::fault::{Ending, Refusal};
use crate::link::Transport;
use crate::machine::{Action, Machine, Out};
use crate::outbox::Outbox;
use crate::sim::node::{End, Event, Node, Wire};
use crate::time::Time;
use crate::until_closed::UntilClosed;

/// What stands above the links of a node: the application, in a simulation.
pub trait Policy {
    /// The link of a connection.
    type Link: Machine<Remote = Transport, Send = Bytes>;

    /// Makes the link of a new connection. An even end is the side that connects.
    fn link(&mut self, now: Time, end: End, orders: &mut Orders<Self::Link>) -> Self::Link;

    /// A link tells something.
    fn notice(
        &mut self,
        now: Time,
        end: End,
        notice: <Self::Link as Machine>::Notice,
        orders: &mut Orders<Self::Link>,
    );

    /// A link asks something: answer by [`Orders::give`], or later by [`Orders::give_after`].
    fn ask(
        &mut self,
        now: Time,
        end: End,
        id: AskId,
        query: <Self::Link as Machine>::Query,
        orders: &mut Orders<Self::Link>,
    );

    /// A link has ended, by itself or since the connection is gone.
    fn ended(
        &mut self,
        now: Time,
        end: End,
        ending: Option<Ending>,
        orders: &mut Orders<Self::Link>,
    ) {
        let _ = (now, end, ending, orders);
    }

    /// An order was refused. To try it again, [`Orders::give_after`] a while: given at once, it
    /// would be refused once more, for ever.
    fn refused(
        &mut self,
        now: Time,
        end: End,
        refusal: Refusal<<Self::Link as Machine>::Local>,
        orders: &mut Orders<Self::Link>,
    ) {
        let _ = (now, end, refusal, orders);
    }

    /// Lets time pass, when [`deadline`](Self::deadline) has come.
    fn timeout(&mut self, now: Time, orders: &mut Orders<Self::Link>) {
        let _ = (now, orders);
    }

    /// When `timeout` next has something to do.
    fn deadline(&self) -> Option<Time> {
        None
    }
}

/// Local input that a [`Policy`] gives to its links.
pub struct Orders<M: Machine> {
    given: Vec<(Duration, End, M::Local)>,
}

impl<M: Machine> Orders<M> {
    /// Gives input to the link of a connection, once the current event has been seen to.
    pub fn give(&mut self, end: End, input: M::Local) {
        self.give_after(Duration::ZERO, end, input);
    }

    /// The same after a while: what took time to find out.
    pub fn give_after(&mut self, after: Duration, end: End, input: M::Local) {
        self.given.push((after, end, input));
    }
}

type Later<P> = BTreeMap<(Time, u64), (End, <<P as Policy>::Link as Machine>::Local)>;

/// A node of a [`Net`](crate::sim::Net): a link for each connection below a [`Policy`].
pub struct Host<P: Policy> {
    policy: P,
    links: BTreeMap<End, UntilClosed<P::Link>>,
    /// The deadlines of the links, with each link's own beside it.
    due: BTreeSet<(Time, End)>,
    dues: BTreeMap<End, Time>,
    /// Input for later, in order of time and of giving.
    later: Later<P>,
    given: u64,
}

impl<P: Policy> Host<P> {
    /// A node with this policy and no connection.
    pub const fn new(policy: P) -> Self {
        Self {
            policy,
            links: BTreeMap::new(),
            due: BTreeSet::new(),
            dues: BTreeMap::new(),
            later: BTreeMap::new(),
            given: 0,
        }
    }

    /// The policy.
    pub const fn policy(&self) -> &P {
        &self.policy
    }

    /// The link of a connection, while it is open.
    pub fn link(&self, end: End) -> Option<&P::Link> {
        self.links.get(&end).and_then(UntilClosed::get)
    }

    /// Lets the policy act by itself, as from outside.
    pub fn order(
        &mut self,
        now: Time,
        wire: &mut Wire,
        act: impl FnOnce(&mut P, &mut Orders<P::Link>),
    ) {
        let mut orders = Orders { given: Vec::new() };
        act(&mut self.policy, &mut orders);
        self.settle(now, orders, wire);
    }

    /// Runs one input through a link and carries out what comes of it.
    fn run(
        &mut self,
        now: Time,
        end: End,
        wire: &mut Wire,
        orders: &mut Orders<P::Link>,
        input: impl FnOnce(
            &mut UntilClosed<P::Link>,
            &mut Out<P::Link>,
        ) -> Result<(), Refusal<<P::Link as Machine>::Local>>,
    ) {
        let Some(link) = self.links.get_mut(&end) else { return };
        let mut out = Outbox::new();
        let result = input(link, &mut out);
        let due = link.deadline();
        if self.dues.get(&end).copied() != due {
            if let Some(old) = self.dues.remove(&end) {
                self.due.remove(&(old, end));
            }
            if let Some(new) = due {
                self.dues.insert(end, new);
                self.due.insert((new, end));
            }
        }
        if let Err(refusal) = result {
            self.policy.refused(now, end, refusal, orders);
        }
        for action in out.drain() {
            match action {
                Action::Send(bytes) => wire.send(end, bytes),
                Action::Notify(notice) => self.policy.notice(now, end, notice, orders),
                Action::Ask(id, query) => self.policy.ask(now, end, id, query, orders),
                Action::Close(ending) => {
                    wire.close(end);
                    self.links.remove(&end);
                    self.policy.ended(now, end, Some(ending), orders);
                }
            }
        }
    }

    /// Gives what is ordered, and what is ordered because of that, until nothing is left for now.
    fn settle(&mut self, now: Time, mut orders: Orders<P::Link>, wire: &mut Wire) {
        loop {
            for (after, end, input) in core::mem::take(&mut orders.given) {
                self.later.insert((now.after(after), self.given), (end, input));
                self.given += 1;
            }
            match self.later.first_key_value() {
                Some(((at, _), _)) if *at <= now => {}
                _ => return,
            }
            let Some((_, (end, input))) = self.later.pop_first() else { return };
            self.run(now, end, wire, &mut orders, |link, out| link.handle_local(now, input, out));
        }
    }
}

impl<P: Policy> Node for Host<P> {
    fn event(&mut self, now: Time, end: End, event: Event, wire: &mut Wire) {
        let mut orders = Orders { given: Vec::new() };
        let closed = event == Event::Closed;
        let transport = match event {
            Event::Opened => {
                let link = self.policy.link(now, end, &mut orders);
                self.links.insert(end, UntilClosed::new(link));
                None
            }
            // A link is one stream: lanes are for machines that take channels apart.
            Event::Received(_, bytes) => Some(Transport::Received(bytes)),
            Event::Writable(bytes) => Some(Transport::Writable(bytes)),
            Event::Closed => Some(Transport::Closed),
        };
        if let Some(transport) = transport {
            self.run(now, end, wire, &mut orders, |link, out| {
                link.handle_remote(now, transport, out);
                Ok(())
            });
        }
        self.settle(now, orders, wire);
        if closed {
            self.forget(now, end, wire);
        }
    }

    fn timeout(&mut self, now: Time, wire: &mut Wire) {
        let mut orders = Orders { given: Vec::new() };
        if self.policy.deadline().is_some_and(|due| due <= now) {
            self.policy.timeout(now, &mut orders);
        }
        // Each link once: one that stays due is called again by the network.
        let due: Vec<End> = self.due.range(..=(now, End::LAST)).map(|(_, end)| *end).collect();
        for end in due {
            self.run(now, end, wire, &mut orders, |link, out| {
                link.handle_timeout(now, out);
                Ok(())
            });
        }
        self.settle(now, orders, wire);
    }

    fn deadline(&self) -> Option<Time> {
        let links = self.due.first().map(|(due, _)| *due);
        let later = self.later.first_key_value().map(|((due, _), _)| *due);
        [links, later, self.policy.deadline()].into_iter().flatten().min()
    }

    fn reads(&self, end: End) -> bool {
        self.links.get(&end).is_none_or(|link| !link.saturated())
    }
}

impl<P: Policy> Host<P> {
    /// The connection is gone, and its link with it: it may still have had work to finish.
    fn forget(&mut self, now: Time, end: End, wire: &mut Wire) {
        if self.links.remove(&end).is_some() {
            if let Some(due) = self.dues.remove(&end) {
                self.due.remove(&(due, end));
            }
            self.order(now, wire, |policy, orders| policy.ended(now, end, None, orders));
        }
    }
}

#[expect(clippy::missing_fields_in_debug, reason = "as much as one asks for")]
impl<P: Policy + fmt::Debug> fmt::Debug for Host<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let links = self.links.len();
        f.debug_struct("Host").field("policy", &self.policy).field("links", &links).finish()
    }
}
