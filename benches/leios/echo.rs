//! What a step costs by the size of its actions: amendment A1 keeps them small.

use std::hint::black_box;

use nodewire::{ActionOf, Machine, Never, Out, Outbox, Refusal, Time};

use crate::common::{Case, Run};

/// The cases.
pub fn cases() -> Vec<Case> {
    let case = |name, make: fn() -> Run| Case { name, ops: 1_000, bytes: 0, make };
    vec![
        case("echo/72_byte_actions", echo::<8, 72>),
        case("echo/104_byte_actions", echo::<12, 104>),
        case("echo/136_byte_actions", echo::<16, 136>),
        case("echo/264_byte_actions", echo::<32, 264>),
        case("echo/520_byte_actions", echo::<64, 520>),
    ]
}

/// Sends back what it is sent.
struct Echo<const WORDS: usize>;

impl<const WORDS: usize> Machine for Echo<WORDS> {
    type Local = Never;
    type Remote = [u64; WORDS];
    type Send = [u64; WORDS];
    type Notice = Never;
    type Query = Never;

    fn handle_local(
        &mut self,
        _: Time,
        input: Never,
        _: &mut Out<Self>,
    ) -> Result<(), Refusal<Never>> {
        match input {}
    }
    fn handle_remote(&mut self, _: Time, input: Self::Remote, out: &mut Out<Self>) {
        out.send(input);
    }
    fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}
    fn deadline(&self) -> Option<Time> {
        None
    }
}

fn echo<const WORDS: usize, const SIZE: usize>() -> Run {
    assert_eq!(size_of::<ActionOf<Echo<WORDS>>>(), SIZE);
    let mut out = Outbox::new();
    Run::Again(Box::new(move || {
        for step in 0..1_000 {
            Echo.handle_remote(Time::ZERO, black_box([step; WORDS]), &mut out);
            black_box(out.pop());
        }
    }))
}
