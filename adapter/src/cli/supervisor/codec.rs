//! `decode` and `encode`: texts of the RPC, access lists, node events and roots as readable JSON,
//! and back.

use clap::{Args, ValueEnum};
use nodewire::codec::supervisor::json_rpc::{
    Document, Id, Received, ReceivedId, Request, Response, ResponseError, TextLimits, read_reply,
    write_request,
};
use nodewire::codec::supervisor::{
    Access, Accesses, Address, Answer, ChainId, Code, Failure as Refusal, Hash, HexBytes, Message,
    NodeEvent, OutputV0, Profile, RustCryptoKeccak256 as Keccak, Served, SuperV1, inbox_entries,
};
use nodewire::state::supervisor::Limits;
use nodewire_adapter::hex::from_hex;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::{print, source};

/// What is turned into JSON, or into its wire form.
#[derive(Debug, Args)]
pub struct Coded {
    /// JSON, or hex with 0x for roots; @FILE, or - for standard input.
    #[arg(allow_hyphen_values = true)]
    text: String,
    /// What it is.
    #[arg(long = "as", value_enum)]
    kind: Kind,
    /// The output form of what is encoded.
    #[arg(long, value_enum, default_value = "seed")]
    profile: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A text of requests of the RPC.
    Request,
    /// A text of responses; to encode: {"request":{..},"result":..} or {"id":..,"error":{..}}.
    Response,
    /// Entries of the inbox, or the access list of a transaction; to encode: messages.
    AccessList,
    /// An event of a node.
    Event,
    /// The preimage of an output root.
    Output,
    /// The preimage of a super root.
    SuperRoot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// The specification's.
    Seed,
    /// That of deployed services.
    Deployed,
}

/// Prints what a text is.
pub fn decode(coded: &Coded, json: bool) -> Result<(), Failure> {
    let text = source::text(&coded.text)?;
    let shown = match coded.kind {
        Kind::Request => requests(&text),
        Kind::Response => responses(&text)?,
        Kind::AccessList => accesses(&text)?,
        Kind::Event => serde_json::to_value(serde_json::from_str::<NodeEvent>(&text)?)?,
        Kind::Output => {
            let output = OutputV0::decode(&bytes(&text)?).map_err(|e| no("output", &e))?;
            json!({
                "output": output, "root": output.root::<Keccak>(),
                "markerSourceHash": output.marker_source_hash::<Keccak>(),
            })
        }
        Kind::SuperRoot => {
            let root = SuperV1::decode(&bytes(&text)?).map_err(|e| no("super root", &e))?;
            let chains = root.chains().iter().map(|(id, root)| (id.to_string(), json!(root)));
            json!({
                "timestamp": root.timestamp(),
                "chains": chains.collect::<serde_json::Map<_, _>>(),
                "root": root.root::<Keccak>(),
            })
        }
    };
    print(&if json { shown.to_string() } else { serde_json::to_string_pretty(&shown)? })
}

/// Prints the wire form of what a JSON text says.
pub fn encode(coded: &Coded, json: bool) -> Result<(), Failure> {
    let text = source::text(&coded.text)?;
    let profile = match coded.profile {
        Form::Seed => Profile::Seed,
        Form::Deployed => Profile::Deployed,
    };
    let encoded = match coded.kind {
        Kind::Request => {
            let (id, call) = request(&text)?;
            let mut out = Vec::new();
            write_request(&id, &call, &mut out);
            utf8(out)?
        }
        Kind::Response => response(&text, profile)?,
        Kind::AccessList => {
            let mut entries = Vec::new();
            for message in serde_json::from_str::<Vec<Message>>(&text)? {
                Access::of::<Keccak>(&message).encode(&mut entries);
            }
            serde_json::to_string(&entries)?
        }
        Kind::Event => serde_json::to_string(&serde_json::from_str::<NodeEvent>(&text)?)?,
        Kind::Output => {
            let output: OutputV0 = serde_json::from_str::<Told<OutputV0>>(&text)?.output;
            HexBytes(output.preimage().to_vec().into()).to_string()
        }
        Kind::SuperRoot => {
            let SuperForm { timestamp, chains } = serde_json::from_str(&text)?;
            let root = SuperV1::new(timestamp, chains.into_iter().collect());
            let root = root.map_err(|e| no("super root", &e))?;
            HexBytes(root.encode().into()).to_string()
        }
    };
    print(&if json { json!({ "encoded": encoded }).to_string() } else { encoded })
}

const SERVED: Served =
    Served { extensions: true, dependency_set_v1: true, admin: true, max_access_entries: 32_768 };

fn limits() -> TextLimits {
    let Limits { max_text, max_depth, max_batch, .. } = Limits::default();
    TextLimits { max_text, max_depth, max_batch }
}

fn requests(text: &str) -> Value {
    match Document::read(text.as_bytes(), &limits(), SERVED) {
        Document::Single(request) => shown(request),
        Document::Batch(requests) => requests.into_iter().map(shown).collect(),
    }
}

/// A request as it would be sent, or why it is none.
fn shown(Request { id, call }: Request) -> Value {
    let number =
        id.as_ref().map(|id| serde_json::from_str::<Value>(id.as_str()).unwrap_or_default());
    match call {
        Ok(call) => {
            let mut out = Vec::new();
            write_request(&Id::null(), &call, &mut out);
            let mut form: Value = serde_json::from_slice(&out).unwrap_or_default();
            match number {
                Some(number) => form["id"] = number,
                None => drop(form.as_object_mut().and_then(|form| form.remove("id"))),
            }
            form
        }
        Err(refusal) => json!({ "id": number, "refused": refused(&refusal) }),
    }
}

fn refused(refusal: &Refusal) -> Value {
    json!({ "code": refusal.code, "message": refusal.to_string() })
}

fn request(text: &str) -> Result<(Id, nodewire::codec::supervisor::Call), Failure> {
    let mut form: Value = serde_json::from_str(text)?;
    let Some(members) = form.as_object_mut() else {
        return Err(Failure::new("a request is an object"));
    };
    members.entry("jsonrpc").or_insert_with(|| json!("2.0"));
    members.entry("id").or_insert_with(|| json!(1));
    match Document::read(form.to_string().as_bytes(), &limits(), SERVED) {
        Document::Single(Request { id: Some(id), call: Ok(call) }) => Ok((id, call)),
        Document::Single(Request { call: Err(why), .. }) => Err(Failure::new(why.to_string())),
        _ => Err(Failure::new("a request is an object with an id")),
    }
}

fn responses(text: &str) -> Result<Value, Failure> {
    let received = read_reply(text.as_bytes(), &limits()).map_err(|e| no("response", &e))?;
    received.into_iter().map(heard).collect()
}

fn heard(Received { id, outcome }: Received<'_>) -> Result<Value, Failure> {
    let id = match id {
        ReceivedId::Number(number) => json!(number),
        ReceivedId::Null => Value::Null,
        ReceivedId::Other => json!("another"),
    };
    Ok(match outcome {
        Ok(result) => json!({ "id": id, "result": serde_json::from_str::<Value>(result)? }),
        Err(ResponseError::Server(error)) => json!({
            "id": id, "error": error, "means": error.code.map(Code::message),
        }),
        Err(ResponseError::Malformed(why)) => json!({ "id": id, "malformed": why.to_string() }),
    })
}

/// What a response is made of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResponseForm<'a> {
    #[serde(borrow, default)]
    request: Option<&'a RawValue>,
    #[serde(default)]
    id: Option<u64>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<ErrorForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorForm {
    code: i32,
    #[serde(default)]
    detail: String,
}

fn response(text: &str, profile: Profile) -> Result<String, Failure> {
    let form: ResponseForm<'_> = serde_json::from_str(text)?;
    let request = form.request.map(|text| request(text.get())).transpose()?;
    let null = form.id.map_or_else(Id::null, Id::number);
    let id = request.as_ref().map_or(null, |(id, _)| id.clone());
    let outcome = match (form.error, request) {
        (Some(ErrorForm { code, detail }), _) => {
            let known = Code::from_number(code, Profile::Seed)
                .or_else(|| Code::from_number(code, Profile::Deployed));
            let known = known.ok_or_else(|| Failure::new(format!("{code} is no code")))?;
            Err(Refusal::new(known, detail))
        }
        (None, Some((_, call))) => {
            let result = form.result.map_or("null", RawValue::get);
            let answer = Answer::read(call.answer_kind(), result);
            Ok(answer.ok_or_else(|| Failure::new("this is no result of this request"))?)
        }
        (None, None) => return Err(Failure::new("what is answered: request or error is missing")),
    };
    let mut out = Vec::new();
    Response { id, outcome }.write(profile, &mut out);
    utf8(out)
}

/// An item of a transaction's access list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    address: Address,
    storage_keys: Vec<Hash>,
}

fn accesses(text: &str) -> Result<Value, Failure> {
    let entries = match serde_json::from_str::<Vec<Hash>>(text) {
        Ok(entries) => entries,
        Err(error) => {
            let Ok(items) = serde_json::from_str::<Vec<Item>>(text) else {
                return Err(error.into());
            };
            inbox_entries(items.iter().map(|item| (item.address, &*item.storage_keys)))
        }
    };
    let shown = |access: Access| {
        let Access { chain_id, block_number, timestamp, log_index, checksum } = access;
        json!({
            "chainID": chain_id, "blockNumber": block_number, "timestamp": timestamp,
            "logIndex": log_index, "checksum": checksum,
        })
    };
    let messages = Accesses::new(&entries).map(|access| access.map(shown));
    messages.collect::<Result<_, _>>().map_err(|e| no("access list", &e))
}

/// What `decode` prints of an output, or the output alone.
struct Told<T> {
    output: T,
}

impl<'de> Deserialize<'de> for Told<OutputV0> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut form = Value::deserialize(from)?;
        let inner = form.as_object_mut().and_then(|form| form.remove("output"));
        let output = serde_json::from_value(inner.unwrap_or(form));
        output.map(|output| Self { output }).map_err(serde::de::Error::custom)
    }
}

#[derive(Serialize, Deserialize)]
struct SuperForm {
    timestamp: u64,
    chains: std::collections::BTreeMap<ChainId, Hash>,
}

fn bytes(text: &str) -> Result<Vec<u8>, Failure> {
    let text = text.trim();
    from_hex(text.strip_prefix("0x").unwrap_or(text)).map_err(Failure::new)
}

fn utf8(text: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(text).map_err(|_| Failure::new("not text"))
}

fn no(what: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("no {what}: {error}"))
}
