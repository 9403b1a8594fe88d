//! Connections of the Chia family, every role and every part of one, on inputs of any kind.

use std::cell::RefCell;
use std::time::Duration;

use arbitrary::Unstructured;
use nodewire::sim::chia::{Answers, Oracle};
use nodewire::state::chia::{
    Added, ConnectionNotice, Delivery, Farmer, Found, FullNode, Harvester, PoolClientCommand,
    PoolClientQuery, PoolCommand, PoolQuery, ServingCommand, ServingQuery, SyncCommand, SyncQuery,
    Timelord, TransactionResult, TransactionsCommand, TransactionsQuery, Weighed,
};
use nodewire::{Action, ActionOf, AskId, Machine, Outbox, Time};
use proptest::prelude::*;

use crate::given::chia::{self, ForChiaConnection, ForChiaSession, ForPool, ForPoolClient};
use crate::given::{Given, start};
use crate::odd::{run_with, script};

/// What whoever knows answers first.
fn by<M: Machine<Query: Clone>>(
    oracle: impl Oracle<M>,
) -> impl Fn(AskId, &M::Query) -> Option<M::Local> {
    let oracle = RefCell::new(oracle);
    move |id, query| {
        let mut answers = Answers::new();
        oracle.borrow_mut().asked(Time::ZERO, id, query.clone(), &mut answers);
        answers.take().into_iter().next().map(|(_, answer)| answer)
    }
}

proptest! {
    #[test]
    fn connection_keeps_the_laws(bytes in script(), flags: u8) {
        run_with(&bytes, ForChiaConnection::new(flags), |laws| laws);
    }

    #[test]
    fn session_keeps_the_laws(bytes in script(), flags: u8) {
        run_with(&bytes, ForChiaSession::new(flags), |laws| laws);
    }

    #[test]
    fn harvester_keeps_the_laws(bytes in script()) {
        run_with(&bytes, chia::harvester(), |laws| laws.answering(by::<Harvester>(chia::plots())));
    }

    #[test]
    fn farmer_keeps_the_laws(bytes in script()) {
        run_with(&bytes, chia::farmer(), |laws| laws.answering(by::<Farmer>(chia::purse())));
    }

    #[test]
    fn timelord_keeps_the_laws(bytes in script()) {
        run_with(&bytes, chia::timelord(), |laws| laws.answering(by::<Timelord>(chia::clockwork())));
    }

    #[test]
    fn full_node_keeps_the_laws(bytes in script()) {
        run_with(&bytes, chia::full_node(), |laws| laws.answering(by::<FullNode>(chia::keeper())));
    }

    #[test]
    fn sync_keeps_the_laws(bytes in script()) {
        run_with(&bytes, chia::sync(), |laws| {
            laws.answering(|id, query| {
                Some(match query {
                    SyncQuery::HashAt { .. } => SyncCommand::HashAt(id, None),
                    SyncQuery::WeighHeaders(_) => SyncCommand::Weighed(id, Weighed::Good),
                    SyncQuery::VerifyWeight(_) => SyncCommand::Weight(id, true),
                    SyncQuery::AddBlock(_) => SyncCommand::Added(id, Added::AlreadyHave),
                })
            })
        });
    }

    #[test]
    fn parts_of_a_full_node_keep_the_laws(bytes in script()) {
        run_with(&bytes, chia::serving(), |laws| {
            laws.answering(|id, query| {
                Some(match query {
                    ServingQuery::Block(_) => ServingCommand::Block(id, None),
                    ServingQuery::HeaderHashes(_) => ServingCommand::HeaderHashes(id, None),
                    ServingQuery::HeaderBlocks(_) => {
                        ServingCommand::HeaderBlocks(id, Found::AboveTip)
                    }
                    ServingQuery::SyncBlocks(_) => ServingCommand::SyncBlocks(id, Found::AboveTip),
                    ServingQuery::Header(_) => ServingCommand::Header(id, None),
                    ServingQuery::Ancestors(_) => ServingCommand::Ancestors(id, None),
                    ServingQuery::Body(_) => ServingCommand::Body(id, None),
                })
            })
        });
        run_with(&bytes, chia::transactions(), |laws| {
            laws.answering(|id, query| {
                Some(match query {
                    TransactionsQuery::IsKnown(_) => TransactionsCommand::Known(id, false),
                    TransactionsQuery::Get(_) => TransactionsCommand::Found(id, None),
                    TransactionsQuery::Offer(..) => {
                        TransactionsCommand::Offered(id, TransactionResult::Accepted)
                    }
                })
            })
        });
        run_with(&bytes, chia::addresses(), |laws| laws);
    }

    #[test]
    fn both_ends_of_a_pool_keep_the_laws(bytes in script()) {
        run_with(&bytes, ForPoolClient::default(), |laws| {
            laws.answering(|id, PoolClientQuery::VerifyCoinbases(..)| {
                Some(PoolClientCommand::Verdict(id, true))
            })
        });
        run_with(&bytes, ForPool::default(), |laws| {
            laws.answering(|id, query| {
                Some(match query {
                    PoolQuery::GetCoinbases { .. } => PoolCommand::Coinbases(id, Vec::new()),
                    PoolQuery::GetRate(_) => PoolCommand::Rate(id, None),
                    PoolQuery::VerifyProof(_) => PoolCommand::Quality(id, None),
                    PoolQuery::VerifySignature(_) => PoolCommand::Verdict(id, true),
                })
            })
        });
    }

    #[test]
    fn introducer_and_wallet_keep_the_laws(bytes in script()) {
        run_with(&bytes, chia::introducer(), |laws| laws);
        run_with(&bytes, chia::wallet(), |laws| laws);
    }
}

/// How many actions of a kind come of plausible scripts, as time goes by.
fn reached<G: Given>(
    make: impl Fn() -> G,
    counts: impl Fn(&ActionOf<G::Machine>) -> bool,
) -> usize {
    let mut random = 7_u64;
    let mut reached = 0;
    for _ in 0..30 {
        let bytes: Vec<u8> = (0..6_000)
            .map(|_| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                (random >> 16) as u8
            })
            .collect();
        let script = &mut Unstructured::new(&bytes);
        let (mut given, mut now) = (make(), start());
        let mut machine = given.machine();
        for step in 0..120 {
            let mut out = Outbox::new();
            let Ok(input) = given.pick(script, step) else { break };
            now = now.after(Duration::from_secs(step % 3));
            let _ = machine.handle(now, input, &mut out);
            if machine.deadline().is_some_and(|due| due <= now) && !out.ends() {
                machine.handle_timeout(now, &mut out);
            }
            given.saw(&out);
            reached += out.iter().filter(|action| counts(action)).count();
            if out.ends() {
                break;
            }
        }
    }
    reached
}

/// The pickers reach what they are for.
#[test]
fn plausible_scripts_reach_the_depths_of_roles() {
    fn sends<N, Q>(action: &Action<Delivery, N, Q>) -> bool {
        matches!(action, Action::Send(it) if !matches!(it, Delivery::Penalise(..)))
    }
    let received = |action: &_| matches!(action, Action::Notify(ConnectionNotice::Received(_)));
    let reached = [
        ("connection", 20, reached(|| ForChiaConnection::new(0), received)),
        ("harvester", 60, reached(chia::harvester, sends)),
        ("farmer", 100, reached(chia::farmer, sends)),
        ("timelord", 20, reached(chia::timelord, sends)),
        ("full node", 300, reached(chia::full_node, sends)),
        ("sync", 50, reached(chia::sync, sends)),
        ("serving", 30, reached(chia::serving, sends)),
        ("transactions", 10, reached(chia::transactions, sends)),
        ("addresses", 100, reached(chia::addresses, sends)),
        ("introducer", 300, reached(chia::introducer, sends)),
        ("pool client", 20, reached(ForPoolClient::default, |it| !matches!(it, Action::Close(_)))),
        ("pool", 20, reached(ForPool::default, |it| !matches!(it, Action::Close(_)))),
        ("wallet", 200, reached(chia::wallet, sends)),
    ];
    for (name, _, reached) in &reached {
        println!("{name}: {reached}");
    }
    for (name, least, reached) in reached {
        assert!(reached >= least, "{name}: {reached}");
    }
}
