//! The command line of nodewire.
fn main() {}
