//! What one node on the command line says, and what it refuses.

use nodewire::sim::chia::Consensus;
use nodewire_adapter::chia::chain_file;
use serde_json::Value;

use crate::process::{Process, port};
use crate::{run, said, text};

/// The bytes of a hash in hex.
const HASH: &str = "0101010101010101010101010101010101010101010101010101010101010101";

#[test]
fn options_of_other_roles_are_refused_by_name() {
    for (role, option, value, of) in [
        ("farmer", "--blocks", "5", "--role full-node,"),
        ("timelord", "--chain", "chain.hex", "--role full-node,"),
        ("introducer", "--until-height", "1", "--role full-node,"),
        ("harvester", "--introducer", "127.0.0.1:1", "--role full-node,"),
        ("full-node", "--plots", "1", "--role harvester,"),
        ("full-node", "--farmer-target", "me", "--role farmer,"),
        ("harvester", "--puzzle-hash", HASH, "--role farmer,"),
        ("introducer", "--min-block-time", "1", "--role full-node or farmer,"),
        ("farmer", "--witness", "32", "--role full-node or timelord,"),
    ] {
        let output = run(&["connect", "chia", "--role", role, "127.0.0.1:9", option, value]);
        let line = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(output.stdout.is_empty() && line.lines().count() == 1, "{line}");
        assert!(line.contains(option) && line.contains(of) && line.contains(role), "{line}");
    }
    let output =
        run(&["connect", "chia", "--role", "timelord", "127.0.0.1:9", "--resend-challenges"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_full_node_says_how_high_its_chain_is_before_it_listens() {
    let at = port();
    let serve = ["serve", "chia", "--role", "full-node", "--listen", &at, "--blocks", "3"];
    let node = Process::start(&serve);
    assert!(node.line().starts_with("the chain is at height 3, tip "));
    assert_eq!(node.line(), format!("listening on {at}"));
    drop(node);

    let node = Process::start(&[&serve[..], &["--json"]].concat());
    let line: Value = serde_json::from_str(&node.line()).unwrap();
    assert_eq!(line["chain"]["height"], 3);
    assert!(node.line().contains("listening"));
}

#[test]
fn a_full_node_that_is_high_enough_ends_at_once() {
    let full_node = |blocks: &str, until: &str| {
        let node = ["connect", "chia", "--role", "full-node", "127.0.0.1:9"];
        said(&[&node[..], &["--blocks", blocks, "--until-height", until]].concat())
    };
    assert!(full_node("3", "3").starts_with("the chain is at height 3"));
    assert!(full_node("3", "2").starts_with("the chain is at height 3"));
    assert!(full_node("0", "0").starts_with("the chain is at height 0"));
}

#[test]
fn who_is_not_reached_is_named_once_and_then_rarely() {
    let nobody = port();
    let connect = ["connect", "chia", "--role", "timelord", &nobody];
    let node = Process::start(&connect);
    let line = node.line();
    assert!(line.contains(&format!("nobody is reached at {nobody}: ")), "{line}");
    assert!(line.ends_with("it is dialled again and again"), "{line}");
    // Within a second it is dialled twice more.
    assert_eq!(node.quiet(1_500), None);
    drop(node);

    let node = Process::start(&[&connect[..], &["--json"]].concat());
    let line: Value = serde_json::from_str(&node.line()).unwrap();
    assert_eq!(line["unreached"]["times"], 1);
    let at =
        format!("{}:{}", line["unreached"]["host"].as_str().unwrap(), line["unreached"]["port"]);
    assert_eq!(at, nobody);
    assert!(line["unreached"]["why"].is_string());
}

#[test]
fn an_introducer_that_is_not_there_is_named_too() {
    let (at, nobody) = (port(), port());
    let node = ["serve", "chia", "--role", "full-node", "--listen", &at, "--introducer", &nobody];
    Process::start(&node).says(&format!("nobody is reached at {nobody}: "));
}

#[test]
fn a_farmer_says_that_a_late_harvester_stands_still() {
    let (node_at, farmer_at) = (port(), port());
    let node = Process::start(&["serve", "chia", "--role", "full-node", "--listen", &node_at]);
    node.says("listening");
    let farm = |more: &[&str]| {
        let farmer =
            ["serve", "chia", "--role", "farmer", "--listen", &farmer_at, "--peer", &node_at];
        let farmer = Process::start(&[&farmer[..], more].concat());
        farmer.says("connected to a full node");
        node.says("connected from a farmer");
        // The challenge is behind its handshake.
        assert_eq!(node.quiet(300), None);
        let harvester = Process::start(&["connect", "chia", "--role", "harvester", &farmer_at]);
        farmer.says("connected from a harvester");
        let line = farmer.quiet(3_000);
        drop((farmer, harvester));
        node.says(": ");
        line
    };
    assert!(farm(&[]).is_some_and(|line| line.contains("--resend-challenges")));
    assert!(farm(&["--resend-challenges"]).is_some_and(|line| line.contains("partial proof")));
}

#[test]
fn who_is_of_no_use_is_told_who_would_be() {
    let (node_at, other_at) = (port(), port());
    let timelord = Process::start(&["serve", "chia", "--role", "timelord", "--listen", &node_at]);
    timelord.says("listening");
    let farmer = ["serve", "chia", "--role", "farmer", "--listen", &other_at, "--peer", &node_at];
    let farmer = Process::start(&farmer);
    let line = farmer.says("UselessPeer");
    assert!(line.ends_with("(a farmer talks to full nodes, harvesters only)"), "{line}");
    let line = timelord.says("UselessPeer");
    assert!(line.ends_with("(a timelord talks to full nodes only)"), "{line}");
}

#[test]
fn a_full_node_ends_when_it_has_synced_and_says_what_another_consensus_leads_to() {
    let at = port();
    let serve = ["serve", "chia", "--role", "full-node", "--listen", &at, "--blocks", "30"];
    let node = Process::start(&serve);
    node.says("listening");
    let connect = ["connect", "chia", "--role", "full-node", &at];
    let late = Process::start(&[&connect[..], &["--until-height", "30"]].concat());
    let other = Process::start(&[&connect[..], &["--min-block-time", "1"]].concat());
    late.says("syncing: header hashes");
    late.says("the chain is at height 30, tip ");
    assert!(late.ends(), "something is said after the end");
    let line = other.says("InvalidWeight");
    assert!(line.ends_with("(it may have another --min-block-time)"), "{line}");
    other.says("the sync came to nothing: the tip does not weigh what was told");
}

/// The addresses of two nodes that are to be peers, and both of them.
fn pair(one: &[&str], other: &[&str]) -> [(String, Process); 2] {
    let serve = |at: &str, more: &[&str]| {
        let node = ["serve", "chia", "--role", "full-node", "--listen", at];
        Process::start(&[&node[..], more].concat())
    };
    let (one_at, other_at) = (port(), port());
    let one = serve(&one_at, one);
    one.says("listening");
    let other = serve(&other_at, &[other, &["--peer", &one_at]].concat());
    other.says("listening");
    [(one_at, one), (other_at, other)]
}

#[test]
fn who_drops_us_again_and_again_is_dialled_less_and_less() {
    let two = ["--blocks", "5", "--min-block-time", "2"];
    let [(_, one), (_, _other)] = pair(&two, &["--blocks", "5"]);
    one.says("connected from a full node");
    // Every quarter of a second it would be twenty; each connection has two lines or more.
    let times = one.within(5_000).iter().filter(|line| line.contains("connected from")).count();
    assert!((1..=6).contains(&times), "{times}");
}

#[test]
fn whoever_closes_it_and_who_it_was_is_told() {
    let [(at, one), (_, other)] = pair(&[], &[]);
    other.says(&format!("connected to a full node at {at}"));
    drop(one);
    let line = other.says(": over");
    assert!(line.ends_with(&format!("over: a full node at {at} has closed it")), "{line}");
}

#[test]
fn nodes_that_name_each_other_keep_one_connection() {
    let (one_at, other_at) = (port(), port());
    let serve = |at: &str, peer: &str| {
        let node = ["serve", "chia", "--role", "full-node", "--listen", at, "--peer", peer];
        Process::start(&node)
    };
    let (one, other) = (serve(&one_at, &other_at), serve(&other_at, &one_at));
    for node in [&one, &other] {
        node.says("connected");
        // Both may have dialled at once: then one of the two is over soon.
        node.within(1_000);
        let more = node.within(3_000);
        assert!(more.is_empty(), "{more:?}");
    }
}

#[test]
fn nobody_is_a_peer_of_its_own() {
    let at = port();
    let node = ["serve", "chia", "--role", "full-node", "--listen", &at, "--peer", &at];
    let output = run(&node);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains(&format!("--peer {at}: that is where this node")));
}

#[test]
fn what_no_node_would_take_is_refused() {
    let long = "x".repeat(257);
    for (role, option, value) in [
        ("timelord", "--witness", "16385"),
        ("full-node", "--witness", "16385"),
        ("full-node", "--min-block-time", "18446744073709551615"),
        ("farmer", "--farmer-target", &long),
    ] {
        let output = run(&["connect", "chia", "--role", role, "127.0.0.1:9", option, value]);
        assert_eq!(output.status.code(), Some(2), "{option}");
        assert!(text(&output.stderr).contains(option), "{option}");
    }
}

#[test]
fn what_is_not_sent_is_told() {
    let file = std::env::temp_dir().join(format!("nodewire-wide-{}.hex", std::process::id()));
    let mut consensus = Consensus::default();
    consensus.witness = 20_000;
    let mut hex = Vec::new();
    chain_file::write(&chain_file::made(&consensus, 2, || {}), &mut hex).unwrap();
    std::fs::write(&file, hex).unwrap();
    let path = file.display().to_string();
    let [(_, node), (_, _other)] = pair(&["--chain", &path], &[]);
    let line = node.says("is not sent to a full node at ");
    assert!(line.ends_with(": it is larger than the limit `max_witness` allows"), "{line}");
    std::fs::remove_file(file).unwrap();
}
