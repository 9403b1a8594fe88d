//! Feeds as lines, one way and both ways.

use nodewire::sim::supervisor::{Feed, Order, recorded};
use nodewire::sim::{Play, Player};
use nodewire::state::supervisor::{Limits, Supervisor};

use crate::orders::cluster;

fn player(seed: u64) -> Player<Supervisor> {
    let supervisor = Supervisor::new(cluster(seed).config(), Limits::default()).unwrap();
    Player::new("supervisor", supervisor)
}

/// The blocks that were told to be cross-safe last, of each chain.
fn safe(said: &str) -> Vec<String> {
    let lines = said.lines().filter(|line| line.contains("\"crossSafe\""));
    lines.map(ToOwned::to_owned).collect()
}

#[test]
fn what_was_recorded_can_be_played() {
    let lines = recorded(&cluster(2), Order::InTurn, Limits::default());
    let mut player = player(2);
    let said: String = lines.iter().map(|line| player.line(line)).collect();
    assert!(!said.contains("\"error\":\"") && !said.contains("{\"refused\""));
    let heads = crate::run::run(&cluster(2), Order::InTurn).heads();
    for head in heads {
        let hash = head.cross_safe.unwrap().derived.hash.to_string();
        assert!(safe(&said).iter().any(|line| line.contains(&hash)), "{hash}");
    }
}

/// A Supervisor behind lines, with its own clock, gets as far as one that is called.
#[test]
fn both_sides_speak_in_lines() {
    for seed in crate::orders::seeds(40, 3, 30) {
        let mut feed = Feed::new(&cluster(seed), Order::Mixed(seed));
        let mut player = player(seed);
        let (mut said, mut ticks, mut clock) = (String::new(), 0, 0_u64);
        loop {
            clock += 500;
            let line = match feed.next_line() {
                Some(line) => line,
                None if ticks < 300 => {
                    ticks += 1;
                    clock += 1_000_000;
                    "{\"timeout\":true}".to_owned()
                }
                None => break,
            };
            let mut line: serde_json::Value = serde_json::from_str(&line).unwrap();
            line["at"] = clock.into();
            let reply = player.line(&line.to_string());
            reply.lines().for_each(|line| feed.hear_line(line).unwrap());
            said += &reply;
        }
        assert!(feed.is_settled() && feed.strange() == 0 && feed.open_calls() == 0, "seed {seed}");
        for chain in 0..3 {
            let head = feed.truth().head(chain).unwrap().hash.to_string();
            assert!(safe(&said).iter().any(|line| line.contains(&head)), "seed {seed}");
        }
    }
}

#[test]
fn lines_that_are_no_actions_are_refused() {
    let mut feed = Feed::new(&cluster(1), Order::InTurn);
    for line in [
        "",
        "{",
        r#"{"ask":{"id":1}}"#,
        r#"{"ask":{"id":1,"query":{"weather":{}}}}"#,
        r#"{"send":{"command":{"chainID":"0xa","node":0,"call":{"method":"x","params":[]}}}}"#,
        r#"{"send":{"reply":{}}}"#,
    ] {
        assert!(feed.hear_line(line).is_err(), "{line}");
    }
    assert!(feed.hear_line(r#"{"notify":{"failsafe":true}}"#).is_ok());
}
