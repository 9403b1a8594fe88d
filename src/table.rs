//! Transition tables: declared once; run, drawn, checked and explored from the same slice.

use core::fmt;

/// Which side of a mini-protocol sends a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[expect(clippy::exhaustive_enums, reason = "there are two sides")]
pub enum Role {
    /// The side that opened the conversation.
    Initiator,
    /// The side that was called.
    Responder,
}

impl Role {
    /// The other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Initiator => "initiator",
            Self::Responder => "responder",
        })
    }
}

/// Who may send in a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are two sides and nobody")]
pub enum Agency {
    /// One side only.
    One(Role),
    /// Either side.
    Both,
    /// Neither: the phase is final.
    Nobody,
}

/// One allowed step: in phase `from`, `by` may send `on`, which leads to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Edge<P, L> {
    from: P,
    by: Role,
    on: L,
    to: P,
}

/// An edge of a table.
#[must_use]
pub const fn edge<P: Copy, L: Copy>(from: P, by: Role, on: L, to: P) -> Edge<P, L> {
    Edge { from, by, on, to }
}

impl<P: Copy, L: Copy> Edge<P, L> {
    /// The phase it leaves.
    #[must_use]
    pub const fn from(&self) -> P {
        self.from
    }

    /// Who sends.
    #[must_use]
    pub const fn by(&self) -> Role {
        self.by
    }

    /// What is sent.
    #[must_use]
    pub const fn on(&self) -> L {
        self.on
    }

    /// The phase it leads to.
    #[must_use]
    pub const fn to(&self) -> P {
        self.to
    }
}

/// The transitions of one mini-protocol. Agency follows from the edges, so it cannot contradict
/// them.
///
/// ```
/// use nodewire::{Agency, Role, Table, edge};
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq)]
/// enum Phase { Idle, Done }
/// #[derive(Clone, Copy, Debug, PartialEq, Eq)]
/// enum Label { Ping, Bye }
///
/// static TABLE: Table<Phase, Label> = Table::new("Ping", Phase::Idle, &[
///     edge(Phase::Idle, Role::Initiator, Label::Ping, Phase::Idle),
///     edge(Phase::Idle, Role::Initiator, Label::Bye, Phase::Done),
/// ]);
///
/// assert_eq!(TABLE.next(Phase::Idle, Role::Initiator, Label::Bye), Some(Phase::Done));
/// assert_eq!(TABLE.next(Phase::Idle, Role::Responder, Label::Bye), None);
/// assert_eq!(TABLE.agency(Phase::Idle), Agency::One(Role::Initiator));
/// assert_eq!(TABLE.agency(Phase::Done), Agency::Nobody);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Table<P: 'static, L: 'static> {
    name: &'static str,
    start: P,
    edges: &'static [Edge<P, L>],
}

impl<P: Copy, L: Copy> Table<P, L> {
    /// A table with its name, its first phase and its edges.
    #[must_use]
    pub const fn new(name: &'static str, start: P, edges: &'static [Edge<P, L>]) -> Self {
        Self { name, start, edges }
    }

    /// The specification's name of the mini-protocol.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The first phase.
    #[must_use]
    pub const fn start(&self) -> P {
        self.start
    }

    /// All allowed steps.
    #[must_use]
    pub const fn edges(&self) -> &'static [Edge<P, L>] {
        self.edges
    }
}

impl<P: Copy + Eq, L: Copy + Eq> Table<P, L> {
    /// Where a message leads, or `None` where it is not allowed.
    #[must_use]
    pub fn next(&self, from: P, by: Role, on: L) -> Option<P> {
        let fits = |edge: &&Edge<P, L>| edge.from == from && edge.by == by && edge.on == on;
        self.edges.iter().find(fits).map(|edge| edge.to)
    }

    /// Who may send in a phase, derived from the edges.
    #[must_use]
    pub fn agency(&self, at: P) -> Agency {
        let may = |role| self.edges.iter().any(|edge| edge.from == at && edge.by == role);
        match (may(Role::Initiator), may(Role::Responder)) {
            (true, true) => Agency::Both,
            (true, false) => Agency::One(Role::Initiator),
            (false, true) => Agency::One(Role::Responder),
            (false, false) => Agency::Nobody,
        }
    }
}

impl<P: Copy + Eq + fmt::Debug, L: Copy + Eq + fmt::Debug> fmt::Display for Table<P, L> {
    /// Draws the table as a Mermaid state diagram.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "stateDiagram-v2")?;
        writeln!(f, "  [*] --> {:?}", self.start)?;
        for edge in self.edges {
            writeln!(f, "  {:?} --> {:?}: {:?} ({})", edge.from, edge.to, edge.on, edge.by)?;
        }
        for (at, edge) in self.edges.iter().enumerate() {
            let first = self.edges.iter().position(|other| other.to == edge.to) == Some(at);
            if first && self.agency(edge.to) == Agency::Nobody {
                writeln!(f, "  {:?} --> [*]", edge.to)?;
            }
        }
        Ok(())
    }
}
