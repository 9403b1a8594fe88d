//! The same over a link: messages as bytes, on channels or on a multiplexed stream that is cut at
//! will.

use arbitrary::Result;
use nodewire::bytes::Bytes;
use nodewire::codec::leios::KeepAliveMessage;
use nodewire::link::{ChannelInput, Channels, Mux, MuxConfig, MuxLocal, Transport};
use nodewire::state::leios::{ClientRemote, ConnectionRemote, HandshakeConfig, ServerRemote};
use nodewire::{AskId, Channel, Input, InputOf, Machine, OverChannels, Role};

use super::{
    Checked, ForClient, ForConnection, ForHandshake, ForKeepAliveClient, ForKeepAliveServer,
    ForNaiveClient, ForNaiveServer, ForServer, Given, Script,
};

/// One whose messages come on channels.
pub trait Wired: Given<Machine: OverChannels> {
    /// A message as bytes on its channel; `None` for what the link below says.
    fn wire(message: &<Self::Machine as Machine>::Remote) -> Option<(Channel, Vec<u8>)>;
}

fn on(number: u16, role: Role, encode: impl FnOnce(&mut Vec<u8>)) -> (Channel, Vec<u8>) {
    let mut bytes = Vec::new();
    encode(&mut bytes);
    (Channel::new(number, role), bytes)
}

fn client_wire(message: &ClientRemote) -> (Channel, Vec<u8>) {
    match message {
        ClientRemote::Reply(message) => on(25, Role::Initiator, |out| message.encode(out)),
        ClientRemote::Request(message) => on(24, Role::Initiator, |out| message.encode(out)),
    }
}

fn server_wire(message: &ServerRemote) -> Option<(Channel, Vec<u8>)> {
    Some(match message {
        ServerRemote::Reply(message) => on(25, Role::Responder, |out| message.encode(out)),
        ServerRemote::Request { message, .. } => on(24, Role::Responder, |out| message.encode(out)),
        ServerRemote::Drained(_) => return None,
    })
}

impl Wired for ForClient {
    fn wire(message: &ClientRemote) -> Option<(Channel, Vec<u8>)> {
        Some(client_wire(message))
    }
}

impl Wired for ForServer {
    fn wire(message: &ServerRemote) -> Option<(Channel, Vec<u8>)> {
        server_wire(message)
    }
}

impl Wired for ForConnection {
    fn wire(message: &ConnectionRemote) -> Option<(Channel, Vec<u8>)> {
        let keep_alive = |message: &KeepAliveMessage, role| on(8, role, |out| message.encode(out));
        match message {
            ConnectionRemote::KeepAliveClient(message) => {
                Some(keep_alive(message, Role::Initiator))
            }
            ConnectionRemote::KeepAliveServer(message) => {
                Some(keep_alive(message, Role::Responder))
            }
            ConnectionRemote::Client(message) => Some(client_wire(message)),
            ConnectionRemote::Server(message) => server_wire(message),
        }
    }
}

impl Wired for ForKeepAliveClient {
    fn wire(message: &KeepAliveMessage) -> Option<(Channel, Vec<u8>)> {
        Some(on(8, Role::Initiator, |out| message.encode(out)))
    }
}

impl Wired for ForKeepAliveServer {
    fn wire(message: &KeepAliveMessage) -> Option<(Channel, Vec<u8>)> {
        Some(on(8, Role::Responder, |out| message.encode(out)))
    }
}

impl Wired for ForNaiveClient {
    fn wire(message: &nodewire::codec::leios::NaiveMessage) -> Option<(Channel, Vec<u8>)> {
        Some(on(26, Role::Initiator, |out| message.encode(out)))
    }
}

impl Wired for ForNaiveServer {
    fn wire(message: &nodewire::codec::leios::NaiveMessage) -> Option<(Channel, Vec<u8>)> {
        Some(on(26, Role::Responder, |out| message.encode(out)))
    }
}

impl Wired for ForHandshake {
    fn wire(message: &nodewire::codec::leios::HandshakeMessage) -> Option<(Channel, Vec<u8>)> {
        let proposal =
            matches!(message, nodewire::codec::leios::HandshakeMessage::MsgProposeVersions(_));
        // A proposal comes from an initiator: we hear it as a responder.
        let role = if proposal { Role::Responder } else { Role::Initiator };
        Some(on(0, role, |out| message.encode(out)))
    }
}

/// On channels, one chunk at a time.
pub struct OnChannels<G>(pub G);

impl<G: Wired> Given for OnChannels<G>
where
    Channels<G::Machine>:
        Checked + Machine<Local = LocalOf<G>, Remote = ChannelInput, Query = QueryOf<G>>,
{
    type Machine = Channels<G::Machine>;

    const LASTING: bool = true;

    fn machine(&self) -> Self::Machine {
        Channels::new(self.0.machine())
    }

    fn most(&self) -> usize {
        Self::Machine::most_footprint(self.0.most(), &self.0.machine().channels())
    }

    fn pick(&mut self, script: &mut Script<'_>, step: u64) -> Result<InputOf<Self::Machine>> {
        if script.ratio(1, 16)? {
            return Ok(Input::Remote(script.arbitrary()?));
        }
        Ok(match self.0.pick(script, step)? {
            Input::Local(input) => Input::Local(input),
            Input::Timeout => Input::Timeout,
            Input::Remote(message) => Input::Remote(match G::wire(&message) {
                Some((channel, mut bytes)) => {
                    spoil(script, &mut bytes)?;
                    let bytes = Bytes::from(bytes.into_boxed_slice());
                    ChannelInput::Received { channel, bytes }
                }
                None => {
                    let channel = Channel::new(25, Role::Responder);
                    ChannelInput::Drained { channel, bytes: 10_000 }
                }
            }),
        })
    }

    fn asked(&mut self, id: AskId, query: &QueryOf<G>) {
        self.0.asked(id, query);
    }
}

type LocalOf<G> = <<G as Given>::Machine as Machine>::Local;
type QueryOf<G> = <<G as Given>::Machine as Machine>::Query;

/// Rarely a byte is another one, or the last is missing.
fn spoil(script: &mut Script<'_>, bytes: &mut Vec<u8>) -> Result<()> {
    match script.int_in_range(0..=31_u8)? {
        0 => {
            if let Some(last) = bytes.len().checked_sub(1) {
                bytes[script.int_in_range(0..=last.min(63))?] = script.arbitrary()?;
            }
        }
        1 => drop(bytes.pop()),
        _ => {}
    }
    Ok(())
}

/// On a multiplexed stream.
pub struct OnMux<G> {
    inner: G,
    /// Under way to it.
    stream: Vec<u8>,
}

impl<G> OnMux<G> {
    pub fn new(inner: G) -> Self {
        Self { inner, stream: Vec::new() }
    }

    fn add(&mut self, channel: Channel, bytes: &[u8]) {
        for piece in bytes.chunks(500) {
            let mode = if channel.role == Role::Initiator { 0x8000 } else { 0 };
            self.stream.extend([0; 4]);
            self.stream.extend((channel.number | mode).to_be_bytes());
            self.stream.extend((piece.len() as u16).to_be_bytes());
            self.stream.extend(piece);
        }
    }

    fn read(&mut self, script: &mut Script<'_>) -> Result<Transport> {
        let most = match script.int_in_range(0..=5_u8)? {
            0 => script.int_in_range(1..=30)?,
            _ => usize::MAX,
        };
        let read: Vec<u8> = self.stream.drain(..most.min(self.stream.len())).collect();
        Ok(Transport::Received(Bytes::from(read.into_boxed_slice())))
    }
}

impl<G: Wired> Given for OnMux<G>
where
    Mux<G::Machine>:
        Checked + Machine<Local = MuxLocal<LocalOf<G>>, Remote = Transport, Query = QueryOf<G>>,
{
    type Machine = Mux<G::Machine>;

    const LASTING: bool = true;

    fn machine(&self) -> Self::Machine {
        Mux::new(self.inner.machine(), MuxConfig::default(), &[])
    }

    fn most(&self) -> usize {
        let own = self.inner.machine().channels();
        Self::Machine::most_footprint(self.inner.most(), &MuxConfig::default(), &own, &[])
    }

    fn pick(&mut self, script: &mut Script<'_>, step: u64) -> Result<InputOf<Self::Machine>> {
        match script.int_in_range(0..=23_u8)? {
            0 => return Ok(Input::Remote(script.arbitrary()?)),
            1..=4 => {
                return Ok(Input::Remote(Transport::Writable(script.int_in_range(0..=900)?)));
            }
            _ => {}
        }
        Ok(match self.inner.pick(script, step)? {
            Input::Local(input) => Input::Local(MuxLocal::Machine(input)),
            Input::Timeout => Input::Timeout,
            Input::Remote(message) => {
                if let Some((channel, mut bytes)) = G::wire(&message) {
                    spoil(script, &mut bytes)?;
                    self.add(channel, &bytes);
                }
                Input::Remote(self.read(script)?)
            }
        })
    }

    fn asked(&mut self, id: AskId, query: &QueryOf<G>) {
        self.inner.asked(id, query);
    }
}
