//! Which rules two honest sides have to do with, and what shows it; and why not with the others.

use std::collections::BTreeSet;

use nodewire::state::leios::rules;

use crate::report::Report;

/// A rule and what showed it at work.
static REACHED: &[(&str, &str)] = &[
    ("leios/L-1", "the first request has number 0"),
    ("leios/L-2", "a later request is for notifications"),
    ("leios/L-2", "a later request is for deliverables"),
    ("leios/L-3", "a request waits for bytes"),
    ("leios/L-4", "a request waits for requests"),
    ("leios/L-5", "notification bytes as few as may be"),
    ("leios/L-13", "a part of the transactions is requested alone"),
    ("leios/L-14", "a request waits for transactions"),
    ("leios/L-16", "a reply closes one request"),
    ("leios/L-17", "a copy of a reply would be a fault"),
    ("leios/L-18", "a reply closes one request"),
    ("leios/L-18", "a message completes a notification request"),
    ("leios/L-19", "a reply closes one request"),
    ("leios/L-21", "a reply overtakes an older request's"),
    ("leios/L-22", "of two ready replies the younger slot's goes first"),
    ("leios/L-24", "the server ends and requests fail"),
    ("leios/L-25", "a message leaves a notification request open"),
    ("leios/L-27", "news waits for credit"),
    ("leios/L-28", "a later notification request is used"),
    ("leios/L-29", "a message completes a notification request"),
    ("leios/L-29", "a message leaves a notification request open"),
    ("leios/L-30", "a notification spills into the next request"),
    ("leios/L-31", "a notification spills into the next request"),
    ("leios/L-32", "a notification spills into the next request"),
    ("leios/L-33", "a third announcement is left out"),
    ("leios/L-33", "a third announcement would be a fault"),
    ("leios/L-34", "a repeated announcement is left out"),
    ("leios/L-34", "a repeated announcement would be a fault"),
    ("leios/L-35", "an announcement is judged"),
    ("leios/L-38", "old news is dropped"),
    ("leios/L-39", "a block is offered"),
    ("leios/L-39", "transactions are offered"),
    ("leios/L-40", "a vote is offered"),
    ("leios/L-43", "a later announcement goes before an offer"),
    ("leios/L-44", "news makes room for more"),
    ("leios/L-45", "old news is dropped"),
    ("leios/L-46", "a reply closes one request"),
    ("leios/L-46", "a copy of a reply would be a fault"),
    ("leios/L-47", "a block comes"),
    ("leios/L-47", "transactions come"),
    ("leios/L-47", "a vote comes"),
    ("leios/L-49", "a block comes"),
    ("leios/L-50", "transactions come"),
    ("leios/L-51", "transactions come"),
    ("leios/L-52", "something is left out as it overlaps"),
    ("leios/L-53", "a reply is empty"),
    ("leios/L-54", "a vote comes"),
    ("leios/L-55", "a second announcement is told as evidence"),
    ("leios/L-56", "time passes over a notification request"),
    ("leios/L-62", "a reply waits for others to leave"),
    ("leios/S-5", "a request waits for bytes"),
    ("leios/S-8", "a part of the transactions is requested alone"),
    ("leios/S-8", "a reply waits for others to leave"),
    ("leios/S-10", "something is left out as it overlaps"),
    ("leios/S-11", "an announcement is ignored and nobody ends"),
    ("leios/S-12", "a reply closes one request"),
    ("leios/S-13", "of two ready replies of a slot the lower number goes first"),
];

/// Why no exploration shows the others: other tests do.
static BEYOND: &[(&str, &[&str])] = &[
    (
        "shows only when a side breaks it",
        &[
            "leios/L-6",
            "leios/L-7",
            "leios/L-8",
            "leios/L-9",
            "leios/L-10",
            "leios/L-20",
            "leios/L-26",
            "leios/L-36",
            "leios/L-41",
            "leios/L-42",
            "leios/L-48",
            "leios/S-14",
            "leios/5.4",
            "leios/9.1",
        ],
    ),
    ("takes more than a small world has", &["leios/L-11", "leios/L-12", "leios/L-23", "leios/9.5"]),
    (
        "takes a clock, and one side that is silent",
        &["leios/L-37", "leios/L-57", "leios/L-58", "leios/L-59", "leios/S-3", "leios/5.1"],
    ),
    ("shows only when a neighbour breaks it", &["leios/11.1", "leios/11.2"]),
    (
        "is the link's or the codec's: no bytes here",
        &[
            "leios/L-60",
            "leios/L-61",
            "leios/S-1",
            "leios/S-2",
            "leios/S-4",
            "leios/S-9",
            "leios/S-15",
            "leios/S-16",
            "leios/L-63",
            "leios/10.1",
        ],
    ),
    (
        "is the application's or the decision logic's",
        &["leios/L-15", "leios/S-6", "leios/S-7", "leios/S-17"],
    ),
];

/// Each rule was seen at work or is known not to be; what was seen is printed.
pub fn check(report: &Report) {
    for (rule, event) in REACHED {
        assert!(report.events.contains(event), "{rule}: nobody saw that {event}");
        println!("{rule}: {event}");
    }
    for event in &report.events {
        assert!(REACHED.iter().any(|(_, known)| known == event), "no rule: {event}");
    }
    let reached: BTreeSet<&str> = REACHED.iter().map(|(rule, _)| *rule).collect();
    let beyond: Vec<&str> = BEYOND.iter().flat_map(|(_, rules)| *rules).copied().collect();
    let mut missing = Vec::new();
    for rule in rules::all() {
        let id = rule.id();
        let lists = usize::from(reached.contains(id))
            + beyond.iter().filter(|beyond| **beyond == id).count();
        if lists != 1 {
            missing.push((id, rule.reason(), lists));
        }
    }
    assert!(missing.is_empty(), "in no list or in both: {missing:?}");
    for id in reached.iter().chain(&beyond) {
        assert!(rules::all().any(|rule| rule.id() == *id), "{id} is no rule");
    }
    for (why, rules) in BEYOND {
        println!("not reached, {why}: {}", rules.join(" "));
    }
}
