#![doc = include_str!("diagrams.md")]
