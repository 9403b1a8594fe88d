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
fn offsets_count_from_the_first_byte_of_what_was_given() {
    for (kind, hex, at) in [
        // No map begins the body; a byte follows it; it ends too early.
        ("frame", "0000000105", "byte 4 of it"),
        ("message", "05", "byte 0 of it"),
        ("frame", &format!("{PING}00"), "byte 55 of it"),
        ("message", &format!("{}00", &PING[8..]), "byte 51 of it"),
        ("frame", "00000002a161", "byte 6 of it"),
        ("frame", "0000", "byte 2 of it"),
    ] {
        let output = run(&["decode", "chia", "--as", kind, hex]);
        let line = text(&output.stderr);
        assert!(line.contains(at), "{hex}: {line}");
    }
}

#[test]
fn what_is_wrong_with_json_is_told_in_a_short_line() {
    for (json, told) in [
        (
            "{\"pingx\":{}}",
            "no frame: there is no `pingx` (line 1, column 8; all names: nodewire encode chia \
             --list)",
        ),
        (
            "{\"ping\":{\"nonce\":\"0707\"}}",
            "no frame: invalid length 2, expected 32 bytes (line 1, column 24)",
        ),
        ("{\"ping\":{}}", "no frame: `nonce` is missing (line 1, column 10)"),
        ("{\"ping\":", "no frame: the text is no JSON (line 1, column 8)"),
        ("ping", "no frame: the text is no JSON (line 1, column 1)"),
    ] {
        let output = run(&["encode", "chia", json]);
        assert_eq!(text(&output.stderr).trim(), format!("nodewire: {told}"));
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn a_chain_is_fed_as_lines_of_hex_or_of_json() {
    let hex = said(&["feed", "chia", "--blocks", "2"]);
    let json = said(&["--json", "feed", "chia", "--blocks", "2"]);
    assert_eq!((hex.lines().count(), json.lines().count()), (3, 3));
    for (height, (hex, json)) in hex.lines().zip(json.lines()).enumerate() {
        let json: Value = serde_json::from_str(json).unwrap();
        assert_eq!(json["full_block"], hex);
        assert_eq!(json["height"], height);
        let header = said(&["decode", "chia", "--as", "full-block", hex]);
        let header: Value = serde_json::from_str(&header).unwrap();
        let header = said(&[
            "encode",
            "chia",
            "--as",
            "header",
            &header["header_block"]["header"].to_string(),
        ]);
        let hashed = said(&["--json", "decode", "chia", "--as", "header", header.trim()]);
        let hashed: Value = serde_json::from_str(&hashed).unwrap();
        assert_eq!(json["header_hash"], hashed["sha256"]);
    }
}

#[test]
fn rules_and_the_diagram_are_listed() {
    assert!(said(&["rules", "chia"]).contains("chia/C-3"));
    assert!(said(&["diagram", "chia"]).contains("AwaitHandshake"));
}

#[test]
fn json_that_is_no_message_is_told_what_one_is() {
    for json in ["{}", "[]", "\"ping\"", "7", "{\"ping\":{},\"pong\":{}}"] {
        let output = run(&["encode", "chia", json]);
        let line = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(line.contains("a message is an object with one member"), "{json}: {line}");
        assert!(line.contains("--list") && line.lines().count() == 1, "{line}");
    }
    let names = said(&["encode", "chia", "--list"]);
    assert!(names.lines().any(|name| name == "ping") && names.lines().count() > 40, "{names}");
}
