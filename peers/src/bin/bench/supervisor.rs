//! The Supervisor's RPC beside jsonrpsee with the types of kona: text in to text out.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use alloy_primitives::B256;
use jsonrpsee::RpcModule;
use jsonrpsee::types::ErrorObjectOwned;
use kona_interop::{ExecutingDescriptor, SafetyLevel};
use kona_supervisor_types::parse_access_list;
use nodewire::codec::supervisor::{Access, Accesses};
use nodewire_peers::rpc_samples::{self as samples, MESSAGES, log};
use nodewire_peers::supervisor_samples as logs;
use serde_json::json;

use crate::Row;

const JSONRPSEE: &str = "jsonrpsee and kona";
const KONA: &str = "kona-supervisor-types";

pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |what, against, reach, ours, theirs| {
        rows.push(Row { what, against, reach: Some(reach), ours, theirs });
    };
    let text = samples::small_call();
    row("small call, text to text", JSONRPSEE, 0.5, our_call(&text), their_call(&text));
    for (what, messages, reach) in [
        ("access list of 1, text to text", 1, 0.55),
        ("access list of 10, text to text", 10, 0.25),
        ("access list of 100, text to text", 100, 0.16),
    ] {
        let text = samples::check(messages);
        row(what, JSONRPSEE, reach, our_call(&text), their_call(&text));
    }
    let (ours, theirs) = (our_parse(MESSAGES), their_parse(MESSAGES));
    row("access list of 100, entries to messages", KONA, 1.0, ours, theirs);
    rows
}

fn our_call(text: &str) -> Box<dyn FnMut()> {
    let mut call = samples::answered(text);
    Box::new(move || {
        black_box(call());
    })
}

/// What their methods answer from: the hashes of the logs, in the order of the messages.
struct Known {
    log_hashes: Vec<B256>,
    head: serde_json::Value,
}

fn their_call(text: &str) -> Box<dyn FnMut()> {
    let log_hash = |at| {
        let (number, position) = log(at);
        B256::from(logs::log_hash(0, number, position).0)
    };
    let head = json!(samples::head().id());
    let known = Known { log_hashes: (0..MESSAGES).map(log_hash).collect(), head };
    let mut module = RpcModule::new(known);
    module
        .register_method("supervisor_localUnsafe", |params, known, _| {
            let (_chain,): (String,) = params.parse()?;
            Ok::<_, ErrorObjectOwned>(known.head.clone())
        })
        .expect("a new name");
    module
        .register_method("supervisor_checkAccessList", |params, known, _| {
            let (entries, _level, descriptor): (Vec<B256>, SafetyLevel, ExecutingDescriptor) =
                params.parse()?;
            let refused = |error: kona_supervisor_types::AccessListError| {
                ErrorObjectOwned::owned(-320_600, error.to_string(), None::<()>)
            };
            let until = descriptor.timestamp + descriptor.timeout.unwrap_or_default();
            for (access, log_hash) in
                parse_access_list(entries).map_err(refused)?.iter().zip(&known.log_hashes)
            {
                access
                    .validate_message_lifetime(descriptor.timestamp, until, 604_800)
                    .map_err(refused)?;
                access.verify_checksum(log_hash).map_err(refused)?;
            }
            Ok::<_, ErrorObjectOwned>(())
        })
        .expect("a new name");
    let text = text.to_owned();
    let call = move || {
        // Ready when it is first looked at: no runtime is measured.
        let mut request = pin!(module.raw_json_request(&text, 1));
        match request.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(reply) => reply.expect("a reply").0,
            Poll::Pending => panic!("answered at once"),
        }
    };
    assert!(call().get().contains("\"result\":"), "{}", call());
    Box::new(move || {
        black_box(call());
    })
}

fn our_parse(messages: u64) -> Box<dyn FnMut()> {
    let entries = samples::entries(messages);
    Box::new(move || {
        for access in Accesses::new(black_box(&entries)) {
            black_box::<Access>(access.expect("well-formed"));
        }
    })
}

fn their_parse(messages: u64) -> Box<dyn FnMut()> {
    let entries: Vec<_> =
        samples::entries(messages).iter().map(|entry| B256::from(entry.0)).collect();
    Box::new(move || {
        black_box(parse_access_list(black_box(&entries).clone()).expect("well-formed"));
    })
}
