//! One machine on a stream of frames.

mod cuts;
mod egress;
mod finish;
mod given;
mod ingress;
mod patience;
mod slow;
