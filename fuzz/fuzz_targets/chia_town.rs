#![no_main]

#[path = "../../tests/fuzz_bodies/mod.rs"]
mod bodies;
#[path = "../../tests/given/mod.rs"]
mod given;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::chia::town(data));
