//! `decode` and `encode`: messages and objects as readable JSON and back.

use clap::{Args, ValueEnum};
use nodewire::codec::chia::{
    Body, Challenge, CoinbaseInfo, FullBlock, Function, Header, HeaderBlock, HeaderData, Message,
    PeerInfo, ProofOfSpace, ProofOfTime, SignedCoinbase,
};
use nodewire::codec::streamable::{RustCryptoSha256, Streamable};
use nodewire::codec::{Malformed, MalformedKind, Source};
use nodewire::state::chia::rules::of_malformed;
use nodewire_adapter::hex::to_hex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::{as_json, print, source};

/// What is turned into JSON, or back.
#[derive(Debug, Args)]
pub struct Coded {
    /// The bytes or the JSON itself (hex for bytes), @FILE, or - for standard input.
    #[arg(allow_hyphen_values = true, required_unless_present = "list")]
    text: Option<String>,
    /// What it is.
    #[arg(long = "as", value_enum, default_value = "frame")]
    kind: Kind,
    /// Print the names of all messages, and nothing else.
    #[arg(long, conflicts_with_all = ["text", "kind"])]
    list: bool,
}

/// What stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A message with the length before it, as on the stream.
    Frame,
    /// A message without the length before it.
    Message,
    /// A block, finished or not.
    FullBlock,
    /// All of a block but its body.
    HeaderBlock,
    /// A signed header: what a block is known by.
    Header,
    /// What a header's signature signs.
    HeaderData,
    /// What a block does.
    Body,
    /// What a finished block sets for the next one.
    Challenge,
    /// What a block pays to the pool.
    CoinbaseInfo,
    /// The same, signed by the pool.
    SignedCoinbase,
    /// A proof that a plot answers a challenge.
    ProofOfSpace,
    /// A proof that time has passed.
    ProofOfTime,
    /// Where somebody listens.
    PeerInfo,
}

/// Bytes of the length before a frame (FR-1).
const LENGTH: usize = 4;

/// What was read: as JSON, and the SHA-256 that it is known by, if it is.
struct Read {
    value: Value,
    sha256: Option<[u8; 32]>,
}

impl Kind {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn decode(self, bytes: &[u8]) -> Result<Read, Malformed> {
        match self {
            // Offsets are counted from the frame's first byte.
            Self::Frame => message(unframed(bytes)?).map_err(|error| error.within(LENGTH)),
            Self::Message => message(bytes),
            Self::FullBlock => object::<FullBlock>(bytes),
            Self::HeaderBlock => object::<HeaderBlock>(bytes),
            Self::Header => object::<Header>(bytes),
            Self::HeaderData => object::<HeaderData>(bytes),
            Self::Body => object::<Body>(bytes),
            Self::Challenge => object::<Challenge>(bytes),
            Self::CoinbaseInfo => object::<CoinbaseInfo>(bytes),
            Self::SignedCoinbase => object::<SignedCoinbase>(bytes),
            Self::ProofOfSpace => object::<ProofOfSpace>(bytes),
            Self::ProofOfTime => object::<ProofOfTime>(bytes),
            Self::PeerInfo => object::<PeerInfo>(bytes),
        }
    }

    fn encode(self, text: &str) -> Result<Vec<u8>, serde_json::Error> {
        Ok(match self {
            Self::Frame => framed(&message_bytes(text)?),
            Self::Message => message_bytes(text)?,
            Self::FullBlock => stream::<FullBlock>(text)?,
            Self::HeaderBlock => stream::<HeaderBlock>(text)?,
            Self::Header => stream::<Header>(text)?,
            Self::HeaderData => stream::<HeaderData>(text)?,
            Self::Body => stream::<Body>(text)?,
            Self::Challenge => stream::<Challenge>(text)?,
            Self::CoinbaseInfo => stream::<CoinbaseInfo>(text)?,
            Self::SignedCoinbase => stream::<SignedCoinbase>(text)?,
            Self::ProofOfSpace => stream::<ProofOfSpace>(text)?,
            Self::ProofOfTime => stream::<ProofOfTime>(text)?,
            Self::PeerInfo => stream::<PeerInfo>(text)?,
        })
    }
}

/// Prints what the bytes are.
pub fn decode(coded: &Coded, json: bool) -> Result<(), Failure> {
    let Coded { text: Some(text), kind, .. } = coded else { return list(json) };
    let bytes = source::hex(text)?;
    let read = kind.decode(&bytes).map_err(|error| {
        let rule = of_malformed(error.kind);
        let (Malformed { kind: wrong, offset, .. }, kind) = (error, kind.name());
        Failure::new(format!("no {kind}: {wrong} at byte {offset} of it, against {}", rule.id()))
    })?;
    let Read { value, sha256 } = read;
    if !json {
        return print(&serde_json::to_string_pretty(&value)?);
    }
    let mut shown = json!({ "kind": kind.name(), "bytes": bytes.len(), "is": value });
    if let Some(hash) = sha256 {
        shown["sha256"] = to_hex(&hash).into();
    }
    print(&shown.to_string())
}

/// Prints the bytes of what is in the text.
pub fn encode(coded: &Coded, json: bool) -> Result<(), Failure> {
    let Coded { text: Some(text), kind, .. } = coded else { return list(json) };
    let text = source::text(text)?;
    let bytes = kind.encode(&text);
    let bytes = bytes.map_err(|error| Failure::new(wrong(*kind, &text, &error)))?;
    let hex = to_hex(&bytes);
    print(&if json {
        json!({ "kind": kind.name(), "bytes": bytes.len(), "hex": hex }).to_string()
    } else {
        hex
    })
}

/// Prints the names of all messages.
fn list(json: bool) -> Result<(), Failure> {
    let names: Vec<_> = Function::ALL.iter().map(|function| function.name()).collect();
    print(&if json { json!(names).to_string() } else { names.join("\n") })
}

/// What is wrong with a text, and where in it.
fn wrong(kind: Kind, text: &str, error: &serde_json::Error) -> String {
    let is_message = matches!(kind, Kind::Frame | Kind::Message);
    let kind = kind.name();
    let at = format!("line {}, column {}", error.line(), error.column());
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return format!("no {kind}: the text is no JSON ({at})");
    };
    let named = value.as_object().filter(|members| members.len() == 1);
    let named = named.and_then(|members| members.keys().next());
    if is_message {
        let all = "all names: nodewire encode chia --list";
        let Some(name) = named else {
            return format!(
                "no {kind}: a message is an object with one member, as in \
                 {{\"ping\":{{\"nonce\":…}}}} ({all})"
            );
        };
        if Function::named(name).is_none() {
            return format!("no {kind}: there is no `{name}` ({at}; {all})");
        }
    }
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    // All that there is instead, a long list, is in the documentation.
    let what = what.split(", expected one of ").next().unwrap_or_default();
    let names = [("unknown variant", "there is no"), ("unknown field", "there is no member")];
    let said = names
        .iter()
        .find_map(|(before, now)| what.strip_prefix(before).map(|rest| format!("{now}{rest}")));
    let missing = what.strip_prefix("missing field ").map(|name| format!("{name} is missing"));
    let said = said.or(missing).unwrap_or_else(|| what.to_owned());
    format!("no {kind}: {said} ({at})")
}

fn message(bytes: &[u8]) -> Result<Read, Malformed> {
    let message = Message::decode(bytes, Source::COPY)?;
    Ok(Read { value: as_json(message), sha256: None })
}

fn object<T: Streamable + Serialize>(bytes: &[u8]) -> Result<Read, Malformed> {
    let object = T::from_bytes(bytes)?;
    let sha256 = Some(object.get_hash::<RustCryptoSha256>());
    Ok(Read { value: as_json(object), sha256 })
}

fn message_bytes(text: &str) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = Vec::new();
    serde_json::from_str::<Message>(text)?.encode(&mut bytes);
    Ok(bytes)
}

fn stream<T: Streamable + DeserializeOwned>(text: &str) -> Result<Vec<u8>, serde_json::Error> {
    Ok(serde_json::from_str::<T>(text)?.to_bytes())
}

/// The body of the one frame that this is.
fn unframed(bytes: &[u8]) -> Result<&[u8], Malformed> {
    let short = Malformed::new(MalformedKind::UnexpectedEnd, bytes.len());
    let (length, body) = bytes.split_first_chunk::<LENGTH>().ok_or(short)?;
    let length = u32::from_be_bytes(*length) as usize;
    match body.len().cmp(&length) {
        std::cmp::Ordering::Less => Err(short),
        std::cmp::Ordering::Equal => Ok(body),
        std::cmp::Ordering::Greater => {
            Err(Malformed::new(MalformedKind::TrailingBytes, LENGTH + length))
        }
    }
}

fn framed(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], body].concat()
}
