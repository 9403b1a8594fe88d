//! Makes a machine do all it can.

use core::hint::black_box;

use nodewire::{ActionOf, Machine, Outbox, Time};

/// Gives a machine these inputs and everything it does back to the eye of the linker.
pub fn poke<M: Machine>(
    mut machine: M,
    local: impl IntoIterator<Item = M::Local>,
    remote: impl IntoIterator<Item = M::Remote>,
) -> usize {
    let mut out = Outbox::new();
    let mut now = Time::ZERO;
    for input in remote {
        machine.handle_remote(now, black_box(input), &mut out);
    }
    for input in local {
        if machine.handle_local(now, black_box(input), &mut out).is_err() {
            now = black_box(now);
        }
    }
    if let Some(due) = machine.deadline() {
        machine.handle_timeout(due, &mut out);
    }
    let mut done = machine.footprint() + usize::from(machine.saturated());
    while let Some(action) = out.pop() {
        done += see::<M>(&action);
    }
    done
}

fn see<M: Machine>(action: &ActionOf<M>) -> usize {
    size_of_val(black_box(action))
}
