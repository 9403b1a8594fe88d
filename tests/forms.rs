//! Actions, endings, faults, refusals and transport events have one form as data each.
#![cfg(feature = "sim")]

use nodewire::bytes::Bytes;
use nodewire::link::Transport;
use nodewire::{Action, AskId, Ending, Fault, Input, Refused, Rule, Severity};
use serde::Serialize;
use serde_json::{Value, json};

static RULE: Rule = Rule::new("toy/T-1", "Late", "Be good.", "a toy", Severity::Faulty);

fn form(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn each_action_is_named_by_its_kind() {
    type Act = Action<u8, char, bool>;
    assert_eq!(form(&Act::Send(7)), json!({ "send": 7 }));
    assert_eq!(form(&Act::Notify('n')), json!({ "notify": "n" }));
    let ask = Act::Ask(AskId::from_u64(3), true);
    assert_eq!(form(&ask), json!({ "ask": { "id": 3, "query": true } }));
    assert_eq!(form(&Act::Close(Ending::Done)), json!({ "close": "done" }));
    let fault = Act::Close(Ending::Fault(Fault::overrun("room")));
    assert_eq!(form(&fault)["close"]["fault"]["kind"], "Overrun");
}

#[test]
fn each_fault_has_its_own_fields_and_its_text() {
    let rule = |kind: &str| json!({ "kind": kind, "rule": "toy/T-1", "reason": "Late" });
    for (fault, mut wanted, own) in [
        (Fault::violation(&RULE, "Idle"), rule("Violation"), json!({ "phase": "Idle" })),
        (
            Fault::malformed(&RULE, "TooDeep", 7, "a word"),
            rule("Malformed"),
            json!({ "malformed": "TooDeep", "offset": 7, "inside": "a word" }),
        ),
        (Fault::overrun("room"), json!({ "kind": "Overrun" }), json!({ "limit": "room" })),
        (Fault::congested("room"), json!({ "kind": "Congested" }), json!({ "limit": "room" })),
        (Fault::timeout(&RULE, "a word"), rule("Timeout"), json!({ "awaited": "a word" })),
        (Fault::truncated("a word"), json!({ "kind": "Truncated" }), json!({ "inside": "a word" })),
        (Fault::unable(&RULE, "a word"), rule("Unable"), json!({ "duty": "a word" })),
    ] {
        let fields = wanted.as_object_mut().unwrap();
        fields.extend(own.as_object().unwrap().clone());
        fields.insert("text".into(), fault.to_string().into());
        assert_eq!(form(&fault), wanted);
        assert_eq!(form(&Ending::Fault(fault)), json!({ "fault": wanted }));
    }
    assert_eq!(form(&RULE), json!({ "rule": "toy/T-1", "reason": "Late" }));
}

#[test]
fn each_refusal_has_its_own_field_and_its_text() {
    for (refused, mut wanted) in [
        (Refused::wrong_phase("Idle"), json!({ "kind": "WrongPhase", "phase": "Idle" })),
        (Refused::busy("room"), json!({ "kind": "Busy", "limit": "room" })),
        (Refused::invalid("too much"), json!({ "kind": "Invalid", "why": "too much" })),
        (Refused::UnknownAsk, json!({ "kind": "UnknownAsk" })),
        (Refused::Ended, json!({ "kind": "Ended" })),
    ] {
        wanted["text"] = refused.to_string().into();
        assert_eq!(form(&refused), wanted);
    }
}

#[test]
fn an_input_is_of_one_kind() {
    type In = Input<u8, bool>;
    let wrong = |text: &str| serde_json::from_str::<In>(text).unwrap_err().to_string();
    assert!(wrong("7").contains("expected one of `local`, `remote` and `timeout`"));
    assert!(wrong("{}").contains("is needed"));
    assert!(wrong(r#"{"timeout":false}"#).contains("`true` or absent"));
    assert!(wrong(r#"{"local":1,"remote":true}"#).contains("only one of"));
    assert!(wrong(r#"{"sleep":1}"#).contains("unknown variant `sleep`"));
    assert_eq!(serde_json::from_str::<In>(r#"{"remote":true}"#).unwrap(), In::Remote(true));
}

#[test]
fn transport_events_are_hex_and_numbers() {
    for (event, data) in [
        (Transport::Received(Bytes::from_static(b"\x00\xab")), json!({ "received": "00ab" })),
        (Transport::Writable(7), json!({ "writable": 7 })),
        (Transport::Writable(Transport::UNCOUNTED), json!({ "writable": null })),
        (Transport::Closed, json!("closed")),
    ] {
        assert_eq!(form(&event), data);
        assert_eq!(serde_json::from_value::<Transport>(data).unwrap(), event);
    }
    for wrong in [
        json!({ "received": "0" }),
        json!({ "received": "0g" }),
        json!({ "received": 7 }),
        json!({ "writable": -1 }),
        json!("open"),
    ] {
        assert!(serde_json::from_value::<Transport>(wrong.clone()).is_err(), "{wrong}");
    }
}
