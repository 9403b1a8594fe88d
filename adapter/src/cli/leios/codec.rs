//! `decode` and `encode`: messages as readable JSON and back.

use clap::ValueEnum;
use nodewire::bytes::Bytes;
use nodewire::codec::leios::{
    HandshakeMessage, KeepAliveMessage, LinearLeiosBlock, LinearLeiosVote, NaiveMessage,
    RankingBlockHeader, ReplyMessage, RequestMessage,
};
use nodewire::codec::{Malformed, Source};
use nodewire::state::leios::rules::of_malformed;
use nodewire_adapter::hex::to_hex;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::{as_json, print};

/// The kinds of Leios data that stand alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A message of LeiosRequest.
    Request,
    /// A message of LeiosReply.
    Reply,
    /// A message of NaiveLeios.
    Naive,
    /// A message of KeepAlive.
    KeepAlive,
    /// A message of the handshake.
    Handshake,
    /// A ranking-block header in its wrapper.
    Header,
    /// An endorser block.
    Block,
    /// A vote.
    Vote,
}

impl Kind {
    /// What an argument without a kind is tried as. The neighbours' messages look like those of
    /// the pair, so they have to be asked for.
    const TRIED: [Self; 5] = [Self::Request, Self::Reply, Self::Header, Self::Block, Self::Vote];

    fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Reply => "reply",
            Self::Naive => "naive",
            Self::KeepAlive => "keep-alive",
            Self::Handshake => "handshake",
            Self::Header => "header",
            Self::Block => "block",
            Self::Vote => "vote",
        }
    }

    /// The message in `bytes` as JSON.
    fn decode(self, bytes: &[u8]) -> Result<Value, Malformed> {
        let copy = Source::COPY;
        match self {
            Self::Request => RequestMessage::decode(bytes, copy).map(as_json),
            Self::Reply => ReplyMessage::decode(bytes, copy).map(as_json),
            Self::Naive => NaiveMessage::decode(bytes, copy).map(as_json),
            Self::KeepAlive => KeepAliveMessage::decode(bytes, copy).map(as_json),
            Self::Handshake => HandshakeMessage::decode(bytes, copy).map(as_json),
            Self::Header => {
                let header = RankingBlockHeader::from_raw(Bytes::copy_from_slice(bytes))?;
                let view = as_json(header.view()?);
                Ok(json!({ "header": as_json(&header), "says": view }))
            }
            Self::Block => {
                let block = LinearLeiosBlock::from_raw(Bytes::copy_from_slice(bytes))?;
                let references: Vec<_> = block.references().map(as_json).collect();
                Ok(json!({ "block": as_json(&block), "references": references }))
            }
            Self::Vote => {
                let vote = LinearLeiosVote::from_raw(Bytes::copy_from_slice(bytes))?;
                Ok(json!({
                    "vote": as_json(&vote),
                    "slot": as_json(vote.slot()),
                    "block": as_json(vote.block()),
                    "issuer": as_json(vote.issuer()),
                    "signature": to_hex(&vote.signature()),
                }))
            }
        }
    }

    /// The bytes of the message in `text`.
    fn encode(self, text: &str) -> Result<Vec<u8>, serde_json::Error> {
        let mut out = Vec::new();
        match self {
            Self::Request => read::<RequestMessage>(text)?.encode(&mut out),
            Self::Reply => read::<ReplyMessage>(text)?.encode(&mut out),
            Self::Naive => read::<NaiveMessage>(text)?.encode(&mut out),
            Self::KeepAlive => read::<KeepAliveMessage>(text)?.encode(&mut out),
            Self::Handshake => read::<HandshakeMessage>(text)?.encode(&mut out),
            // These are kept as received, so their JSON form names the raw bytes.
            Self::Header => out.extend(read::<Named>(text)?.header()?.raw()),
            Self::Block => out.extend(read::<Named>(text)?.block()?.raw()),
            Self::Vote => out.extend(read::<Named>(text)?.vote()?.raw()),
        }
        Ok(out)
    }
}

/// What `decode` prints for data that is kept raw.
#[derive(serde::Deserialize)]
struct Named {
    header: Option<RankingBlockHeader>,
    block: Option<LinearLeiosBlock>,
    vote: Option<LinearLeiosVote>,
}

impl Named {
    fn header(self) -> Result<RankingBlockHeader, serde_json::Error> {
        self.header.ok_or_else(|| serde::de::Error::missing_field("header"))
    }

    fn block(self) -> Result<LinearLeiosBlock, serde_json::Error> {
        self.block.ok_or_else(|| serde::de::Error::missing_field("block"))
    }

    fn vote(self) -> Result<LinearLeiosVote, serde_json::Error> {
        self.vote.ok_or_else(|| serde::de::Error::missing_field("vote"))
    }
}

/// Prints what `bytes` are.
pub fn decode(bytes: &[u8], kind: Option<Kind>, json: bool) -> Result<(), Failure> {
    let (kind, message) = match kind {
        Some(kind) => (kind, kind.decode(bytes).map_err(|error| complaint(kind, error))?),
        None => guess(bytes)?,
    };
    let shown = if json {
        serde_json::to_string(&json!({ "kind": kind.name(), "bytes": bytes.len(), "is": message }))
    } else {
        serde_json::to_string_pretty(&message)
    };
    print(&shown?)
}

/// The one kind that fits, or the complaint of the kind that got furthest.
fn guess(bytes: &[u8]) -> Result<(Kind, Value), Failure> {
    let mut fits = Vec::new();
    let mut furthest: Option<(Kind, Malformed)> = None;
    for kind in Kind::TRIED {
        match kind.decode(bytes) {
            Ok(message) => fits.push((kind, message)),
            Err(error) if furthest.is_none_or(|(_, best)| error.offset > best.offset) => {
                furthest = Some((kind, error));
            }
            Err(_) => {}
        }
    }
    match (fits.len(), furthest) {
        (1, _) => Ok(fits.remove(0)),
        (0, Some((kind, error))) => Err(Failure::new(format!(
            "nothing fits (--as names the kind); furthest came: {}",
            complaint(kind, error)
        ))),
        _ => {
            let names: Vec<_> = fits.iter().map(|(kind, _)| kind.name()).collect();
            Err(Failure::new(format!(
                "this can be more than one thing: say --as {}",
                names.join("|")
            )))
        }
    }
}

fn complaint(kind: Kind, error: Malformed) -> Failure {
    let (name, rule) = (kind.name(), of_malformed(error.kind));
    Failure::new(format!("no {name}: {} at byte {}, against {rule}", error.kind, error.offset))
}

/// Prints the bytes of the message in `text`.
pub fn encode(text: &str, kind: Option<Kind>, json: bool) -> Result<(), Failure> {
    serde_json::from_str::<Value>(text)?;
    let kinds = kind.map_or(Kind::TRIED.to_vec(), |kind| vec![kind]);
    let mut complaints = Vec::new();
    for kind in kinds {
        match kind.encode(text) {
            Ok(bytes) if json => {
                let hex = to_hex(&bytes);
                let shown = json!({ "kind": kind.name(), "bytes": bytes.len(), "hex": hex });
                return print(&shown.to_string());
            }
            Ok(bytes) => return print(&to_hex(&bytes)),
            Err(error) => complaints.push(format!("no {}: {error}", kind.name())),
        }
    }
    Err(Failure::new(complaints.join("; ")))
}

fn read<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str(text)
}
