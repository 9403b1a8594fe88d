//! Every text means what the slow reading makes of it: good ones, and whatever mutation makes of
//! them.

use nodewire::codec::supervisor::Served;
use nodewire::codec::supervisor::json_rpc::{Document, Request, TextLimits};
use proptest::prelude::*;

use crate::shared_vectors::shared;
use crate::slow_reading::{self, Asked, Read};
use crate::support::SERVED;
use crate::text::{list, text};

const LIMITS: TextLimits = TextLimits { max_text: 4_000, max_depth: 4, max_batch: 3 };

const FEW: Served = Served { max_access_entries: 3, ..SERVED };

fn asked(request: Request) -> Asked {
    let id = request.id.map(|id| id.as_str().to_owned());
    (id, request.call.map_err(|failure| failure.code))
}

fn fast(text: &[u8], limits: &TextLimits, served: Served) -> Read {
    match Document::read(text, limits, served) {
        Document::Single(request) => Read::Single(asked(request)),
        Document::Batch(requests) => Read::Batch(requests.into_iter().map(asked).collect()),
    }
}

fn compare(text: &[u8]) {
    for (limits, served) in [
        (LIMITS, FEW),
        (LIMITS, Served::EVERYTHING),
        // Lists and descriptors are the third level.
        (TextLimits { max_depth: 2, ..LIMITS }, FEW),
        (TextLimits { max_depth: 3, ..LIMITS }, Served { extensions: false, ..FEW }),
    ] {
        let slow = slow_reading::read(text, &limits, served);
        let shown = String::from_utf8_lossy(text);
        assert_eq!(fast(text, &limits, served), slow, "{shown}");
    }
}

fn hash(digit: &str) -> String {
    format!("0x{}", digit.repeat(64))
}

/// Texts as clients send them, and odd ones.
fn seeds() -> Vec<String> {
    let (a, b) = (hash("a"), hash("0"));
    let block = format!(r#"{{"hash":"{a}","number":18446744073709551615}}"#);
    let descriptor = r#"{"timestamp":"0x67f04d55","timeout":"0x15180","chainID":"10"}"#;
    let check = format!(r#"[["{a}","{b}"],"cross-unsafe",{descriptor}]"#);
    let mut seeds = vec![
        r#"{"jsonrpc":"2.0","id":0,"method":"supervisor_localUnsafe","params":["0xa"]}"#.to_owned(),
        r#" { "jsonrpc" : "2.0" , "method" : "supervisor_syncStatus" , "id" : "x" } "#.to_owned(),
        r#"{"method":"supervisor_syncStatus","params":[],"id":1,"jsonrpc":"2.0"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","method":"supervisor_syncStatus","params":null}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":null,"method":"supervisor_localSafe","params":{"chainID":"1"}}"#
            .to_owned(),
        r#"{"jsonrpc":"2.0","id":1.50e+3,"method":"\u0061dmin_setFailsafeEnabled","params":[true]}"#
            .to_owned(),
        r#"{"jsonrpc":"2.0","id":"é","method":"admin_getFailsafeEnabled","x":[[[{}]]]}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"supervisor_superRootAtTimestamp","params":["0x1"]}"#
            .to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"params":[],"method":"supervisor_finalizedL1"}"#.to_owned(),
    ];
    for (method, params) in [
        ("supervisor_checkAccessList", check.as_str()),
        ("supervisor_checkAccessList", &format!(r#"[[],"safe",{descriptor}]"#)),
        ("supervisor_checkAccessList", &format!(r#"[["{a}","{b}","{a}"],"safe",{descriptor}]"#)),
        (
            "supervisor_checkAccessList",
            &format!(r#"[ [ "{a}" , "{b}","{a}","{b}" ] ,"safe", {descriptor} ] "#),
        ),
        ("supervisor_crossDerivedToSource", &format!(r#"["0xa",{block}]"#)),
        ("supervisor_crossDerivedFrom", &format!(r#"["0xa",{block}]"#)),
        ("supervisor_allSafeDerivedAt", &format!("[{block}]")),
    ] {
        seeds.push(format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{params}}}"#));
    }
    seeds.push(format!("[{},{},1]", seeds[0], seeds[9]));
    let whole = r#""jsonrpc":"2.0","id":"i","method":"supervisor_localUnsafe","params":["0xa"]"#;
    for member in whole.replace(",\"", "\n\"").lines() {
        // Once more, before and after; and left out.
        seeds.push(format!("{{{member},{whole}}}"));
        seeds.push(format!("{{{whole},{member}}}"));
        seeds.push(format!("{{{}}}", whole.replace(member, r#""x":1"#)));
    }
    seeds
}

#[test]
fn texts_of_clients_and_vectors() {
    for seed in seeds() {
        compare(seed.as_bytes());
        // Cut anywhere.
        for end in 0..seed.len() {
            let cut = &seed.as_bytes()[..end];
            assert_eq!(fast(cut, &LIMITS, FEW), slow_reading::read(cut, &LIMITS, FEW));
        }
    }
    let Some(vectors) = shared("jsonrpc", "supervisor", "jsonrpc.json") else { return };
    for case in list(&vectors["cases"]) {
        compare(text(&case["request"]).as_bytes());
    }
}

/// Each byte of a text is no other, or the text means what the slow reading says.
#[test]
fn every_byte_in_every_place_of_a_small_call() {
    let seed = seeds().swap_remove(0).into_bytes();
    for at in 0..seed.len() {
        for byte in 0..=u8::MAX {
            let mut text = seed.clone();
            text[at] = byte;
            let slow = slow_reading::read(&text, &LIMITS, FEW);
            assert_eq!(fast(&text, &LIMITS, FEW), slow, "{}", String::from_utf8_lossy(&text));
        }
    }
}

/// Only certain bytes differ in meaning: those at each place of a check, of a call with an object,
/// and of one with a string as its id and white space.
#[test]
fn telling_bytes_in_every_place() {
    let seeds = seeds();
    for seed in [1, 9, 13].map(|at| seeds[at].as_bytes()) {
        for at in 0..seed.len() {
            for byte in *b"\"\\[]{},:0aAgGx/9@`F \t\n\x0b\0\x7f\x80\xff-.ent" {
                let (mut set, mut inserted) = (seed.to_vec(), seed.to_vec());
                set[at] = byte;
                inserted.insert(at, byte);
                for text in [set, inserted] {
                    let slow = slow_reading::read(&text, &LIMITS, FEW);
                    let shown = String::from_utf8_lossy(&text);
                    assert_eq!(fast(&text, &LIMITS, FEW), slow, "{shown}");
                }
            }
        }
    }
}

#[test]
fn numbers_and_strings_of_a_million_digits() {
    let limits = TextLimits { max_text: 3_000_000, ..LIMITS };
    let digits = "7".repeat(1_000_000);
    for id in
        [digits.clone(), format!("\"{digits}\""), format!("0{digits}"), format!("-{digits}.5")]
    {
        let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"supervisor_syncStatus"}}"#);
        let slow = slow_reading::read(text.as_bytes(), &limits, FEW);
        assert!(fast(text.as_bytes(), &limits, FEW) == slow, "{}", &id[..3]);
    }
}

#[derive(Clone, Debug)]
enum Change {
    Set(u8),
    Insert(&'static str),
    Remove(usize),
    /// A piece of the text itself, put here.
    Copy(prop::sample::Index, usize),
}

const PIECES: [&str; 22] = [
    " ",
    "\t",
    "\n",
    "\r",
    "\"",
    "\\",
    "\\u0061",
    "null",
    "true",
    "0",
    "00",
    "1e9",
    "-1",
    "1.0",
    "{}",
    "[]",
    ",",
    ":",
    "\"id\":1,",
    "\"method\":\"x\",",
    "é",
    "\u{feff}",
];

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<u8>().prop_map(Change::Set),
        prop::sample::select(&PIECES[..]).prop_map(Change::Insert),
        (1..20_usize).prop_map(Change::Remove),
        (any::<prop::sample::Index>(), 1..40_usize)
            .prop_map(|(from, length)| Change::Copy(from, length)),
    ]
}

proptest! {
    #[test]
    fn mutated_texts(
        seed in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), change()), 1..5),
    ) {
        let seeds = seeds();
        let mut text = seed.get(&seeds).clone().into_bytes();
        for (at, change) in changes {
            let at = at.index(text.len() + 1);
            match change {
                Change::Set(byte) => {
                    if let Some(place) = text.get_mut(at) {
                        *place = byte;
                    }
                }
                Change::Insert(piece) => drop(text.splice(at..at, piece.bytes())),
                Change::Remove(length) => drop(text.drain(at..text.len().min(at + length))),
                Change::Copy(from, length) if !text.is_empty() => {
                    let from = from.index(text.len());
                    let piece = text[from..text.len().min(from + length)].to_vec();
                    drop(text.splice(at..at, piece));
                }
                Change::Copy(..) => {}
            }
        }
        compare(&text);
    }
}
