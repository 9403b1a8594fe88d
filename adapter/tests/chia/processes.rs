//! A small network, each node a process.

use crate::process::{Process, port};

/// What a full node had of a block that was signed and not finished is lost with it.
#[test]
fn the_only_full_node_is_killed_and_all_goes_on_when_it_is_back() {
    let (node_at, farmer_at) = (port(), port());
    let quick = |more: &[&str]| {
        let node = ["serve", "chia", "--min-block-time", "1"];
        Process::start(&[&node[..], more].concat())
    };
    let full_node = || quick(&["--role", "full-node", "--listen", &node_at, "--blocks", "5"]);
    let mut node = full_node();
    let farmer = ["--role", "farmer", "--listen", &farmer_at, "--peer", &node_at];
    let farmer = quick(&[&farmer[..], &["--resend-challenges"]].concat());
    let connect = |role, at: &str| Process::start(&["connect", "chia", "--role", role, at]);
    let harvester = connect("harvester", &farmer_at);
    let timelord = connect("timelord", &node_at);
    node.says("at height 7");
    // The next block is signed at once, and its proof of time takes a second.
    farmer.says("a block was signed");
    while farmer.quiet(300).is_some() {}
    node.kill();
    node = full_node();
    node.says("at height 9");
    drop((harvester, timelord));
}

#[test]
fn blocks_are_farmed_and_whoever_is_killed_leaves_the_others_working() {
    let (node_at, other_at, farmer_at) = (port(), port(), port());
    let serve = |role, at: &str, peer: &str, more: &[&str]| {
        let node = ["serve", "chia", "--role", role, "--listen", at, "--peer", peer];
        Process::start(&[&node[..], &["--min-block-time", "1"], more].concat())
    };
    let connect = |role, at: &str| Process::start(&["connect", "chia", "--role", role, at]);
    let node = serve("full-node", &node_at, &farmer_at, &[]);
    let mut other = serve("full-node", &other_at, &node_at, &[]);
    let farmer = serve("farmer", &farmer_at, &node_at, &["--resend-challenges"]);
    let mut harvester = connect("harvester", &farmer_at);
    let mut timelord = connect("timelord", &node_at);
    node.says("at height 1");
    other.says("at height 1");

    timelord.kill();
    node.says(": over");
    timelord = connect("timelord", &node_at);
    node.says("new tip");
    other.says("new tip");

    harvester.kill();
    farmer.says(": over");
    harvester = connect("harvester", &farmer_at);
    farmer.says("connected");
    farmer.says("a block was signed");

    other.kill();
    node.says("new tip");
    drop((timelord, harvester));
}

/// Who comes back is offered an unfinished block on each tip before it has caught up, and needs the
/// one on the tip that it has then: nobody else can finish any.
#[test]
fn the_only_full_node_with_a_timelord_is_killed_and_all_goes_on_when_it_is_back() {
    let (node_at, other_at, farmer_at) = (port(), port(), port());
    let serve = |role, at: &str, peer: &str, more: &[&str]| {
        let node = ["serve", "chia", "--role", role, "--listen", at, "--peer", peer];
        Process::start(&[&node[..], &["--min-block-time", "1"], more].concat())
    };
    let timed = || serve("full-node", &other_at, &node_at, &[]);
    let node = serve("full-node", &node_at, &other_at, &[]);
    let mut other = timed();
    let farmer = serve("farmer", &farmer_at, &node_at, &["--resend-challenges"]);
    let connect = |more: &[&str]| Process::start(&[&["connect", "chia", "--role"], more].concat());
    // With so many plots there are blocks enough for three tips.
    let harvester = connect(&["harvester", "--plots", "1,2,3,4", &farmer_at]);
    let timelord = connect(&["timelord", &other_at]);
    let height = |line: &str| line.split("at height ").nth(1).and_then(|it| it.parse::<u32>().ok());
    node.says("at height 3");
    let mut top = 3;
    for _ in 0..4 {
        other.kill();
        let told = node.within(500);
        top = told.iter().filter_map(|line| height(line)).fold(top, u32::max);
        other = timed();
        let reaches =
            |node: &Process| (0..100).find(|_| height(&node.says("at height")) > Some(top + 1));
        assert!(reaches(&node).is_some() && reaches(&other).is_some());
    }
    drop((farmer, harvester, timelord));
}
