//! What a full node answers out of its chain: to full nodes that sync and to wallets
//! (`chia.md` P-8, P-43, P-44, W-2 to W-4).

mod input;
mod limits;
mod requests;

pub use input::{AtHeights, Found, ServingCommand, ServingQuery};
pub use limits::ServingLimits;

use crate::ask::{AskId, Asks};
use crate::codec::chia::messages::{
    AllHeaderHashes, Ancestors, Block, Header, HeaderBlocks, RespondBody, SyncBlocks,
};
use crate::codec::chia::{HeaderHash, Message};
use crate::fault::{Refusal, Refused, Rule};
use crate::machine::{ActionOf, Machine, Never, Out};
use crate::state::chia::role::{ConnectionId, Delivery, FromPeer};
use crate::state::chia::rules;
use crate::time::Time;

use requests::{Requests, tight};

/// Answers requests for blocks, headers, hashes and bodies.
///
/// Each request becomes a question to whoever keeps the chain. Of one peer one request is being
/// answered at a time, and the others wait, so answers leave in the order of the requests (C-16)
/// and a peer never holds up another. What is not known is not answered. A peer with as many
/// requests as [`max_requests`](ServingLimits::max_requests) is [busy](Self::is_busy_with): what it
/// asks for all the same is not answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Serving {
    limits: ServingLimits,
    requests: Requests,
    asks: Asks<Asked>,
}

/// What a question is about, and who is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Asked {
    peer: ConnectionId,
    about: About,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum About {
    Block,
    HeaderHashes,
    HeaderBlocks { tip: HeaderHash, count: usize },
    SyncBlocks { tip: HeaderHash, count: usize },
    Header,
    Ancestors { of: HeaderHash, count: usize },
    Body,
}

const _: () = assert!(size_of::<ActionOf<Serving>>() <= 128);
const _: () = crate::machine::kept::<Serving>();

impl Serving {
    /// Nobody has asked for anything.
    #[must_use]
    pub const fn new(limits: ServingLimits) -> Self {
        let asks = Asks::new(limits.max_open_asks);
        Self { limits, requests: Requests::new(), asks }
    }

    /// True while so many requests of this peer wait that no more of them should come.
    #[must_use]
    pub fn is_busy_with(&self, from: ConnectionId) -> bool {
        self.requests.count(from) >= self.limits.max_requests.max(1)
    }

    /// What a message asks for, if it is a request; the limits come before anything else.
    fn request(&self, message: Message) -> Result<Option<ServingQuery>, &'static Rule> {
        let limits = &self.limits;
        let within = |heights: &[u32], most: usize, rule: &'static Rule| {
            if heights.len() > most { Err(rule) } else { Ok(()) }
        };
        Ok(Some(match message {
            Message::RequestBlock(it) => ServingQuery::Block(it.header_hash),
            Message::RequestAllHeaderHashes(it) => ServingQuery::HeaderHashes(it.tip_header_hash),
            Message::RequestHeaderBlocks(it) => {
                within(&it.heights, limits.max_headers_asked, &rules::TOO_MANY_HEIGHTS)?;
                let (tip, heights) = (it.tip_header_hash, tight(it.heights));
                ServingQuery::HeaderBlocks(AtHeights { tip, heights })
            }
            Message::RequestSyncBlocks(it) => {
                within(&it.heights, limits.max_blocks_asked, &rules::TOO_MANY_HEIGHTS)?;
                let (tip, heights) = (it.tip_header_hash, tight(it.heights));
                ServingQuery::SyncBlocks(AtHeights { tip, heights })
            }
            Message::RequestHeader(it) => ServingQuery::Header(it.header_hash),
            Message::RequestAncestors(it) => {
                let heights = it.previous_heights_desired;
                within(&heights, limits.max_ancestors_asked, &rules::TOO_MANY_ANCESTORS)?;
                let (tip, heights) = (it.header_hash, tight(heights));
                ServingQuery::Ancestors(AtHeights { tip, heights })
            }
            Message::RequestBody(it) => ServingQuery::Body(it.body_hash),
            _ => return Ok(None),
        }))
    }

    /// Asks for what can be answered next.
    fn proceed(&mut self, out: &mut Out<Self>) {
        while !self.asks.is_full() {
            let Some((peer, query)) = self.requests.take() else { return };
            let asked = Asked { peer, about: About::of(&query) };
            if let Ok(id) = self.asks.open(asked) {
                out.ask(id, query);
            }
        }
    }

    fn admits(&self, command: &ServingCommand) -> Result<(), Refused> {
        let Some(asked) = self.asks.context(command.id())? else { return Ok(()) };
        let fits = match (asked.about, command) {
            (About::Block, ServingCommand::Block(..))
            | (About::HeaderHashes, ServingCommand::HeaderHashes(..))
            | (About::Header, ServingCommand::Header(..))
            | (About::Body, ServingCommand::Body(..)) => true,
            (About::HeaderBlocks { count, .. }, ServingCommand::HeaderBlocks(_, found)) => {
                found.is_of(count)
            }
            (About::SyncBlocks { count, .. }, ServingCommand::SyncBlocks(_, found)) => {
                found.is_of(count)
            }
            (About::Ancestors { count, .. }, ServingCommand::Ancestors(_, found)) => {
                found.as_ref().is_none_or(|found| found.len() <= count)
            }
            _ => false,
        };
        if fits { Ok(()) } else { Err(Refused::invalid("the question was another")) }
    }

    fn answered(&mut self, command: ServingCommand, out: &mut Out<Self>) {
        let Ok(Some(Asked { peer, about })) = self.asks.close(command.id()) else { return };
        let was_list = about == About::HeaderHashes;
        match answer(about, command) {
            Ok(Some(message)) => out.send(Delivery::To(peer, message)),
            Ok(None) => {}
            Err(rule) => out.send(Delivery::Penalise(peer, rule)),
        }
        self.requests.done(peer, was_list);
        self.proceed(out);
    }
}

/// The message that answers a request; `None`: silence.
fn answer(about: About, command: ServingCommand) -> Result<Option<Message>, &'static Rule> {
    let message = match command {
        ServingCommand::Block(_, found) => found.map(|block| Block { block: *block }.into()),
        ServingCommand::HeaderHashes(_, found) => {
            found.map(|header_hashes| AllHeaderHashes { header_hashes }.into())
        }
        ServingCommand::HeaderBlocks(_, found) => {
            let About::HeaderBlocks { tip: tip_header_hash, .. } = about else { return Ok(None) };
            let found = found.all()?;
            found.map(|header_blocks| HeaderBlocks { tip_header_hash, header_blocks }.into())
        }
        ServingCommand::SyncBlocks(_, found) => {
            let About::SyncBlocks { tip: tip_header_hash, .. } = about else { return Ok(None) };
            found.all()?.map(|blocks| SyncBlocks { tip_header_hash, blocks }.into())
        }
        ServingCommand::Header(_, found) => found.map(|found| {
            let (header_block, bip158_filter) = *found;
            Header { header_block, bip158_filter }.into()
        }),
        ServingCommand::Ancestors(_, found) => {
            let About::Ancestors { of: header_hash, .. } = about else { return Ok(None) };
            found.map(|ancestors| Ancestors { header_hash, ancestors }.into())
        }
        ServingCommand::Body(_, found) => found.map(|body| RespondBody { body: *body }.into()),
    };
    Ok(message)
}

impl About {
    fn of(query: &ServingQuery) -> Self {
        match query {
            ServingQuery::Block(_) => Self::Block,
            ServingQuery::HeaderHashes(_) => Self::HeaderHashes,
            ServingQuery::HeaderBlocks(AtHeights { tip, heights }) => {
                Self::HeaderBlocks { tip: *tip, count: heights.len() }
            }
            ServingQuery::SyncBlocks(AtHeights { tip, heights }) => {
                Self::SyncBlocks { tip: *tip, count: heights.len() }
            }
            ServingQuery::Header(_) => Self::Header,
            ServingQuery::Ancestors(AtHeights { tip, heights }) => {
                Self::Ancestors { of: *tip, count: heights.len() }
            }
            ServingQuery::Body(_) => Self::Body,
        }
    }
}

impl ServingCommand {
    const fn id(&self) -> AskId {
        let (Self::Block(id, _)
        | Self::HeaderHashes(id, _)
        | Self::HeaderBlocks(id, _)
        | Self::SyncBlocks(id, _)
        | Self::Header(id, _)
        | Self::Ancestors(id, _)
        | Self::Body(id, _)) = self;
        *id
    }
}

impl<T> Found<T> {
    /// Whether there is one for each of so many heights.
    fn is_of(&self, count: usize) -> bool {
        match self {
            Self::Unknown | Self::AboveTip => true,
            Self::All(all) => all.len() == count,
        }
    }

    fn all(self) -> Result<Option<alloc::vec::Vec<T>>, &'static Rule> {
        match self {
            Self::Unknown => Ok(None),
            Self::AboveTip => Err(&rules::HEIGHT_ABOVE_TIP),
            Self::All(all) => Ok(Some(all)),
        }
    }
}

impl Machine for Serving {
    type Local = ServingCommand;
    type Remote = FromPeer;
    type Send = Delivery;
    type Notice = Never;
    type Query = ServingQuery;

    fn handle_local(
        &mut self,
        _: Time,
        input: ServingCommand,
        out: &mut Out<Self>,
    ) -> Result<(), Refusal<ServingCommand>> {
        if let Err(why) = self.admits(&input) {
            return Err(Refusal::new(why, input));
        }
        self.answered(input, out);
        Ok(())
    }

    fn handle_remote(&mut self, _: Time, input: FromPeer, out: &mut Out<Self>) {
        match input {
            FromPeer::Received(from, message) => match self.request(message) {
                Ok(Some(request)) if !self.is_busy_with(from) => {
                    self.requests.add(from, request);
                    self.proceed(out);
                }
                Ok(_) => {}
                Err(rule) => out.send(Delivery::Penalise(from, rule)),
            },
            FromPeer::Disconnected(from, _) => {
                self.requests.forget(from);
                self.asks.cancel(|asked| asked.peer == from);
                self.proceed(out);
            }
            FromPeer::Connected(..) | FromPeer::DialFailed(_) | FromPeer::DialPutOff(..) => {}
        }
    }

    fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn awaits(&self, id: AskId) -> bool {
        self.asks.awaits(id)
    }

    fn footprint(&self) -> usize {
        size_of::<Self>().saturating_add(self.requests.heap()).saturating_add(self.asks.heap())
    }
}
