//! Scenarios over a wire: our own server and client keep every rule that can be seen there, and a
//! peer that breaks one is named by it.

mod check_peers;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::Duration;

use check_peers::{Breach, MAGIC, SLOT, client, server};
use nodewire::codec::leios::{
    KeepAliveMessage, MsgReplyPayload, MsgRequestPayload, NonEmpty, ReplyMessage, RequestMessage,
    RequestNo,
};
use nodewire::sim::Change;
use nodewire::sim::scenario::Scenario;
use nodewire::state::leios::{ConnectionMessage, Limits, PairMessage};
use nodewire_adapter::check::leios::{Options, Way, check, scenarios};
use nodewire_adapter::check::{Report, Verdict};

fn options() -> Options {
    let mut options = Options::new(MAGIC, SLOT);
    options.patience = Duration::from_millis(1_000);
    options.quiet = Duration::from_millis(60);
    options
}

fn only(rules: &[&str]) -> Vec<Scenario> {
    let mut chosen = scenarios();
    chosen.retain(|scenario| scenario.rules.iter().any(|rule| rules.contains(&rule.as_str())));
    assert!(!chosen.is_empty());
    chosen
}

fn check_server(breach: Breach, scenarios: &[Scenario]) -> Report {
    let peer = server(breach);
    check(&Way::Connect(peer.address), scenarios, &options(), |_, _| {}).unwrap()
}

fn check_client(breach: Breach, scenarios: &[Scenario]) -> Report {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _peer = client(listener.local_addr().unwrap(), breach);
    check(&Way::Listen(listener), scenarios, &options(), |_, _| {}).unwrap()
}

fn broken_rules(report: &Report) -> BTreeSet<&'static str> {
    let failed = report.rules().into_iter().filter(|(_, verdict)| *verdict == Verdict::Fail);
    failed.map(|(rule, _)| rule).collect()
}

fn names(report: &Report) -> Vec<&str> {
    report.failures().into_iter().collect()
}

#[test]
fn our_server_passes() {
    let report = check_server(Breach::default(), &scenarios());
    assert_eq!(names(&report), [""; 0], "{}", report.table());
    assert!(report.count(Verdict::Pass) >= 50, "{}", report.table());
}

#[test]
fn our_client_passes() {
    let report = check_client(Breach::default(), &scenarios());
    assert_eq!(names(&report), [""; 0], "{}", report.table());
    assert!(report.count(Verdict::Pass) >= 50, "{}", report.table());
}

/// A rule that is not acted upon is the rule that fails.
#[test]
fn a_server_deaf_to_a_rule_is_named_by_it() {
    for rule in ["leios/L-1", "leios/L-5", "leios/L-8", "leios/L-9", "leios/L-20", "leios/5.4"] {
        let deaf = Vec::from([rule]).leak();
        let report = check_server(Breach { deaf, ..Breach::default() }, &only(&[rule]));
        assert!(broken_rules(&report).contains(rule), "{rule}: {}", report.table());
    }
}

#[test]
fn a_client_deaf_to_a_rule_is_named_by_it() {
    let rules = [
        "leios/L-17",
        "leios/L-18",
        "leios/L-26",
        "leios/L-29",
        "leios/L-33",
        "leios/L-34",
        "leios/L-36",
        "leios/L-37",
        "leios/L-39",
        "leios/L-40",
        "leios/L-47",
        "leios/L-48",
        "leios/L-49",
        "leios/L-51",
    ];
    for rule in rules {
        let deaf = Vec::from([rule]).leak();
        let report = check_client(Breach { deaf, ..Breach::default() }, &only(&[rule]));
        assert!(broken_rules(&report).contains(rule), "{rule}: {}", report.table());
    }
}

#[test]
fn a_server_that_takes_any_number_breaks_only_the_rules_of_numbers() {
    let report = check_server(Breach { renumbers: true, ..Breach::default() }, &scenarios());
    assert_eq!(
        names(&report),
        ["l01-first-request-no", "l02-request-no-repeated", "l02-request-no-skipped"],
        "{}",
        report.table()
    );
    assert_eq!(broken_rules(&report), BTreeSet::from(["leios/L-1", "leios/L-2"]));
}

#[test]
fn a_server_with_other_limits_is_named_by_them() {
    let mut limits = Limits::default();
    limits.max_notification_size = 1_900;
    let report = check_server(Breach { limits, ..Breach::default() }, &only(&["leios/L-5"]));
    assert_eq!(names(&report), ["l05-notification-request-too-small"]);

    let mut limits = Limits::default();
    limits.max_outstanding_requests = 2_000;
    let report = check_server(Breach { limits, ..Breach::default() }, &only(&["leios/L-4"]));
    assert_eq!(names(&report), ["l04-many-requests"]);

    let mut limits = Limits::default();
    limits.max_outstanding_request_bytes = 20_000;
    let report = check_server(Breach { limits, ..Breach::default() }, &only(&["leios/L-3"]));
    assert_eq!(names(&report), ["l03-at-the-line", "l03-many-requests"]);
}

#[test]
fn a_server_that_hides_what_it_lacks_is_named_by_it() {
    let breach = Breach { lacks_silently: true, ..Breach::default() };
    let report = check_server(breach, &only(&["leios/L-20"]));
    let expected = ["l10-not-offered", "l11-largest-request", "l20-block-not-available"];
    assert_eq!(names(&report), expected);
}

#[test]
fn a_client_with_other_limits_is_named_by_them() {
    let mut limits = Limits::default();
    limits.receive_age = Duration::from_secs(100_000);
    let report = check_client(Breach { limits, ..Breach::default() }, &only(&["leios/L-37"]));
    assert_eq!(names(&report), ["l37-too-old"]);

    let mut limits = Limits::default();
    limits.max_notification_size = 4_000;
    let report = check_client(Breach { limits, ..Breach::default() }, &only(&["leios/L-26"]));
    assert_eq!(names(&report), ["l26-notification-too-large"]);
}

fn replies(message: ConnectionMessage, change: fn(&mut MsgReplyPayload)) -> ConnectionMessage {
    match message {
        ConnectionMessage::Server(ReplyMessage::MsgLeiosReply(mut payload)) => {
            change(&mut payload);
            ConnectionMessage::Server(ReplyMessage::MsgLeiosReply(payload))
        }
        other => other,
    }
}

fn twisted(change: Change<ConnectionMessage>) -> Breach {
    Breach { change: Some(change), ..Breach::default() }
}

#[test]
fn a_server_that_sets_flags_wrongly_is_named_by_it() {
    let flip = Change::new("flag", |message, _| {
        replies(message, |payload| {
            if let MsgReplyPayload::LeiosNotifications(_, flag, _) = payload {
                *flag = !*flag;
            }
        })
    });
    let report = check_server(twisted(flip), &scenarios());
    assert_eq!(names(&report), ["l29-no-flag-before-the-end"], "{}", report.table());
    assert_eq!(broken_rules(&report), BTreeSet::from(["leios/L-29"]));
}

#[test]
fn a_server_that_offers_before_it_announces_is_named_by_it() {
    let turn = Change::new("backwards", |message, _| {
        replies(message, |payload| {
            if let MsgReplyPayload::LeiosNotifications(_, _, news) = payload {
                let mut turned = news.clone().into_vec();
                turned.reverse();
                *news = NonEmpty::from_vec(turned).unwrap();
            }
        })
    });
    let report = check_server(twisted(turn), &only(&["leios/L-39"]));
    assert_eq!(names(&report), ["l39-announcement-comes-first"]);
}

#[test]
fn a_server_that_answers_under_other_numbers_is_named_by_it() {
    let shift = Change::new("number", |message, _| {
        replies(message, |payload| {
            if let MsgReplyPayload::LeiosDeliveries(no, _) = payload {
                *no = RequestNo(no.0 + 1);
            }
        })
    });
    let report = check_server(twisted(shift), &only(&["leios/L-17"]));
    assert_eq!(names(&report), ["l41-block-offer-is-kept"]);
}

#[test]
fn a_server_with_other_cookies_is_named_by_it() {
    let shift = Change::new("cookie", |message, _| match message {
        ConnectionMessage::KeepAliveServer(KeepAliveMessage::MsgKeepAliveResponse(cookie)) => {
            ConnectionMessage::KeepAliveServer(KeepAliveMessage::MsgKeepAliveResponse(cookie ^ 1))
        }
        other => other,
    });
    let report = check_server(twisted(shift), &only(&["leios/11.2"]));
    assert!(report.failures().contains("k112-pong"), "{}", report.table());
}

#[test]
fn a_client_that_counts_from_one_is_named_by_it() {
    let shift = Change::new("number", |message, _| match message {
        ConnectionMessage::Client(PairMessage::Request(RequestMessage::MsgLeiosRequest(
            MsgRequestPayload::LeiosNotificationBytes(no, bytes),
        ))) => ConnectionMessage::Client(PairMessage::Request(RequestMessage::MsgLeiosRequest(
            MsgRequestPayload::LeiosNotificationBytes(RequestNo(no.0 + 1), bytes),
        ))),
        other => other,
    });
    let report = check_client(twisted(shift), &only(&["leios/L-1"]));
    assert_eq!(names(&report), ["l01-client-begins-at-zero"]);
}

#[test]
fn nobody_at_the_other_end_is_an_error() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(check(&Way::Connect(free), &scenarios(), &options(), |_, _| {}).is_err());
}

#[test]
fn reports_are_read_by_programs() {
    let report =
        check_server(Breach { renumbers: true, ..Breach::default() }, &only(&["leios/L-1"]));
    let json = report.json();
    assert_eq!(json["check"], 1);
    let rules = json["rules"].as_array().unwrap();
    assert!(rules.iter().any(|rule| rule["rule"] == "leios/L-1" && rule["verdict"] == "fail"));
    let junit = report.junit();
    assert!(junit.starts_with("<?xml") && junit.ends_with("</testsuite>\n"));
    assert!(junit.contains("<failure message=\"") && junit.contains("<skipped message=\""));
    assert!(report.table().contains("FAIL l01-first-request-no"));
}
