//! Answers that come after their text: of a batch, one by one.

use std::hint::black_box;

use nodewire::codec::supervisor::{Answer, Profile};
use nodewire::state::supervisor::{CallId, Limits, RpcAnswer, RpcText, Server};
use nodewire::{Action, AskId, Machine, Outbox, Time};

use crate::common::{Case, Run};
use crate::rpc_samples::SERVED;

/// The cases.
pub fn cases() -> Vec<Case> {
    let case = |name, make| Case { name, ops: 1, bytes: 0, make };
    vec![
        case("linear_late_answers/1", || answered(500)),
        case("linear_late_answers/2", || answered(1_000)),
        case("linear_late_refusals/1", || refused(500)),
        case("linear_late_refusals/2", || refused(1_000)),
    ]
}

/// Every call of a batch is answered, the last one first.
fn answered(calls: usize) -> Run {
    Run::Anew(Box::new(move || {
        let (mut server, asked) = batch(calls);
        Box::new(move || {
            let mut out = Outbox::new();
            for id in asked.into_iter().rev() {
                let answer = RpcAnswer(id, Ok(Answer::Failsafe(true)));
                server.handle_local(Time::ZERO, answer, &mut out).expect("it was asked");
            }
            let Some(Action::Send(reply)) = out.pop() else { panic!("a reply") };
            drop(black_box((server, reply)));
        })
    }))
}

/// No call of as many texts is answered in time.
fn refused(calls: usize) -> Run {
    Run::Anew(Box::new(move || {
        let mut server = server();
        let mut out = Outbox::new();
        for at in 0..calls {
            hear(&mut server, at as u64, CALL.to_owned(), &mut out);
        }
        out = Outbox::new();
        Box::new(move || {
            let due = server.deadline().expect("calls are parked");
            server.handle_timeout(due, &mut out);
            assert_eq!(server.waiting(), 0);
            drop(black_box((server, out)));
        })
    }))
}

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"admin_getFailsafeEnabled"}"#;

fn server() -> Server {
    Server::new(Limits::default(), Profile::Seed, SERVED)
}

fn hear(server: &mut Server, call: u64, text: String, out: &mut nodewire::Out<Server>) {
    let text = RpcText { call: CallId(call), text: text.into() };
    server.handle_remote(Time::ZERO, text, out);
}

fn batch(calls: usize) -> (Server, Vec<AskId>) {
    let (mut server, mut out) = (server(), Outbox::new());
    hear(&mut server, 1, format!("[{}]", vec![CALL; calls].join(",")), &mut out);
    let mut asked = Vec::new();
    while let Some(action) = out.pop() {
        let Action::Ask(id, _) = action else { panic!("all are asked first") };
        asked.push(id);
    }
    (server, asked)
}
