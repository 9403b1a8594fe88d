//! When may a message be executed, as far as times tell? (`supervisor.md` 7.2 and 7.3)

use crate::codec::supervisor::ExecutingDescriptor;

/// Why a message may not be executed at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Untimely {
    /// It was initiated later.
    #[error("initiated in the future")]
    InitiatedInFuture,
    /// It was initiated at the same time, which access lists never verify (S-34).
    #[error("initiated at the time of execution")]
    SameTimestamp,
    /// It was initiated too long ago (D-10).
    #[error("expired")]
    Expired,
    /// It is not valid for as long as was asked for (S-29).
    #[error("expires before the time-out")]
    ExpiresBeforeTimeout,
}

/// Whether a block of time `executing` may execute a message of time `initiated`, with an expiry
/// window of `window` seconds. All times are seconds of Unix time.
///
/// # Errors
/// [`Untimely::InitiatedInFuture`] or [`Untimely::Expired`].
pub const fn timely_in_block(initiated: u64, executing: u64, window: u64) -> Result<(), Untimely> {
    match executing.checked_sub(initiated) {
        None => Err(Untimely::InitiatedInFuture),
        // Exactly at the window is still valid.
        Some(age) if age > window => Err(Untimely::Expired),
        Some(_) => Ok(()),
    }
}

/// Whether an access list may declare a message of time `initiated` for this descriptor: a matter
/// of the descriptor's time, not of the message alone (S-28).
///
/// # Errors
/// As [`timely_in_block`], [`Untimely::SameTimestamp`] and [`Untimely::ExpiresBeforeTimeout`].
pub fn timely_in_access_list(
    initiated: u64,
    descriptor: &ExecutingDescriptor,
    window: u64,
) -> Result<(), Untimely> {
    let ExecutingDescriptor { timestamp, timeout, .. } = *descriptor;
    if initiated == timestamp {
        return Err(Untimely::SameTimestamp);
    }
    timely_in_block(initiated, timestamp, window)?;
    let age = u128::from(timestamp) + u128::from(timeout) - u128::from(initiated);
    if age > u128::from(window) {
        return Err(Untimely::ExpiresBeforeTimeout);
    }
    Ok(())
}
