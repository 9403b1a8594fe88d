//! Every scenario in `tests/scenarios` holds for our machines, and can fail.

#![cfg(all(feature = "sim", feature = "leios", feature = "supervisor", feature = "chia"))]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use nodewire::sim::scenario::leios::FIRST_SLOT;
use nodewire::sim::scenario::{Outcome, Scenario, Step, run, under_test};
use nodewire::state::{chia, leios, supervisor};
use nodewire::{Rule, Severity};

fn rules() -> impl Iterator<Item = &'static Rule> {
    leios::rules::all().chain(supervisor::rules::all()).chain(chia::rules::all())
}

fn scenarios() -> Vec<(PathBuf, Scenario)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let of = |family| fs::read_dir(folder.join(family)).unwrap();
    let families = ["leios", "supervisor", "chia"];
    let mut files: Vec<_> =
        families.into_iter().flat_map(of).map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == "json"));
    files.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let scenario = text.parse().unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        (path, scenario)
    };
    files.into_iter().map(read).collect()
}

#[test]
fn our_machines_keep_to_every_scenario() {
    let scenarios = scenarios();
    let mut wrong = Vec::new();
    for (_, scenario) in &scenarios {
        let outcome = run(scenario);
        if outcome != Outcome::Passed {
            wrong.push(format!("{}: {outcome}", scenario.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), scenarios.len(), wrong.join("\n"));
    println!("{} scenarios", scenarios.len());
}

/// Left out what it is about, a scenario doesn't hold any more: a fault needs the step before it,
/// and right behaviour needs a cause. Where calls are all there is, some call is replied to in
/// another way than one beside it.
#[test]
fn every_scenario_can_fail() {
    let mut blunt = Vec::new();
    for (_, scenario) in scenarios() {
        let acts: Vec<_> =
            (0..scenario.steps.len()).filter(|at| scenario.steps[*at].acts()).collect();
        let holds_without = |at: usize| {
            let mut less = scenario.clone();
            less.steps.remove(at);
            run(&less) == Outcome::Passed
        };
        let fault = scenario.wants_fault();
        let sharp = match acts.last() {
            None => has_contrast(&scenario),
            Some(last) if fault => !holds_without(*last),
            Some(_) => !acts.iter().all(|at| holds_without(*at)),
        };
        if !sharp {
            blunt.push(scenario.name.clone());
        }
    }
    assert!(blunt.is_empty(), "these hold without their cause: {blunt:?}");
}

/// One call sent instead of another, and the scenario doesn't hold.
fn has_contrast(scenario: &Scenario) -> bool {
    let calls = scenario.steps.iter().enumerate().filter_map(|(at, step)| match step {
        Step::Call(call) => Some((at, call)),
        _ => None,
    });
    let calls: Vec<_> = calls.collect();
    calls.iter().any(|(at, call)| {
        calls.iter().filter(|(other, _)| other != at).any(|(_, other)| {
            let mut changed = scenario.clone();
            let mut sent = (*other).clone();
            (sent.gives, sent.or) = (call.gives.clone(), call.or.clone());
            changed.steps[*at] = Step::Call(sent);
            matches!(run(&changed), Outcome::Failed { .. })
        })
    })
}

#[test]
fn a_scenario_is_written_as_it_was_read() {
    for (path, scenario) in scenarios() {
        let text = fs::read_to_string(&path).unwrap();
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_value(&scenario).unwrap(), read, "{}", path.display());
    }
}

#[test]
fn scenarios_are_named_and_cite_rules() {
    let ids: BTreeSet<_> = rules().map(|rule| rule.id()).collect();
    for (path, scenario) in scenarios() {
        let name = path.file_stem().unwrap().to_string_lossy();
        assert_eq!(scenario.name, name);
        assert!(scenario.about.ends_with('.') && scenario.about.len() > 20, "{name}: say more");
        assert!(!scenario.rules.is_empty() && !scenario.accept.is_empty(), "{name}");
        for rule in &scenario.rules {
            assert!(ids.contains(rule.as_str()), "{name}: no rule {rule}");
        }
        assert!(under_test().any(|(kind, _)| kind == scenario.under_test), "{name}");
        for verdict in &scenario.accept {
            let Some(rule) = verdict.pointer("/fault/rule").and_then(|rule| rule.as_str()) else {
                continue;
            };
            assert!(ids.contains(rule), "{name}: no rule {rule}");
            let reason = verdict.pointer("/fault/reason").and_then(|reason| reason.as_str());
            let known = rules().any(|known| known.id() == rule && reason == Some(known.reason()));
            assert!(known, "{name}: {rule} has no reason {reason:?}");
        }
    }
}

/// Every way to break a rule that ends a connection is broken by some scenario.
#[test]
fn every_reason_has_a_scenario() {
    let mut found = BTreeSet::new();
    for (_, scenario) in scenarios() {
        for verdict in &scenario.accept {
            let text = |at| verdict.pointer(at).and_then(|text| text.as_str()).map(str::to_owned);
            found.extend(text("/fault/rule").zip(text("/fault/reason")));
        }
    }
    let missing: Vec<_> = rules()
        .filter(|rule| rule.severity() != Severity::Benign)
        .filter(|rule| !found.contains(&(rule.id().to_owned(), rule.reason().to_owned())))
        .map(|rule| format!("{} {}", rule.id(), rule.reason()))
        .collect();
    let excepted = include_str!("scenarios/no_fault.txt");
    let excepted: Vec<_> =
        excepted.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let excepted: Vec<_> =
        excepted.iter().map(|line| line.split_once(": ").expect("`rule reason: why`").0).collect();
    assert_eq!(missing, excepted, "reasons without a scenario, and those excepted");
}

/// The form without names holds as well: what an implementer without our content sees.
#[test]
fn expanded_scenarios_hold_too() {
    let mut wrong = Vec::new();
    for (_, scenario) in scenarios() {
        let expanded = scenario.expand(FIRST_SLOT).unwrap();
        let expanded: Scenario = serde_json::to_string(&expanded).unwrap().parse().unwrap();
        // A server's content is gone with the names; the rest must hold.
        if matches!(scenario.under_test.as_str(), "server" | "mux-server" | "naive-server") {
            continue;
        }
        let outcome = run(&expanded);
        if outcome != Outcome::Passed {
            wrong.push(format!("{}: {outcome}", scenario.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_that_is_no_scenario_is_told_so() {
    let none = |text: &str| text.parse::<Scenario>().unwrap_err();
    assert!(none("{").contains("EOF"));
    let other = r#"{"scenario":2,"name":"a","about":"b","rules":[],"under_test":"client",
        "steps":[],"accept":[]}"#;
    assert!(none(other).contains("format 2"));
    assert!(none(&other.replace("about", "about_")).contains("about_"));
    let broken = |step: &str| {
        let text =
            other.replace(":2", ":1").replace(r#""steps":[]"#, &format!(r#""steps":[{step}]"#));
        run(&text.parse().unwrap())
    };
    let is_broken = |step: &str, why: &str| match broken(step) {
        Outcome::Broken { step: 0, why: found } => assert!(found.contains(why), "{found}"),
        other => panic!("{other}"),
    };
    is_broken(r#"{"peer":{"on":"LeiosReply","hex":"0g"}}"#, "hex");
    is_broken(r#"{"peer":{"on":"LeiosReply","message":"$nobody"}}"#, "nobody");
    is_broken(r#"{"peer":{"on":"LeiosReplay","hex":"00"}}"#, "LeiosReplay");
    is_broken(r#"{"local":"Stop"}"#, "Stop");
    is_broken(r#"{"peer":{"on":"KeepAlive","hex":"00"}}"#, "KeepAlive");
    // What would take for ever, or all memory.
    is_broken(
        r#"{"repeat":{"as":"i","from":0,"to":18446744073709551615,"steps":[]}}"#,
        "more than 100000 times",
    );
    is_broken(
        r#"{"peer":{"on":"LeiosReply","hex":{"repeat":"00","times":18446744073709551615}}}"#,
        "more than 16 MiB",
    );
}

/// A client that has started, and then what goes wrong: it is told with its step and its reason.
#[test]
fn what_does_not_hold_is_told_with_its_step_and_its_reason() {
    let play = |step: &str, accept: &str| {
        let text = format!(
            r#"{{"scenario":1,"name":"a","about":"b","rules":[],"under_test":"client",
            "steps":[{{"given":"Start"}},{{"await":{{"on":"LeiosReply","message":"$first"}}}}{step}],
            "accept":[{accept}]}}"#
        );
        run(&text.parse().unwrap()).to_string()
    };
    assert_eq!(play("", r#""running""#), "passed");
    assert_eq!(
        play(r#",{"same":["$first","MsgLeiosInit"]},{"eof":false}"#, r#""running""#),
        "passed"
    );
    let ended = play("", r#""done""#);
    assert!(ended.starts_with("failed at step 2: "), "{ended}");
    for (step, why) in [
        (r#"{"same":["$first","MsgLeiosDone"]}"#, r#"sent "MsgLeiosInit", not "MsgLeiosDone""#),
        (r#"{"local":"Start"}"#, "refused a command: "),
        (r#"{"refuse":{"local":"Finish","why":{"kind":"Busy"}}}"#, "took a command"),
        (r#"{"refuse":{"local":"Start","why":{"kind":"Busy"}}}"#, "refused, but with "),
        (r#"{"await":{"on":"LeiosRequest","message":"MsgLeiosDoneRequest"}}"#, "sent no "),
        (r#"{"expect":{"Announced":"$_"}}"#, "did not tell its application"),
        (r#"{"answer":{"query":{"Fetch":"$_"}}}"#, "did not ask its application"),
        (
            r#"{"await":{"on":"LeiosRequest","notification":{"LinearLeiosBlockOffer":"$_"}}}"#,
            "sent no notification",
        ),
    ] {
        let outcome = play(&format!(",{step}"), r#""running""#);
        assert!(outcome.starts_with("failed at step 2: "), "{step}: {outcome}");
        assert!(outcome.contains(why), "{step}: {outcome}");
    }
    let finish = r#",{"local":"Finish"}"#;
    let quiet = format!(r#"{finish},{{"quiet":{{"on":"LeiosRequest"}}}}"#);
    let outcome = play(&quiet, r#""running""#);
    assert!(outcome.starts_with("failed at step 3: sent "), "{outcome}");
    let other = format!(r#"{finish},{{"await":{{"on":"LeiosRequest","message":"MsgLeiosInit"}}}}"#);
    let outcome = play(&other, r#""running""#);
    assert!(
        outcome.starts_with("failed at step 3: sent ") && outcome.contains(", not "),
        "{outcome}"
    );
}

/// A client that does nothing, and one step.
fn one_step(step: &str) -> Outcome {
    let text = format!(
        r#"{{"scenario":1,"name":"a","about":"b","rules":[],"under_test":"client",
        "steps":[{step}],"accept":["running"]}}"#
    );
    run(&text.parse().unwrap())
}

#[test]
fn a_list_fits_item_by_item_and_is_as_long() {
    let fits = |value: &str, pattern: &str| match one_step(&format!(
        r#"{{"same":[{value},{pattern}]}}"#
    )) {
        Outcome::Passed => true,
        Outcome::Failed { step: 0, .. } => false,
        other => panic!("{value} {pattern}: {other}"),
    };
    for (value, pattern) in [
        ("[1,2]", "[1,2]"),
        ("[1,2]", r#"["$_","$a"]"#),
        ("[1,2]", r#"[1,"$.."]"#),
        ("[1,2]", r#"[1,2,"$.."]"#),
        ("[]", "[]"),
        ("[]", r#"["$.."]"#),
    ] {
        assert!(fits(value, pattern), "{value} {pattern}");
    }
    for (value, pattern) in [
        ("[1,2]", "[1,3]"),
        ("[1,2]", "[1]"),
        ("[1]", "[1,2]"),
        ("[1]", r#"[1,2,"$.."]"#),
        ("[1,2]", r#"[2,"$.."]"#),
        ("[1,2]", r#"["$a","$a"]"#),
    ] {
        assert!(!fits(value, pattern), "{value} {pattern}");
    }
}

#[test]
fn as_much_as_may_be_made_is_made() {
    let items = |to: u64| {
        let each = format!(r#"{{"$each":"i","from":0,"to":{to},"item":"$i"}}"#);
        one_step(&format!(r#"{{"same":[[{each}],"$_"]}}"#))
    };
    assert_eq!(items(100_000), Outcome::Passed);
    assert!(matches!(items(100_001), Outcome::Broken { step: 0, .. }));

    let bytes = |times: u64| {
        let hex = format!(r#"{{"repeat":"00","times":{times}}}"#);
        one_step(&format!(r#"{{"peer":{{"on":"LeiosReply","hex":{hex}}}}}"#))
    };
    assert!(!matches!(bytes(16 << 20), Outcome::Broken { .. }));
    assert!(matches!(bytes((16 << 20) + 1), Outcome::Broken { step: 0, .. }));
}

#[test]
fn who_waited_in_vain_is_told_what_came_instead() {
    let text = r#"{"scenario":1,"name":"a","about":"b","rules":[],"under_test":"client",
        "steps":[{"given":"Start"},
        {"await":{"on":"LeiosReply","message":"MsgLeiosDone","eventually":true}}],"accept":[]}"#;
    let outcome = run(&text.parse().unwrap());
    let Outcome::Failed { step: 1, why } = outcome else { panic!("{outcome}") };
    assert!(why.contains("MsgLeiosInit"), "{why}");
}

#[test]
fn an_outcome_is_said_in_a_word_and_a_reason() {
    let why = || "that".to_string();
    assert_eq!(Outcome::Passed.to_string(), "passed");
    assert_eq!(Outcome::Inapplicable(why()).to_string(), "inapplicable: that");
    assert_eq!(Outcome::Failed { step: 3, why: why() }.to_string(), "failed at step 3: that");
    assert_eq!(Outcome::Broken { step: 3, why: why() }.to_string(), "broken at step 3: that");
}
