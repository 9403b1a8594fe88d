//! Where the shared test vectors are read.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A file of the shared vectors of a family. `None`, said by the name of the test, where they are not at
/// hand, unless `NODEWIRE_REQUIRE_VECTORS` is 1: then that is an error.
pub fn shared(test: &str, family: &str, file: &str) -> Option<Value> {
    let root = std::env::var_os("NODEWIRE_VECTORS").map_or_else(beside, PathBuf::from);
    let path = root.join(family).join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).expect("vectors are JSON")),
        Err(error) => {
            let required = std::env::var_os("NODEWIRE_REQUIRE_VECTORS").is_some_and(|v| v == "1");
            assert!(!required, "{test}: {}: {error}", path.display());
            println!("skipped {test}: no {}", path.display());
            None
        }
    }
}

/// Beside the project, whichever of its packages this is compiled for.
fn beside() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = package.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    project.unwrap_or(package).join("../shared/vectors")
}
