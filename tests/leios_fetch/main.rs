//! The decision logic over many peers, in worlds of links with a rate, a delay and a queue.

mod choices;
mod eight_sources;
mod hostile;
mod limits;
mod world;
