//! Whether who listens there is what is to be checked: found out once, before any scenario.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use nodewire::codec::Source;
use nodewire::codec::chia::messages::Handshake;
use nodewire::codec::chia::{Message, NodeId, NodeType};
use nodewire::state::chia::SENDERS;
use tokio::time::Instant;

use super::Options;
use super::wire::{LENGTH, framed};
use crate::check::socket::read_more;

/// What we call ourselves: no peer of a scenario does.
const NODE_ID: NodeId = NodeId([0x9E; 32]);

/// Says who we are and looks at who answers.
///
/// # Errors
/// Why no scenario makes sense.
pub(super) fn probe(at: SocketAddr, options: &Options) -> Result<(), String> {
    let theirs = match first(at, options)? {
        Some(body) => Message::decode(&body, Source::COPY),
        None => return Err("it closed the connection instead of saying who it is".to_owned()),
    };
    let theirs = theirs.map_err(|error| format!("what it says first is no message: {error}"))?;
    let Message::Handshake(theirs) = theirs else {
        return Err(format!("it begins with {}, not with a handshake", theirs.function().name()));
    };
    fits(&theirs, options)
}

/// Whether a node that says this of itself is the one that is wanted.
fn fits(theirs: &Handshake, options: &Options) -> Result<(), String> {
    let Options { role, network_id, version, .. } = options;
    let is = named(theirs.node_type);
    if is != *role {
        return Err(format!("it is a node of type {is}, not {role} (--role)"));
    }
    // What a peer says of itself is for no terminal to obey.
    let quoted = |text: &str| text.chars().take(64).collect::<String>().escape_debug().to_string();
    if theirs.network_id != *network_id {
        let is = quoted(&theirs.network_id);
        return Err(format!("it belongs to network {is}, not {network_id} (--network-id)"));
    }
    if theirs.version != *version {
        let is = quoted(&theirs.version);
        return Err(format!("it speaks version {is}, not {version} (--protocol)"));
    }
    Ok(())
}

/// The body of its first frame; `None` if it closes the connection before.
fn first(at: SocketAddr, options: &Options) -> Result<Option<Vec<u8>>, String> {
    let patience = options.patience;
    let mut stream =
        TcpStream::connect_timeout(&at, patience).map_err(|error| error.to_string())?;
    let frame = ours(options);
    // Who closes at once may have said why before.
    let _ = stream.write_all(&frame);
    let (mut raw, until) = (Vec::new(), Instant::now() + patience);
    loop {
        if let Some((length, body)) = raw.split_first_chunk::<LENGTH>() {
            let length = u32::from_be_bytes(*length) as usize;
            if length > MOST {
                return Err("it does not speak in frames of this protocol".to_owned());
            }
            if let Some(body) = body.get(..length) {
                return Ok(Some(body.to_vec()));
            }
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(format!("it does not say who it is within {} ms", patience.as_millis()));
        }
        if !read_more(&mut stream, left, &mut raw) {
            return Ok(None);
        }
    }
}

/// Most bytes of a handshake: more than any is.
const MOST: usize = 65_536;

/// Our handshake, as a frame.
fn ours(options: &Options) -> Vec<u8> {
    let role = NodeType::ALL.into_iter().find(|it| named(*it) == options.role);
    let friend = SENDERS.iter().find(|row| Some(row.receiver) == role);
    let handshake = Handshake {
        network_id: options.network_id.clone(),
        version: options.version.clone(),
        node_id: NODE_ID,
        server_port: 0,
        node_type: friend.map_or(NodeType::FullNode, |row| row.from),
    };
    framed(&handshake.into())
}

/// A type as scenarios and options call it.
fn named(node_type: NodeType) -> String {
    node_type.name().replace(' ', "-")
}
