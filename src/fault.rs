//! What can go wrong, sorted by whose fault it is.

use core::fmt;
use core::hash::{Hash, Hasher};

/// One checkable sentence of a specification.
///
/// Rules are `static` items of their family's `rules` module. Two rules are equal when their id
/// and their reason are.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    id: &'static str,
    reason: &'static str,
    text: &'static str,
    source: &'static str,
    severity: Severity,
}

impl Rule {
    /// A rule: its id with the family in front (`leios/L-17`), the short name of its violation
    /// (`NoSuchRequest`), its text, where it comes from, and how bad breaking it is.
    #[must_use]
    pub const fn new(
        id: &'static str,
        reason: &'static str,
        text: &'static str,
        source: &'static str,
        severity: Severity,
    ) -> Self {
        Self { id, reason, text, source, severity }
    }

    /// Its stable id, for metrics, logs and search: `leios/L-17`.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// The short name of its violation: `NoSuchRequest`.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.reason
    }

    /// The rule in a sentence.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// Where the rule comes from: the specification, or the need that added it.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// How bad breaking it is: advice for whoever keeps scores.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        (self.id, self.reason) == (other.id, other.reason)
    }
}

impl Eq for Rule {}

impl Hash for Rule {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.id, self.reason).hash(state);
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.reason)
    }
}

/// How bad breaking a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[expect(clippy::exhaustive_enums, reason = "who decides by it decides on each")]
pub enum Severity {
    /// An honest node may do it: counted, never a reason to disconnect.
    Benign,
    /// A bug or a broken configuration: disconnect.
    Faulty,
    /// No honest node does it, whatever its bugs: disconnect and remember.
    Hostile,
}

/// Why a machine gave up on its peer.
///
/// Faults are `Copy` and hold static text only: nothing is allocated while under attack, and
/// nothing of a peer's bytes gets into a log by accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The peer broke a rule.
    #[error("the peer broke {rule} in {phase}: {}", rule.text())]
    #[non_exhaustive]
    Violation {
        /// The broken rule.
        rule: &'static Rule,
        /// The phase or state our side was in.
        phase: &'static str,
    },
    /// The peer sent bytes that are no message.
    #[error("the peer broke {rule}: {kind} at byte {offset} of {inside}")]
    #[non_exhaustive]
    Malformed {
        /// The rule or decision that demands the form.
        rule: &'static Rule,
        /// What is wrong with the bytes: the name of a `MalformedKind`.
        kind: &'static str,
        /// Where in the message, counted from its first byte.
        offset: usize,
        /// The kind of message.
        inside: &'static str,
    },
    /// The peer sent more than a limit allows.
    #[error("the peer overran the limit `{limit}`")]
    #[non_exhaustive]
    Overrun {
        /// The limit's name in the documentation.
        limit: &'static str,
    },
    /// Something owed did not come in time.
    #[error("nothing came in time ({rule}) while waiting for {awaited}")]
    #[non_exhaustive]
    Timeout {
        /// The rule that sets the time.
        rule: &'static Rule,
        /// What was owed.
        awaited: &'static str,
    },
    /// The transport closed where it may not.
    #[error("the transport closed in the middle of {inside}")]
    #[non_exhaustive]
    Truncated {
        /// What was under way.
        inside: &'static str,
    },
    /// What our own side has to send doesn't leave: the transport takes too little, and nobody
    /// knows whose fault that is.
    #[error("what is to leave does not, and that reached the limit `{limit}`")]
    #[non_exhaustive]
    Congested {
        /// The limit's name in the documentation.
        limit: &'static str,
    },
    /// Our own side promised what it cannot do.
    #[error("the local side could not honour {rule}: {duty}")]
    #[non_exhaustive]
    Unable {
        /// The rule that makes it a duty.
        rule: &'static Rule,
        /// What was promised.
        duty: &'static str,
    },
}

impl Fault {
    /// The peer broke `rule` while our side was in `phase`.
    #[must_use]
    pub const fn violation(rule: &'static Rule, phase: &'static str) -> Self {
        Self::Violation { rule, phase }
    }

    /// The peer sent bytes that are no message.
    #[must_use]
    pub const fn malformed(
        rule: &'static Rule,
        kind: &'static str,
        offset: usize,
        inside: &'static str,
    ) -> Self {
        Self::Malformed { rule, kind, offset, inside }
    }

    /// The peer sent more than `limit` allows.
    #[must_use]
    pub const fn overrun(limit: &'static str) -> Self {
        Self::Overrun { limit }
    }

    /// What is to leave doesn't, and that reached `limit`.
    #[must_use]
    pub const fn congested(limit: &'static str) -> Self {
        Self::Congested { limit }
    }

    /// Nothing came in time.
    #[must_use]
    pub const fn timeout(rule: &'static Rule, awaited: &'static str) -> Self {
        Self::Timeout { rule, awaited }
    }

    /// The transport closed in the middle of something.
    #[must_use]
    pub const fn truncated(inside: &'static str) -> Self {
        Self::Truncated { inside }
    }

    /// Our side could not honour a duty.
    #[must_use]
    pub const fn unable(rule: &'static Rule, duty: &'static str) -> Self {
        Self::Unable { rule, duty }
    }

    /// The rule behind the fault, where there is one.
    #[must_use]
    pub const fn rule(&self) -> Option<&'static Rule> {
        match self {
            Self::Violation { rule, .. }
            | Self::Malformed { rule, .. }
            | Self::Timeout { rule, .. }
            | Self::Unable { rule, .. } => Some(rule),
            Self::Overrun { .. } | Self::Truncated { .. } | Self::Congested { .. } => None,
        }
    }

    /// How bad it is: a rule's own severity; an overrun is hostile; a broken transport and one that
    /// takes too little are nobody's.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Violation { rule, .. } | Self::Malformed { rule, .. } => rule.severity(),
            Self::Overrun { .. } => Severity::Hostile,
            Self::Timeout { .. } => Severity::Faulty,
            Self::Truncated { .. } | Self::Congested { .. } | Self::Unable { .. } => {
                Severity::Benign
            }
        }
    }
}

/// How a machine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "every end is one of these, and to be seen to")]
pub enum Ending {
    /// As the protocol wants it.
    Done,
    /// By a fault.
    Fault(Fault),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

/// Why a local input had no effect: the machine's state is exactly what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// A command that the phase does not allow.
    #[error("not possible in {phase}")]
    #[non_exhaustive]
    WrongPhase {
        /// The phase or state the machine is in.
        phase: &'static str,
    },
    /// A window is full; wait. Always foreseeable by the machine's `room()`.
    #[error("no room under `{limit}` now")]
    #[non_exhaustive]
    Busy {
        /// The limit's name in the documentation.
        limit: &'static str,
    },
    /// An argument no machine could honour.
    #[error("{why}")]
    #[non_exhaustive]
    Invalid {
        /// What is wrong with it.
        why: &'static str,
    },
    /// An answer to a question that was never asked.
    #[error("an answer to a question that was never asked")]
    UnknownAsk,
    /// The machine has ended.
    #[error("the machine has ended")]
    Ended,
}

impl Refused {
    /// Not possible in this phase.
    #[must_use]
    pub const fn wrong_phase(phase: &'static str) -> Self {
        Self::WrongPhase { phase }
    }

    /// No room under this limit now.
    #[must_use]
    pub const fn busy(limit: &'static str) -> Self {
        Self::Busy { limit }
    }

    /// An argument no machine could honour.
    #[must_use]
    pub const fn invalid(why: &'static str) -> Self {
        Self::Invalid { why }
    }
}

/// A refused local input, handed back to whoever sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Refusal<L> {
    /// Why it was refused.
    pub why: Refused,
    /// The input, untouched.
    pub input: L,
}

impl<L> Refusal<L> {
    /// A refusal of `input`.
    #[must_use]
    pub const fn new(why: Refused, input: L) -> Self {
        Self { why, input }
    }

    /// The same refusal of what `wrap` makes of the input: for machines that pass input on.
    pub fn map<M>(self, wrap: impl FnOnce(L) -> M) -> Refusal<M> {
        Refusal { why: self.why, input: wrap(self.input) }
    }
}

impl<L> fmt::Display for Refusal<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused: {}", self.why)
    }
}

impl<L: fmt::Debug> core::error::Error for Refusal<L> {}
