//! How a block becomes safer. The Supervisor has no phases: it takes any input at any time, and
//! what has states are the blocks.

use std::fmt::Write;

use nodewire::codec::supervisor::SafetyLevel;
use nodewire::codec::supervisor::SafetyLevel::{
    CrossUnsafe, Finalized, Invalid, LocalSafe, Safe, Unsafe,
};

/// The drawing's title.
pub const NAME: &str = "Safety of a block (the Supervisor itself has no phases)";

/// From one level to another, and what for. `None`: not known, or not there any more.
const STEPS: [(Option<SafetyLevel>, Option<SafetyLevel>, &str); 14] = [
    (None, Some(Unsafe), "indexed with its logs"),
    (Some(Unsafe), Some(CrossUnsafe), "its messages resolve against cross-unsafe data"),
    (Some(Unsafe), Some(LocalSafe), "derived from layer one"),
    (Some(CrossUnsafe), Some(LocalSafe), "derived from layer one"),
    (Some(LocalSafe), Some(Safe), "its messages are cross-safe within one scope"),
    (Some(Safe), Some(Finalized), "the layer-one block of its scope is final"),
    (Some(LocalSafe), Some(Invalid), "a message of it can never be cross-safe"),
    (Some(CrossUnsafe), Some(Unsafe), "what it rests on is gone"),
    (Some(Invalid), None, "replaced by a block of deposits"),
    (Some(Unsafe), None, "another branch"),
    (Some(CrossUnsafe), None, "another branch"),
    (Some(LocalSafe), None, "layer one was reorganised"),
    (Some(Safe), None, "layer one was reorganised"),
    (Some(Finalized), None, "pruned"),
];

/// The drawing, in Mermaid.
pub fn diagram() -> String {
    let mut text = "stateDiagram-v2\n".to_owned();
    for level in SafetyLevel::ALL {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    state \"{level}\" as {}", name(Some(level)));
    }
    for (from, to, why) in STEPS {
        let _ = writeln!(text, "    {} --> {}: {why}", name(from), name(to));
    }
    text
}

fn name(level: Option<SafetyLevel>) -> String {
    level.map_or("[*]".to_owned(), |level| level.name().replace('-', "_"))
}
