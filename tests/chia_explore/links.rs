//! Connections of roles, and the messages that are on their way along them.

use std::collections::VecDeque;
use std::fmt;

use nodewire::Rule;
use nodewire::codec::chia::{Message, NodeId, NodeType};
use nodewire::state::chia::{
    ConnectionId, Delivery, Direction, FromPeer, Parting, Peer, Whereabouts,
};

/// A connection of two members: its number is the connection's at both.
#[derive(Clone, Debug, Hash)]
struct Link {
    ends: [usize; 2],
    is_open: bool,
    /// What is on its way to either end.
    coming: [VecDeque<Message>; 2],
}

/// All connections, and what each member is.
#[derive(Clone, Debug, Hash)]
pub struct Links {
    types: Vec<NodeType>,
    links: Vec<Link>,
    wire: Wire,
}

/// What becomes on its way of a message of a member.
pub type Wire = fn(usize, Message) -> Vec<Message>;

/// A member ends a connection.
#[derive(Clone, Copy, Debug)]
pub struct Blame {
    pub by: usize,
    pub link: usize,
    /// What was broken; nothing, if nobody is blamed.
    pub rule: Option<&'static Rule>,
}

impl fmt::Display for Blame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, link, rule } = self;
        match rule {
            Some(rule) => write!(f, "member {by} blames connection {link} by {rule}"),
            None => write!(f, "member {by} closes connection {link}"),
        }
    }
}

impl Links {
    pub fn new(types: Vec<NodeType>) -> Self {
        Self { types, links: Vec::new(), wire: |_, message| vec![message] }
    }

    /// Plants a fault: from now on this becomes of messages on their way.
    pub fn tamper(&mut self, wire: Wire) {
        self.wire = wire;
    }

    /// Joins two members: what both are to be told.
    pub fn join(&mut self, one: usize, other: usize) -> [(usize, FromPeer); 2] {
        let number = ConnectionId(self.links.len() as u64);
        let coming = [VecDeque::new(), VecDeque::new()];
        self.links.push(Link { ends: [one, other], is_open: true, coming });
        [(one, other), (other, one)].map(|(to, of)| {
            let node_id = NodeId([u8::try_from(of).unwrap(); 32]);
            let peer = Peer { node_id, node_type: self.types[of], server_port: 0 };
            let at = Whereabouts { direction: Direction::Inbound, listens: None };
            (to, FromPeer::Connected(number, peer, at))
        })
    }

    /// Ends a connection, and loses what is on its way: what both are to be told.
    pub fn cut(&mut self, link: usize) -> [(usize, FromPeer); 2] {
        let gone = FromPeer::Disconnected(ConnectionId(link as u64), Parting::AddressKept);
        let link = &mut self.links[link];
        link.is_open = false;
        link.coming.iter_mut().for_each(VecDeque::clear);
        link.ends.map(|end| (end, gone.clone()))
    }

    pub fn is_open(&self, link: usize) -> bool {
        self.links[link].is_open
    }

    /// Puts a message on its way to everybody it is for; who is to be gone, if somebody is.
    pub fn send(&mut self, from: usize, delivery: Delivery) -> Option<Blame> {
        let blame =
            |to: ConnectionId, rule| Blame { by: from, link: usize::try_from(to.0).unwrap(), rule };
        match delivery {
            Delivery::To(to, message) => {
                let link = usize::try_from(to.0).unwrap();
                self.push(from, link, message);
            }
            Delivery::Broadcast(to, message) => self.broadcast(from, to, None, &message),
            Delivery::BroadcastToOthers(to, source, message) => {
                self.broadcast(from, to, Some(source), &message);
            }
            Delivery::Penalise(peer, rule) => {
                return Some(blame(peer, Some(rule)));
            }
            Delivery::Close(peer) => {
                return Some(blame(peer, None));
            }
            // Whom they know is decided by the world.
            _ => {}
        }
        None
    }

    fn broadcast(
        &mut self,
        from: usize,
        to: NodeType,
        source: Option<ConnectionId>,
        message: &Message,
    ) {
        for link in 0..self.links.len() {
            let ends = self.links[link].ends;
            let Some(end) = ends.iter().position(|end| *end == from) else { continue };
            let is_source = source == Some(ConnectionId(link as u64));
            if self.types[ends[1 - end]] == to && !is_source {
                self.push(from, link, message.clone());
            }
        }
    }

    /// What is for nobody vanishes.
    fn push(&mut self, from: usize, link: usize, message: Message) {
        let Some(link) = self.links.get_mut(link).filter(|link| link.is_open) else { return };
        let Some(end) = link.ends.iter().position(|end| *end == from) else { return };
        link.coming[1 - end].extend((self.wire)(from, message));
    }

    /// Where something is on its way: connection and end.
    pub fn moving(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let ends = (0..self.links.len()).flat_map(|link| [(link, 0), (link, 1)]);
        ends.filter(|(link, end)| !self.links[*link].coming[*end].is_empty())
    }

    /// The next message arrives there: which member hears what.
    pub fn arrive(&mut self, link: usize, end: usize) -> Option<(usize, FromPeer)> {
        let from = ConnectionId(link as u64);
        let link = &mut self.links[link];
        let message = link.coming[end].pop_front()?;
        Some((link.ends[end], FromPeer::Received(from, message)))
    }
}
