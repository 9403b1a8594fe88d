//! What the limits mean: how much each of them lets a machine hold, and which rule malformed
//! bytes break.
#![cfg(all(feature = "leios", feature = "sim"))]

use std::fs;
use std::path::Path;
use std::time::Duration;

use nodewire::Time;
use nodewire::codec::MalformedKind;
use nodewire::codec::leios::SlotNo;
use nodewire::state::leios::{Client, Limits, Server, SlotClock, rules};
use serde_json::Value;

/// The limits with the field of this name changed.
fn with(name: &str, change: impl FnOnce(u64) -> u64) -> Limits {
    let mut limits = serde_json::to_value(Limits::default()).unwrap();
    let field = &mut limits[name];
    *field = match field.take() {
        Value::String(number) => change(number.parse().unwrap()).to_string().into(),
        number => change(number.as_u64().unwrap()).into(),
    };
    serde_json::from_value(limits).unwrap()
}

fn mosts(limits: &Limits) -> [usize; 2] {
    [<Client>::most_footprint(limits), <Server>::most_footprint(limits)]
}

/// How many bytes more or fewer a client and a server may hold when a limit falls by half.
fn costs() -> String {
    let [client, server] = mosts(&Limits::default());
    let mut text = format!("limit client server\ndefault {client} {server}\n");
    let Value::Object(fields) = serde_json::to_value(Limits::default()).unwrap() else { panic!() };
    let numbers = fields.iter().filter(|(_, value)| value.is_number() || value.is_string());
    for (name, _) in numbers {
        let [less_client, less_server] = mosts(&with(name, |number| number / 2));
        let saved = [client.abs_diff(less_client), server.abs_diff(less_server)];
        assert!(
            less_client <= client && less_server <= server,
            "{name} costs more when it is less"
        );
        if saved != [0, 0] {
            text += &format!("{name} -{} -{}\n", saved[0], saved[1]);
        }
    }
    text
}

#[test]
#[cfg(target_pointer_width = "64")]
fn what_half_of_each_limit_saves() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/limits_cost.txt");
    if std::env::var("NODEWIRE_BLESS").is_ok_and(|bless| bless == "1") {
        return fs::write(&file, costs()).unwrap();
    }
    let known = fs::read_to_string(&file).unwrap();
    assert_eq!(costs(), known, "NODEWIRE_BLESS=1 cargo test writes it anew");
}

#[test]
fn reply_ingress_is_the_formula_or_what_a_lone_request_brings() {
    // `leios.md` 10.4: what is in flight, 65,535 of credit, overhead, and a tenth of all that.
    assert_eq!(Limits::default().client_reply_ingress(), 5_131_071 + 513_107);
    let ingress = |max_in_flight, max_notification_credit, max_reply_message| {
        let mut limits = Limits::default();
        limits.max_in_flight = max_in_flight;
        limits.max_notification_credit = max_notification_credit;
        limits.max_reply_message = max_reply_message;
        limits.client_reply_ingress()
    };
    // A lone reply larger than all that may be in flight, and the credit twice.
    assert_eq!(ingress(100_000, 131_072, 2_500_000), 2_500_000 + 262_144 + 65_536);
    // Credit beyond that of the reference.
    assert_eq!(ingress(5_000_000, 1_000_000, 2_500_000), 5_000_000 + 2_000_000 + 65_536);
    assert_eq!(ingress(0, 0, 0), 131_071 + 13_107);
    assert_eq!(ingress(usize::MAX, 0, 0), usize::MAX);
}

#[test]
fn malformed_bytes_break_the_rule_that_names_them() {
    use MalformedKind::*;
    for (kind, rule) in [
        (ZeroBitmap, &rules::EMPTY_REQUEST),
        (EmptyBitmapMap, &rules::EMPTY_REQUEST),
        (WindowsNotAscending, &rules::WINDOWS_NOT_ASCENDING),
        (BitmapCountMismatch, &rules::BITMAP_COUNT_MISMATCH),
        (DuplicateTxReference, &rules::DUPLICATE_TX_REFERENCE),
        (BadSignatureLength, &rules::VOTE_MISMATCH),
        (InvalidHeader, &rules::INVALID_HEADER),
        (ZeroLengthSegment, &rules::ZERO_LENGTH_SEGMENT),
    ] {
        assert_eq!(rules::of_malformed(kind), rule, "{kind:?}");
    }
    for kind in [TrailingBytes, NotWellFormed, TooDeep, UnknownMessage, BadArity, EmptyList] {
        assert_eq!(rules::of_malformed(kind), &rules::GRAMMAR, "{kind:?}");
    }
}

#[test]
fn a_slot_has_begun_from_its_first_microsecond_on() {
    let clock = |length| SlotClock { slot: SlotNo(7), at: Time::from_micros(50), length };
    let ten = clock(Duration::from_micros(10));
    let begun =
        |clock: &SlotClock, micros| clock.begun(Time::from_micros(micros)).map(|slot| slot.0);
    assert_eq!([49, 50, 59, 60].map(|at| begun(&ten, at)), [Some(6), Some(7), Some(7), Some(8)]);
    let early = SlotClock { slot: SlotNo(0), ..ten };
    assert_eq!([49, 50].map(|at| begun(&early, at)), [None, Some(0)]);
    // Slots of no length: before the first none has begun, from then on all have.
    let none = clock(Duration::ZERO);
    assert_eq!([49, 50, 51].map(|at| begun(&none, at)), [None, Some(u64::MAX), Some(u64::MAX)]);
}
