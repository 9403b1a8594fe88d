//! `--record`, and what can be done with what was recorded.

use crate::process::{Process, port};
use crate::{run, said, text};

#[test]
fn what_every_role_hears_and_does_can_be_replayed_and_drawn() {
    let folder = std::env::temp_dir().join(format!("nodewire-chia-record-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |role: &str| folder.join(format!("{role}.jsonl")).display().to_string();
    let (node_at, farmer_at, introducer_at) = (port(), port(), port());
    let start = |command: &str, role: &str, more: &[&str]| {
        let node = [command, "chia", "--role", role, "--record", &file(role)];
        Process::start(&[&node[..], more].concat())
    };
    let introducer = start("serve", "introducer", &["--listen", &introducer_at]);
    introducer.says("listening");
    let node = ["--listen", &node_at, "--introducer", &introducer_at, "--blocks", "2"];
    let node = start("serve", "full-node", &[&node[..], &["--min-block-time", "1"]].concat());
    node.says("listening");
    let farmer = ["--listen", &farmer_at, "--peer", &node_at, "--resend-challenges"];
    let farmer = start("serve", "farmer", &[&farmer[..], &["--min-block-time", "1"]].concat());
    let harvester = start("connect", "harvester", &[&farmer_at]);
    let timelord = start("connect", "timelord", &[&node_at]);
    node.says("at height 3");
    drop((introducer, node, farmer, harvester, timelord));

    for (role, drawn) in [
        ("full-node", ["proof_of_time_finished", "challenge_start"]),
        ("farmer", ["proof_of_space_finalized", "new_challenge"]),
        ("harvester", ["new_challenge", "challenge_response"]),
        ("timelord", ["challenge_start", "proof_of_time_finished"]),
        ("introducer", ["Connected", "request_peers"]),
    ] {
        let replayed = said(&["replay", &file(role)]);
        assert!(replayed.starts_with(&format!("chia.{role}: ")), "{replayed}");
        assert!(replayed.contains("all the same"), "{replayed}");
        let svg = said(&["draw", &file(role)]);
        for word in drawn {
            assert!(svg.contains(word), "{role}: no {word}");
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let connect = ["connect", "chia", "--role", "timelord", "127.0.0.1:9"];
    let output = run(&[&connect[..], &["--record", "/nowhere/trace.jsonl"]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("nodewire: /nowhere/trace.jsonl: "));
}

/// Whoever was killed while it wrote, or had no room left, wrote all lines but the last.
#[test]
fn a_trace_whose_last_line_is_cut_short_is_played_up_to_there() {
    let file = std::env::temp_dir().join(format!("nodewire-chia-cut-{}", std::process::id()));
    let name = file.display().to_string();
    let at = port();
    let serve = ["serve", "chia", "--role", "introducer", "--listen", &at, "--record", &name];
    let introducer = Process::start(&serve);
    introducer.says("listening");
    let node = Process::start(&["connect", "chia", "--role", "full-node", &at]);
    introducer.says("over");
    drop((introducer, node));
    let whole = std::fs::read_to_string(&file).unwrap();
    let steps = whole.lines().count() - 1;

    let cut = whole.trim_end().len() - 3;
    std::fs::write(&file, &whole[..cut]).unwrap();
    for command in ["replay", "draw"] {
        let output = run(&[command, &name]);
        assert!(output.status.success(), "{command}: {}", text(&output.stderr));
        let why = format!("nodewire: {name}: the last line is cut short, and left out\n");
        assert_eq!(text(&output.stderr), why, "{command}");
    }
    assert!(said(&["replay", &name]).starts_with(&format!("chia.introducer: {} steps", steps - 1)));

    // Any other line that is none is an error.
    std::fs::write(&file, whole.replacen("\"at\"", "at", 1)).unwrap();
    let output = run(&["replay", &name]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(": line 2: "), "{}", text(&output.stderr));
    std::fs::write(&file, &whole).unwrap();
    let range = run(&["draw", &name, "--steps", "x"]);
    assert_eq!(range.status.code(), Some(2));
    std::fs::remove_file(&file).unwrap();
}
