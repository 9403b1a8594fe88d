//! Feeds as lines, one way and both ways.

use nodewire::codec::supervisor::{ChainId, NodeCommand};
use nodewire::sim::supervisor::{Cluster, Feed, Move, Options, Order, recorded};
use nodewire::sim::{Play, Player};
use nodewire::state::supervisor::{
    CallId, Limits, NodeId, RpcReply, Supervisor, SupervisorMessage,
};
use nodewire::{Action, Ending};

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

#[test]
fn what_nobody_waits_for_is_counted_as_strange() {
    let mut feed = Feed::new(&cluster(1), Order::InTurn);
    let (call, chain_id) = (CallId(99), ChainId::from(1_000_000));
    feed.hear(Action::Close(Ending::Done));
    feed.hear(Action::Send(SupervisorMessage::Reply(RpcReply { call, text: None })));
    let command = Box::new(NodeCommand::ResetPreInterop);
    let command = SupervisorMessage::Command { chain_id, node: NodeId(0), command };
    feed.hear(Action::Send(command));
    assert_eq!(feed.strange(), 3);
    // A Supervisor of two of the three chains knows no anchor of the third.
    let two = Cluster::generate(1, 2, 5, Options::default());
    let mut supervisor: Supervisor = Supervisor::new(two.config(), Limits::default()).unwrap();
    let mut feed = Feed::new(&cluster(1), Order::InTurn);
    feed.play(&mut supervisor, |_, _, _| ());
    assert!(feed.strange() > 0);
}

#[test]
fn a_node_that_is_to_start_over_has_all_to_tell_again() {
    let cluster = cluster(3);
    let mut supervisor: Supervisor = Supervisor::new(cluster.config(), Limits::default()).unwrap();
    let mut feed = Feed::new(&cluster, Order::InTurn);
    feed.play(&mut supervisor, |_, _, _| ());
    assert!(feed.is_settled());
    let chain_id = cluster.chain_ids().next().unwrap();
    let command = Box::new(NodeCommand::ResetPreInterop);
    let command = SupervisorMessage::Command { chain_id, node: NodeId(0), command };
    feed.hear(Action::Send(command));
    let mut moves = Vec::new();
    feed.moves(false, &mut moves);
    assert_eq!(moves, [Move::Obey(0)]);
    assert_eq!(feed.make(Move::Obey(0)), None);
    moves.clear();
    feed.moves(false, &mut moves);
    assert!(moves.contains(&Move::Derive(0)), "{moves:?}");
}
