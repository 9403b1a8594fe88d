//! How much a peer sends in a minute.

use core::time::Duration;

use crate::codec::chia::Function;
use crate::state::chia::limits::RateLimits;
use crate::time::Time;

/// How long a window is.
const WINDOW: Duration = Duration::from_secs(60);

/// What was sent in the window that began last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Rate {
    since: Option<Time>,
    messages: u32,
    transactions: u32,
    bytes: u64,
}

impl Rate {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { since: None, messages: 0, transactions: 0, bytes: 0 }
    }

    /// Counts a message of so many bytes.
    pub fn count(&mut self, now: Time, function: Function, bytes: u32) {
        if self.end().is_none_or(|end| end <= now) {
            *self = Self { since: Some(now), ..Self::default() };
        }
        let number = if is_about_transactions(function) {
            &mut self.transactions
        } else {
            &mut self.messages
        };
        *number = number.saturating_add(1);
        self.bytes = self.bytes.saturating_add(u64::from(bytes));
    }

    /// When the window ends.
    pub fn end(&self) -> Option<Time> {
        self.since.map(|since| since.after(WINDOW))
    }

    /// The allowance that is used up (`more`: exceeded), if one is.
    pub fn exhausted(&self, limits: &RateLimits, more: bool) -> Option<&'static str> {
        let over = |found: u64, most: u64| found > most || (found == most && !more);
        if over(u64::from(self.messages), u64::from(limits.messages)) {
            Some("rate.messages")
        } else if over(u64::from(self.transactions), u64::from(limits.transactions)) {
            Some("rate.transactions")
        } else {
            over(self.bytes, limits.bytes).then_some("rate.bytes")
        }
    }

    /// A new window, from its first message on.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

const fn is_about_transactions(function: Function) -> bool {
    matches!(
        function,
        Function::TransactionId
            | Function::RequestTransaction
            | Function::NewTransaction
            | Function::SendTransaction
    )
}
