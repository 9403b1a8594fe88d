//! Every message of every sub-protocol, byte for byte.

use std::collections::BTreeSet;

use nodewire::bytes::Bytes;
use nodewire::codec::Source;
use nodewire::codec::chia::{Function, Message};
use serde_json::{Value, json};

use crate::data::{fields, hex_of};
use crate::shared_vectors::shared;

/// The body of a frame, whose length it begins with.
fn body(frame: &[u8]) -> &[u8] {
    let (length, body) = frame.split_first_chunk().unwrap();
    assert_eq!(u32::from_be_bytes(*length) as usize, body.len());
    body
}

/// The message as the library writes it as data.
fn as_data(vector: &Value) -> Value {
    let mut members = fields(&vector["fields"]);
    // A transaction had no fields.
    if members.get("transaction") == Some(&json!({})) {
        members["transaction"] = json!("");
    }
    json!({ vector["f"].as_str().unwrap(): members })
}

fn round_trip(name: &str, frame: &[u8]) -> Message {
    let body = body(frame);
    let message = Message::decode(body, Source::COPY).unwrap_or_else(|why| panic!("{name}: {why}"));
    let mut encoded = Vec::new();
    message.encode(&mut encoded);
    assert_eq!(encoded, body, "{name}");
    assert_eq!(message.wire_len(), body.len(), "{name}");
    let read = Bytes::copy_from_slice(body);
    assert_eq!(Message::decode(&read, Source::of(&read)).as_ref(), Ok(&message), "{name}");
    message
}

#[test]
fn every_message_is_read_and_written_as_the_original_did() {
    let test = "every_message_is_read_and_written_as_the_original_did";
    let Some(vectors) = shared(test, "chia", "messages.json") else { return };
    let mut functions = BTreeSet::new();
    for vector in vectors.as_array().unwrap() {
        let name = vector["f"].as_str().unwrap();
        let message = round_trip(name, &hex_of(&vector["frame"]));
        assert_eq!(message.function().name(), name);
        functions.insert(message.function());
        let from_data: Message = serde_json::from_value(as_data(vector)).unwrap();
        assert_eq!(from_data, message, "{name}");
        let again: Message =
            serde_json::from_value(serde_json::to_value(&message).unwrap()).unwrap();
        assert_eq!(again, message, "{name}");
    }
    assert_eq!(vectors.as_array().unwrap().len(), 113);
    assert_eq!(functions.len(), Function::ALL.len(), "every function has a vector");
}

#[test]
fn the_frames_of_all_flows_are_the_original_s() {
    let test = "the_frames_of_all_flows_are_the_original_s";
    let Some(vectors) = shared(test, "chia", "flows.json") else { return };
    let mut frames = 0;
    let sync = vectors["sync"].as_object().unwrap().values();
    for flow in sync.chain([&vectors["farming"]]) {
        for entry in flow.as_array().unwrap() {
            let name = entry["f"].as_str().unwrap();
            let message = round_trip(name, &hex_of(&entry["frame"]));
            assert_eq!(message.function().name(), name);
            frames += 1;
        }
    }
    assert_eq!(frames, 179);
}

#[test]
fn names_are_the_functions_and_nothing_else_is() {
    for function in Function::ALL {
        assert_eq!(Function::named(function.name()), Some(*function));
        assert_eq!(Function::named(&function.name().to_uppercase()), None);
        assert_eq!(Function::named(&function.name()[1..]), None);
    }
    assert_eq!(Function::ALL.len(), 49);
    assert_eq!(Function::named(""), None);
}
