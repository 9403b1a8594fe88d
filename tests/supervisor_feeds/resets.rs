//! How often honest nodes are reset: as `docs/supervisor.md` says.

use std::collections::BTreeMap;
use std::time::Duration;

use nodewire::codec::supervisor::{ChainId, NodeCommand};
use nodewire::sim::supervisor::{Cluster, Feed, Order, Step};
use nodewire::state::supervisor::{
    Dropped, Limits, NodeId, Supervisor, SupervisorMessage, SupervisorNotice, SupervisorRemote,
};
use nodewire::{Action, ActionOf, Input, Machine, Outbox, Time};

/// What was seen of a node.
#[derive(Default)]
struct Seen {
    /// It connected, or asked to be reset.
    wanted: u64,
    /// Resets that began, those that began over not counted.
    begun: u64,
    /// A reset is under way.
    is_under_way: bool,
    /// Resets in a row without anything it derived being taken in.
    row: u32,
    rested_at: Time,
}

/// What was seen of a run.
#[derive(Default)]
struct Watch {
    nodes: BTreeMap<(ChainId, NodeId), Seen>,
    invalidated: BTreeMap<ChainId, u64>,
    l1_reorganised: u64,
    begun_over: u64,
}

impl Watch {
    fn heard(&mut self, input: &Input<impl Sized, SupervisorRemote>) -> Option<(ChainId, NodeId)> {
        match input {
            Input::Remote(SupervisorRemote::NodeUp { chain_id, node }) => {
                self.nodes.entry((*chain_id, *node)).or_default().wanted += 1;
                None
            }
            Input::Remote(SupervisorRemote::Node { chain_id, node, event }) => {
                let seen = self.nodes.entry((*chain_id, *node)).or_default();
                seen.wanted += u64::from(event.reset.is_some());
                event.derivation_update.map(|_| (*chain_id, *node))
            }
            _ => None,
        }
    }

    /// What followed, in order, from an input at `now`: a node derived something, if `told`.
    fn said(
        &mut self,
        now: Time,
        told: Option<(ChainId, NodeId)>,
        actions: &[ActionOf<Supervisor>],
        about: &str,
    ) {
        let limits = Limits::default();
        // What was found common may be gone: blocks were dropped, or gave way to what a node
        // derived again.
        let has = |pick: fn(&SupervisorNotice) -> bool| {
            actions.iter().any(|action| matches!(action, Action::Notify(it) if pick(it)))
        };
        let dropped = has(|it| {
            matches!(it, SupervisorNotice::Rewound(..) | SupervisorNotice::L1Reorganised(_))
        });
        let contradicted =
            has(|it| matches!(it, SupervisorNotice::Dropped { what: Dropped::Derivation, .. }));
        let gone =
            dropped || (contradicted && has(|it| matches!(it, SupervisorNotice::LocalSafe(..))));
        for action in actions {
            match action {
                Action::Notify(SupervisorNotice::ResetStarted(chain, node)) => {
                    let seen = self.nodes.entry((*chain, *node)).or_default();
                    if seen.is_under_way {
                        assert!(gone, "{about}: {chain} began over");
                        self.begun_over += 1;
                        continue;
                    }
                    assert!(now >= seen.rested_at, "{about}: {chain} had no rest");
                    (seen.begun, seen.is_under_way) = (seen.begun + 1, true);
                }
                Action::Send(SupervisorMessage::Command { chain_id, node, command })
                    if matches!(
                        **command,
                        NodeCommand::Reset(_) | NodeCommand::ResetPreInterop
                    ) =>
                {
                    let seen = self.nodes.entry((*chain_id, *node)).or_default();
                    seen.is_under_way = false;
                    let (first, most) = limits.reset_backoff;
                    seen.rested_at = now.after(first.saturating_mul(1 << seen.row).min(most));
                    seen.row = (seen.row + 1).min(16);
                }
                Action::Notify(SupervisorNotice::LocalSafe(chain, _)) => {
                    let teller = told.filter(|(of, _)| of == chain);
                    if let Some(seen) = teller.and_then(|teller| self.nodes.get_mut(&teller)) {
                        seen.row = 0;
                    }
                }
                Action::Notify(SupervisorNotice::Invalidated(chain, _)) => {
                    *self.invalidated.entry(*chain).or_default() += 1;
                }
                Action::Notify(SupervisorNotice::L1Reorganised(_)) => self.l1_reorganised += 1,
                _ => {}
            }
        }
    }
}

fn watch(cluster: &Cluster, order: Order, about: &str) -> Watch {
    let mut supervisor: Supervisor = Supervisor::new(cluster.config(), Limits::default()).unwrap();
    let (mut feed, mut watch) = (Feed::new(cluster, order), Watch::default());
    while let Some((now, input)) = feed.next(supervisor.deadline()) {
        let told = watch.heard(&input);
        let mut out = Outbox::new();
        supervisor.handle(now, input, &mut out).unwrap();
        let actions: Vec<_> = out.drain().collect();
        watch.said(now, told, &actions, about);
        actions.into_iter().for_each(|action| feed.hear(action));
    }
    watch
}

/// Messages are on their way for less than the first back-off here.
#[test]
fn honest_nodes_are_reset_as_often_as_something_happened() {
    let (mut resets, mut needless, mut begun_over, mut quiet, mut most) = (0, 0, 0, 0, 0);
    assert!(Limits::default().reset_backoff.0 >= Duration::from_secs(1));
    for seed in crate::orders::seeds(0, 12, 1_500) {
        let cluster = crate::orders::cluster(seed);
        let is_reorganised = |step: &&Step| matches!(step, Step::ReorganiseL1 { .. });
        let reorganised = cluster.steps().iter().filter(is_reorganised).count() as u64;
        for order in [Order::InTurn, Order::Mixed(seed)] {
            let about = format!("seed {seed}, {order:?}");
            let seen = watch(&cluster, order, &about);
            begun_over += seen.begun_over;
            for ((chain, node), of) in &seen.nodes {
                let invalidated = seen.invalidated.get(chain).copied().unwrap_or(0);
                let happened = reorganised + invalidated;
                let caused = of.wanted + seen.l1_reorganised;
                let about = format!("{about}, node {node:?} of {chain}: {happened} happened");
                assert!(of.begun <= caused + 2 * happened, "{about}, {} resets", of.begun);
                if happened == 0 {
                    // Nobody blames anybody.
                    assert!(of.begun <= of.wanted, "{about}, {} resets", of.begun);
                    quiet += 1;
                }
                resets += of.begun;
                needless += of.begun.saturating_sub(caused);
                most = most.max(of.begun.saturating_sub(caused));
            }
        }
    }
    println!("{resets} resets, {needless} beyond causes, {most} of a node, {begun_over} anew");
    assert!(resets > 50 && quiet > 2, "{quiet} quiet");
}
