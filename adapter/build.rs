//! Puts the scenario files into the program: `check` needs no folder beside it.

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::Path;

fn main() {
    for family in ["chia", "leios", "supervisor"] {
        put(family);
    }
}

fn put(family: &str) {
    let here = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let folder = Path::new(&here).join("../tests/scenarios").join(family);
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of scenarios")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|found| found == "json"))
        .collect();
    files.sort();
    let mut code = String::from("&[\n");
    for file in files {
        println!("cargo:rerun-if-changed={}", file.display());
        writeln!(code, "    include_str!({:?}),", file.display().to_string()).expect("a string");
    }
    code.push_str("]\n");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let out = Path::new(&out).join(family).with_extension("rs");
    fs::write(out, code).expect("OUT_DIR can be written");
}
