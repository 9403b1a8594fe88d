//! Both ends, joined by streams that are cut anywhere: honest ones never blame each other.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::chia::{pool_client_session, pool_session};
use nodewire::link::Transport;
use nodewire::state::chia::{
    PoolClientCommand, PoolClientNotice, PoolCommand, PoolNotice, PoolQuery,
};
use nodewire::{Action, Ending, Machine, Outbox, Time};
use proptest::prelude::*;

use super::{GOOD, RATE, client_config, config, data, found};

/// Section 14.3: whoever begins a frame and does not go on is left, at either end.
#[test]
fn a_frame_that_does_not_end_ends_the_session() {
    fn rule<M>(mut session: M) -> Option<&'static str>
    where
        M: Machine<Remote = Transport>,
    {
        let mut out = Outbox::new();
        session.handle_remote(Time::ZERO, Transport::Received(Bytes::from_static(&[0])), &mut out);
        assert!(!out.ends());
        let late = Time::ZERO.after(Duration::from_secs(600));
        session.handle_timeout(late, &mut out);
        out.drain().find_map(|action| match action {
            Action::Close(Ending::Fault(fault)) => fault.rule().map(|rule| rule.id()),
            _ => None,
        })
    }
    assert_eq!(rule(pool_client_session(client_config())), Some("chia/14.3"));
    let mut config = config();
    // It says nothing for as long as it takes.
    config.limits.first_timeout = Duration::from_secs(10_000);
    assert_eq!(rule(pool_session(config)), Some("chia/14.3"));
}

/// What happens next between the two ends of a session.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// So many bytes arrive at the client, or at the pool.
    ToClient(usize),
    ToPool(usize),
    /// The application answers a question, the oldest or the newest.
    ClientAnswers,
    PoolAnswers(bool),
    Want(u32),
    Found(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_usize..600).prop_map(Step::ToClient),
        4 => (1_usize..600).prop_map(Step::ToPool),
        2 => Just(Step::ClientAnswers),
        4 => any::<bool>().prop_map(Step::PoolAnswers),
        1 => (0_u32..40).prop_map(Step::Want),
        4 => any::<u8>().prop_map(Step::Found),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn two_honest_ends_never_blame_each_other(
        steps in proptest::collection::vec(step(), 0..250),
    ) {
        let mut client = pool_client_session(client_config());
        let mut pool = pool_session(config());
        let (mut to_client, mut to_pool) = (VecDeque::new(), VecDeque::new());
        let (mut of_client, mut of_pool) = (VecDeque::new(), VecDeque::new());
        let (mut sent, mut acknowledged, mut credited) = (0, 0, 0);
        let (mut wanted, mut told) = (BTreeSet::new(), BTreeSet::new());
        let now = Time::ZERO;
        let (mut out_client, mut out_pool) = (Outbox::new(), Outbox::new());
        let uncounted = Transport::Writable(Transport::UNCOUNTED);
        client.handle_remote(now, uncounted.clone(), &mut out_client);
        pool.handle_remote(now, uncounted, &mut out_pool);
        client.handle_local(now, PoolClientCommand::Open, &mut out_client).unwrap();
        let rest = [Step::ToPool(4_096), Step::PoolAnswers(true), Step::ToClient(4_096),
            Step::ClientAnswers];
        let rest = rest.into_iter().cycle().take(4 * 300);
        for step in steps.into_iter().chain(rest) {
            match step {
                Step::ToClient(size) => {
                    let bytes: Bytes = to_client.drain(..size.min(to_client.len())).collect();
                    client.handle_remote(now, Transport::Received(bytes), &mut out_client);
                }
                Step::ToPool(size) if !pool.saturated() => {
                    let bytes: Bytes = to_pool.drain(..size.min(to_pool.len())).collect();
                    pool.handle_remote(now, Transport::Received(bytes), &mut out_pool);
                }
                Step::ToPool(_) => {}
                Step::ClientAnswers => {
                    if let Some(id) = of_client.pop_front() {
                        let command = PoolClientCommand::Verdict(id, true);
                        client.handle_local(now, command, &mut out_client).unwrap();
                    }
                }
                Step::PoolAnswers(newest) => {
                    let next = if newest { of_pool.pop_back() } else { of_pool.pop_front() };
                    if let Some((id, query)) = next {
                        let command = match query {
                            PoolQuery::GetCoinbases { min_height, .. } => {
                                let from = min_height.unwrap_or(0);
                                let list = data(from..from + 5).coinbase_info;
                                PoolCommand::Coinbases(id, list)
                            }
                            PoolQuery::GetRate(_) => PoolCommand::Rate(id, Some(RATE)),
                            PoolQuery::VerifyProof(_) => PoolCommand::Quality(id, Some(GOOD)),
                            PoolQuery::VerifySignature(_) => PoolCommand::Verdict(id, true),
                        };
                        pool.handle_local(now, command, &mut out_pool).unwrap();
                    }
                }
                Step::Want(height) => {
                    let had = client.machine().unwrap().stock();
                    let command = PoolClientCommand::Coinbase(height);
                    client.handle_local(now, command, &mut out_client).unwrap();
                    prop_assert_eq!(client.machine().unwrap().stock(), had);
                    wanted.insert(height);
                }
                Step::Found(byte) => {
                    let room = client.machine().unwrap().room();
                    let taken = client.handle_local(now, found(byte), &mut out_client).is_ok();
                    prop_assert_eq!(taken, room > 0);
                    sent += usize::from(taken);
                }
            }
            for action in out_client.drain() {
                match action {
                    Action::Send(bytes) => to_pool.extend(bytes),
                    Action::Ask(id, _) => of_client.push_back(id),
                    Action::Notify(PoolClientNotice::Acknowledged(_)) => acknowledged += 1,
                    Action::Notify(PoolClientNotice::Coinbase(height, signed)) => {
                        prop_assert_eq!(signed.map(|it| it.coinbase.height), Some(height));
                        told.insert(height);
                    }
                    Action::Notify(_) => {}
                    Action::Close(ending) => panic!("{ending}"),
                }
            }
            for action in out_pool.drain() {
                match action {
                    Action::Send(bytes) => to_client.extend(bytes),
                    Action::Ask(id, query) => of_pool.push_back((id, query)),
                    Action::Notify(PoolNotice::Credited(_)) => credited += 1,
                    Action::Notify(_) => {}
                    Action::Close(ending) => panic!("{ending}"),
                }
            }
        }
        prop_assert_eq!((acknowledged, credited), (sent, sent), "all that was sent counts");
        prop_assert_eq!(told, wanted);
        prop_assert_eq!(pool.machine().unwrap().unacknowledged(), 0);
    }
}
