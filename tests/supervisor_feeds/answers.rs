//! What clients are answered when all is told.

use nodewire::sim::supervisor::{Move, Order};
use nodewire::state::supervisor::{
    CallId, RpcText, Supervisor, SupervisorMessage, SupervisorRemote,
};
use nodewire::{Action, Input, Machine, Outbox, Time};

use crate::orders::seeds;
use crate::run::Run;

/// The replies to everything a client can ask.
pub fn answers(run: &Run) -> Vec<Vec<u8>> {
    let mut supervisor: Supervisor = run.supervisor.clone();
    let mut feed = run.feed.clone();
    let now = Time::from_micros(u64::MAX / 2);
    let ask = |text: String| {
        let text = RpcText { call: CallId(u64::MAX), text: text.into() };
        let mut out = Outbox::new();
        supervisor.handle_remote(now, SupervisorRemote::Rpc(text), &mut out);
        let mut reply = None;
        while let Some(action) = out.pop() {
            match action {
                Action::Send(SupervisorMessage::Reply(said)) => {
                    assert_eq!(reply.replace(said.text.unwrap().to_vec()), None);
                }
                Action::Ask(..) => {
                    feed.hear(action);
                    let Some(Input::Local(answer)) = feed.make(Move::Answer(0)) else { panic!() };
                    supervisor.handle_local(now, answer, &mut out).unwrap();
                }
                _ => panic!("{action:?}"),
            }
        }
        reply.expect("one reply")
    };
    run.feed.everything().into_iter().map(ask).collect()
}

/// How many answers tell something.
fn told(answers: &[Vec<u8>]) -> usize {
    let refused = |it: &&Vec<u8>| !it.windows(8).any(|part| part == b"\"error\":");
    answers.iter().filter(refused).count()
}

/// How many answers of all orders of a seed tell something; they are the same in each.
fn told_in_every_order(seed: u64) -> usize {
    let cluster = crate::orders::cluster(seed);
    let first = answers(&crate::run::run(&cluster, Order::InTurn));
    for order in 1..=2 {
        let other = answers(&crate::run::run(&cluster, Order::Mixed(order)));
        for (first, other) in first.iter().zip(&other) {
            let [first, other] = [first, other].map(|it| String::from_utf8_lossy(it));
            assert_eq!(first, other, "seed {seed}, order {order}");
        }
    }
    told(&first)
}

#[test]
fn answers_are_the_same_in_every_order() {
    let seeds = seeds(5_000, 4, 400);
    let count = seeds.clone().count();
    let told: usize = seeds.map(told_in_every_order).sum();
    assert!(told > 500 * count, "{told}");
}

/// A cross-safe block was lost with the layer-one blocks derived from anew; asking for a block
/// that nobody has had no end; a block had another layer-one block.
#[test]
fn orders_that_once_differed() {
    for seed in [472, 5_088, 5_233, 100_099] {
        told_in_every_order(seed);
    }
}
