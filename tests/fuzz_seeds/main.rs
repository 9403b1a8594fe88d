//! Seeds for the fuzz targets, made of the scenarios, the committed vectors and values of every
//! kind. They are written into the folder that `NODEWIRE_SEEDS` names, one folder a target;
//! without it they are only made. A new corpus grows from these and is minimised together with
//! them.

#![cfg(all(
    feature = "leios",
    feature = "chia",
    feature = "supervisor",
    feature = "arbitrary",
    feature = "sim"
))]

mod chia;
#[path = "../fuzz_bodies/mod.rs"]
mod fuzz_bodies;
#[path = "../given/mod.rs"]
mod given;
mod leios;
mod supervisor;

use std::fs;
use std::path::Path;

/// A target and one input of it.
type Seed = (&'static str, Vec<u8>);

fn seed(target: &'static str, which: u8, rest: impl AsRef<[u8]>) -> Seed {
    (target, [&[which], rest.as_ref()].concat())
}

fn write(folder: &Path, seeds: &[Seed]) {
    for (number, (target, bytes)) in seeds.iter().enumerate() {
        let folder = folder.join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("seed-{number:04}")), bytes).unwrap();
    }
}

#[test]
fn seeds_are_good_inputs() {
    let mut seeds = leios::seeds();
    assert!(seeds.len() > 500, "{} seeds", seeds.len());
    seeds.extend(supervisor::seeds());
    seeds.extend(chia::seeds());
    for (target, bytes) in &seeds {
        match *target {
            "decode" => fuzz_bodies::decode(bytes),
            "forms" => fuzz_bodies::forms(bytes),
            "play" => fuzz_bodies::play(bytes),
            "supervisor_text" => fuzz_bodies::supervisor::text(bytes),
            "supervisor_forms" => fuzz_bodies::supervisor::forms(bytes),
            "supervisor_journal" => fuzz_bodies::supervisor::journal(bytes),
            "chia_decode" => fuzz_bodies::chia::decode(bytes),
            "chia_script" => fuzz_bodies::chia::script(bytes),
            "chia_town" => fuzz_bodies::chia::town(bytes),
            other => panic!("no target {other}"),
        }
    }
    if let Some(folder) = std::env::var_os("NODEWIRE_SEEDS") {
        write(Path::new(&folder), &seeds);
        println!("{} seeds", seeds.len());
    }
}
