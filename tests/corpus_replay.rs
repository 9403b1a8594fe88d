//! The committed fuzz inputs, replayed: what a fuzzer once found stays found.

#![cfg(all(
    feature = "leios",
    feature = "chia",
    feature = "supervisor",
    feature = "arbitrary",
    feature = "sim"
))]

mod fuzz_bodies;
mod given;

use std::fs;
use std::path::Path;

use proptest::prelude::*;

fn replay(target: &str, body: fn(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&dir).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no corpus in {}", dir.display());
    for file in &files {
        println!("{}", file.display());
        body(&fs::read(file).unwrap());
    }
}

#[test]
fn decode_corpus() {
    replay("decode", fuzz_bodies::decode);
}

#[test]
fn frames_corpus() {
    replay("frames", fuzz_bodies::frames);
}

#[test]
fn script_corpus() {
    replay("script", fuzz_bodies::script);
}

#[test]
fn pair_corpus() {
    replay("pair", fuzz_bodies::pair);
}

#[test]
fn fetch_corpus() {
    replay("fetch", fuzz_bodies::fetch);
}

#[test]
fn forms_corpus() {
    replay("forms", fuzz_bodies::forms);
}

#[test]
fn play_corpus() {
    replay("play", fuzz_bodies::play);
}

#[test]
fn supervisor_text_corpus() {
    replay("supervisor_text", fuzz_bodies::supervisor::text);
}

#[test]
fn supervisor_forms_corpus() {
    replay("supervisor_forms", fuzz_bodies::supervisor::forms);
}

#[test]
fn supervisor_script_corpus() {
    replay("supervisor_script", fuzz_bodies::supervisor::script);
}

#[test]
fn supervisor_journal_corpus() {
    replay("supervisor_journal", fuzz_bodies::supervisor::journal);
}

#[test]
fn chia_decode_corpus() {
    replay("chia_decode", fuzz_bodies::chia::decode);
}

#[test]
fn chia_script_corpus() {
    replay("chia_script", fuzz_bodies::chia::script);
}

#[test]
fn chia_town_corpus() {
    replay("chia_town", fuzz_bodies::chia::town);
}

proptest! {
    #[test]
    fn chia_decode_any(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        fuzz_bodies::chia::decode(&bytes);
    }

    #[test]
    fn chia_script_any(bytes in prop::collection::vec(any::<u8>(), 0..2_048)) {
        fuzz_bodies::chia::script(&bytes);
    }
}

proptest! {
    // Each is a network that lives for a while.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.min(256)))]

    #[test]
    fn chia_town_any(bytes in prop::collection::vec(any::<u8>(), 0..1_024)) {
        fuzz_bodies::chia::town(&bytes);
    }
}

proptest! {
    #[test]
    fn decode_any(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        fuzz_bodies::decode(&bytes);
    }

    #[test]
    fn frames_any(bytes in prop::collection::vec(any::<u8>(), 0..2_048)) {
        fuzz_bodies::frames(&bytes);
    }

    #[test]
    fn script_any(bytes in prop::collection::vec(any::<u8>(), 0..2_048)) {
        fuzz_bodies::script(&bytes);
    }

    #[test]
    fn pair_any(bytes in prop::collection::vec(any::<u8>(), 0..800)) {
        fuzz_bodies::pair(&bytes);
    }

    #[test]
    fn fetch_any(bytes in prop::collection::vec(any::<u8>(), 0..2_048)) {
        fuzz_bodies::fetch(&bytes);
    }

    #[test]
    fn forms_any(bytes in prop::collection::vec(any::<u8>(), 0..1_024)) {
        fuzz_bodies::forms(&bytes);
    }

    #[test]
    fn play_any(bytes in prop::collection::vec(any::<u8>(), 0..1_024)) {
        fuzz_bodies::play(&bytes);
    }

    #[test]
    fn supervisor_text_any(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        fuzz_bodies::supervisor::text(&bytes);
    }

    #[test]
    fn supervisor_forms_any(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        fuzz_bodies::supervisor::forms(&bytes);
    }

    #[test]
    fn supervisor_script_any(bytes in prop::collection::vec(any::<u8>(), 0..1_500)) {
        fuzz_bodies::supervisor::script(&bytes);
    }

    #[test]
    fn supervisor_journal_any(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        fuzz_bodies::supervisor::journal(&bytes);
    }
}
