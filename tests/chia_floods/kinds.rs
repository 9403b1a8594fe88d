//! What a kind of hostile items is: who sends it, what it is, and what it may cost.

use std::time::Duration;

use nodewire::codec::chia::{Bytes32, Message, NodeType, PeerInfo};
use nodewire::link::Transport;

/// A kind of hostile items.
pub struct Kind {
    pub name: &'static str,
    pub way: Way,
    /// The item of each number, as bytes.
    pub item: Box<dyn FnMut(u64) -> Vec<u8>>,
    /// What the flooder makes of what it is sent.
    pub reaction: Option<Box<dyn FnMut(Message) -> Vec<u8>>>,
    /// What the node may keep of it.
    pub rooms: Vec<Room>,
    /// How long until the next.
    pub pause: Duration,
    /// How many bytes it takes of what it is sent.
    pub takes: usize,
    /// By which rules its connections end, in the order of their names.
    pub ends: &'static [&'static str],
}

/// How the flooder comes.
pub enum Way {
    /// As a node of a type, again as soon as it was thrown out.
    Established(NodeType),
    /// On a new stream for each item, from there; it stays open.
    Opening(Box<dyn Fn(u64) -> PeerInfo>),
    /// The same, and closed once the item is there.
    Passing(Box<dyn Fn(u64) -> PeerInfo>),
    /// It is the honest peer that floods: nobody else has a place.
    Alone,
}

/// So many things, by a limit's name, of so many bytes each.
pub struct Room {
    pub limit: &'static str,
    pub number: usize,
    pub bytes: usize,
}

/// What a table entry of a hash costs, with its share of the tables it is in.
pub const OF_A_HASH: usize = 256;

impl Kind {
    pub fn new(
        name: &'static str,
        from: NodeType,
        item: impl FnMut(u64) -> Vec<u8> + 'static,
    ) -> Self {
        Self {
            name,
            way: Way::Established(from),
            item: Box::new(item),
            reaction: None,
            rooms: Vec::new(),
            pause: Duration::from_millis(1),
            takes: Transport::UNCOUNTED,
            ends: &[],
        }
    }

    pub fn way(mut self, way: Way) -> Self {
        self.way = way;
        self
    }

    /// So many of them are kept, by this limit, of so many bytes.
    pub fn keeps(mut self, limit: &'static str, number: usize, bytes: usize) -> Self {
        self.rooms.push(Room { limit, number, bytes });
        self
    }

    /// Its connections end by these rules.
    pub fn ends(mut self, rules: &'static [&'static str]) -> Self {
        self.ends = rules;
        self
    }

    pub fn pauses(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    pub fn takes(mut self, bytes: usize) -> Self {
        self.takes = bytes;
        self
    }

    pub fn reacts(mut self, reaction: impl FnMut(Message) -> Vec<u8> + 'static) -> Self {
        self.reaction = Some(Box::new(reaction));
        self
    }
}

/// What an object in a frame of so many bytes costs while it is kept: the frame, that its proofs
/// are shared slices of, the object and its entries in tables.
pub const fn kept(frame: usize) -> usize {
    2 * frame + 2_048
}

pub fn bytes32(number: u64) -> Bytes32 {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Bytes32(bytes)
}

/// Somewhere else each time.
pub fn anywhere(number: u64) -> PeerInfo {
    let [.., a, b, c] = number.to_be_bytes();
    PeerInfo { host: format!("11.{a}.{b}.{c}"), port: 50_000 }
}

/// Always this computer: nobody there is banned, or has fewer streams than others.
pub fn here(_: u64) -> PeerInfo {
    PeerInfo { host: "127.0.0.1".into(), port: 50_000 }
}
