//! What a made-up history is like, and who does wrong in it.

/// What a made-up history is like. Start from `default()` and set fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Options {
    /// Nodes of each chain.
    pub nodes: u32,
    /// Seconds from block to block: of the first chain, of the second, and so on around.
    pub block_times: [u64; 3],
    /// For how many seconds a message may be executed.
    pub expiry_window: u64,
    /// Most logs of users in a block.
    pub logs: u64,
    /// How many of a million logs of users execute something.
    pub executing: u32,
    /// What they execute.
    pub content: Content,
    /// So many of a million new blocks are followed by a reorganisation of their chain's unsafe
    /// blocks.
    pub unsafe_reorgs: u32,
    /// So many of a million layer-one blocks are followed by a reorganisation of layer one.
    pub l1_reorgs: u32,
    /// So many of a million layer-one blocks are followed by news of finality.
    pub finality: u32,
    /// Seconds without anything wrong at the end, after which all is decided.
    pub tail: u64,
    /// So many of a million inputs are followed by a call of a client.
    pub calls: u32,
    /// Who does wrong.
    pub faults: Faults,
}

/// What executing logs claim, each in a million of them. What is left over are messages of earlier
/// blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Content {
    /// A message of a block of the same time, before the executing log.
    pub same_time: u32,
    /// A message of a block of the same time at any position: may close a cycle.
    pub cycles: u32,
    /// A message with a wrong payload, position, time or number.
    pub lies: u32,
    /// A message that is too old.
    pub expired: u32,
    /// A message of the future.
    pub future: u32,
    /// A message of a chain that is not in the set.
    pub unknown_chain: u32,
    /// Nothing that could be a message.
    pub malformed: u32,
    /// A message of the anchor's block, which can never be told: the chain stops there.
    pub at_anchor: u32,
}

impl Content {
    /// Nothing but messages of earlier blocks and of the same time.
    pub const VALID: Self = Self {
        same_time: 250_000,
        cycles: 0,
        lies: 0,
        expired: 0,
        future: 0,
        unknown_chain: 0,
        malformed: 0,
        at_anchor: 0,
    };

    /// Some of everything, but nothing that stops a chain.
    pub const MIXED: Self = Self {
        cycles: 100_000,
        lies: 25_000,
        expired: 8_000,
        future: 8_000,
        unknown_chain: 8_000,
        malformed: 8_000,
        ..Self::VALID
    };
}

impl Default for Options {
    /// Two nodes a chain, blocks every two seconds, some of everything, no faults.
    fn default() -> Self {
        Self {
            nodes: 2,
            block_times: [2; 3],
            expiry_window: 3_600,
            logs: 3,
            executing: 300_000,
            content: Content::MIXED,
            unsafe_reorgs: 30_000,
            l1_reorgs: 80_000,
            finality: 300_000,
            tail: 16,
            calls: 20_000,
            faults: Faults::default(),
        }
    }
}

/// What goes wrong, each in a million inputs (`supervisor.md` section 13); until the quiet seconds
/// at the end begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Faults {
    /// A node's event is told twice.
    pub repeated: u32,
    /// A node's event overtakes the one before it.
    pub reordered: u32,
    /// A node tells of a block that is none.
    pub contradictory: u32,
    /// An answer is about something else.
    pub wrong_answers: u32,
    /// A question is never answered.
    pub unanswered: u32,
    /// A node goes down, and comes up later.
    pub nodes_down: u32,
    /// Layer one's tip is told of another branch, then again.
    pub alternating_tips: u32,
    /// Finality goes back, or to another block.
    pub finality_back: u32,
}

impl Faults {
    /// Some of everything.
    pub const ALL: Self = Self {
        repeated: 20_000,
        reordered: 20_000,
        contradictory: 10_000,
        wrong_answers: 10_000,
        unanswered: 10_000,
        nodes_down: 5_000,
        alternating_tips: 5_000,
        finality_back: 5_000,
    };
}
