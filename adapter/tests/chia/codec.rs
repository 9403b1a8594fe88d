//! `decode`, `encode`, `rules` and `diagram`.

use nodewire::codec::streamable::Streamable;
use nodewire::sim::chia::{Consensus, Maker};
use nodewire_adapter::hex::to_hex;
use serde_json::Value;

use crate::{run, said, text};

const PING: &str = "00000033a261666470696e676164a1656e6f6e63655820\
                    0707070707070707070707070707070707070707070707070707070707070707";

#[test]
fn a_frame_is_the_same_after_json() {
    let json = said(&["decode", "chia", PING]);
    let read: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["ping"]["nonce"], "07".repeat(32));
    assert_eq!(said(&["encode", "chia", &json]).trim(), PING);
    let body = said(&["encode", "chia", "--as", "message", &json]);
    assert_eq!(body.trim(), &PING[8..]);
    assert_eq!(said(&["decode", "chia", "--as", "message", body.trim()]), json);
}

#[test]
fn a_block_is_the_same_after_json_and_has_its_hash() {
    let block = Maker::genesis(&Consensus::default());
    let hex = to_hex(&block.to_bytes());
    let json = said(&["decode", "chia", "--as", "full-block", &hex]);
    assert_eq!(said(&["encode", "chia", "--as", "full-block", &json]).trim(), hex);
    let header = to_hex(&block.header_block.header.to_bytes());
    let shown = said(&["--json", "decode", "chia", "--as", "header", &header]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    type Hash = nodewire::codec::streamable::RustCryptoSha256;
    assert_eq!(shown["sha256"], to_hex(&block.header_hash::<Hash>().0));
}

#[test]
fn bad_bytes_are_told_in_one_line_with_the_rule() {
    for (hex, rule) in [
        ("00000001f6", "chia/D-2"),
        (&PING[..PING.len() - 2], "chia/"),
        (&format!("{PING}00"), "chia/"),
        ("", "chia/"),
    ] {
        let output = run(&["decode", "chia", hex]);
        let line = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(line.contains(rule) && line.lines().count() == 1, "{line}");
    }
}

#[test]
fn rules_and_the_diagram_are_listed() {
    assert!(said(&["rules", "chia"]).contains("chia/C-3"));
    assert!(said(&["diagram", "chia"]).contains("AwaitHandshake"));
}
