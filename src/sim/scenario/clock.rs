//! Virtual time for what is tested in this process.

use core::time::Duration;

use crate::time::Time;

/// Most deadlines that may come in one wait.
const MOST_DEADLINES: usize = 1_000_000;

/// What time passes for.
pub(super) trait Timed {
    /// When it is, for it.
    fn now(&mut self) -> &mut Time;

    /// When it wants to be told.
    fn deadline(&self) -> Option<Time>;

    /// It is told that it is now as late as it is.
    fn timeout(&mut self);
}

/// Lets so many microseconds pass.
pub(super) fn pass(timed: &mut impl Timed, micros: u64) {
    let to = timed.now().after(Duration::from_micros(micros));
    advance(timed, to, |_| false);
}

/// Lets time pass up to `to`, deadline by deadline, or until `enough`.
pub(super) fn advance<T: Timed>(timed: &mut T, to: Time, mut enough: impl FnMut(&T) -> bool) {
    for _ in 0..MOST_DEADLINES {
        if enough(timed) {
            return;
        }
        match timed.deadline() {
            Some(due) if due <= to => {
                let now = (*timed.now()).max(due);
                *timed.now() = now;
                timed.timeout();
                if timed.deadline().is_some_and(|next| next <= due && next <= now) {
                    break;
                }
            }
            _ => break,
        }
    }
    if !enough(timed) {
        let now = timed.now();
        *now = (*now).max(to);
    }
}
