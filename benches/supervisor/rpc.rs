//! The RPC: texts to calls, calls to texts.

use std::hint::black_box;

use nodewire::codec::supervisor::Accesses;
use nodewire::codec::supervisor::json_rpc::{Document, TextLimits};
use nodewire::codec::supervisor::{Call, CheckAccessList, ExecutingDescriptor, SafetyLevel};

use crate::common::{Case, Run, again};
use crate::rpc_samples::{self as samples, MESSAGES, SERVED};

/// The cases.
pub fn cases() -> Vec<Case> {
    let case = |name, messages: u64, make| {
        let text = if messages == 0 { samples::small_call() } else { samples::check(messages) };
        Case { name, ops: 1, bytes: text.len(), make }
    };
    vec![
        Case { name: "rpc/entries", ops: MESSAGES, bytes: 0, make: entries },
        Case { name: "rpc/check", ops: MESSAGES, bytes: 0, make: check },
        case("rpc/read_small", 0, || read(samples::small_call())),
        case("rpc/read_100", 100, || read(samples::check(100))),
        case("rpc/small", 0, || answered(&samples::small_call())),
        case("rpc/check_1", 1, || answered(&samples::check(1))),
        case("rpc/check_10", 10, || answered(&samples::check(10))),
        case("rpc/check_100", 100, || answered(&samples::check(100))),
    ]
}

/// Entries to messages, borrowed.
fn entries() -> Run {
    again(samples::entries(MESSAGES), |entries| {
        for access in Accesses::new(black_box(entries)) {
            black_box(access.expect("well-formed"));
        }
    })
}

/// Messages against a small index.
fn check() -> Run {
    let check = CheckAccessList {
        inbox_entries: samples::entries(MESSAGES),
        min_safety: SafetyLevel::CrossUnsafe,
        executing_descriptor: ExecutingDescriptor {
            timestamp: samples::head().timestamp + 10,
            timeout: 300,
            chain_id: None,
        },
    };
    again((samples::index(), Call::CheckAccessList(Box::new(check))), |(index, call)| {
        assert!(black_box(index).answer(call).is_some_and(|answer| answer.is_ok()));
    })
}

/// A text to a call.
fn read(text: String) -> Run {
    let limits = TextLimits { max_text: 1_000_000, max_depth: 32, max_batch: 1_000 };
    again(text, move |text| {
        black_box(Document::read(black_box(text).as_bytes(), &limits, SERVED));
    })
}

/// A text to the reply.
fn answered(text: &str) -> Run {
    let mut call = samples::answered(text);
    Run::Again(Box::new(move || {
        black_box(call());
    }))
}
