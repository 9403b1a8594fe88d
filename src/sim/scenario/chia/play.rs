//! Playing a scenario of peers, each with a stream of its own.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::step::{Gone, Hear, Hush, Join, Say, framed};
use super::{NETWORK_ID, content, peer};
use crate::codec::Source;
use crate::codec::chia::Message;
use crate::codec::chia::messages::{HandshakeAck, Pong};
use crate::link::Transport;
use crate::sim::scenario::play::{self, Played, Stage, foreign, short, shown};
use crate::sim::scenario::value::{Vars, fits, octets};
use crate::sim::scenario::{Outcome, Scenario, Step, Stop, Subject};
use crate::state::chia::ConnectionConfig;

/// What is tested by its peers: a machine in this process, or whatever listens somewhere.
///
/// Peers go by the number of their turn, counted from one.
pub trait Wired: Subject {
    /// A peer connects.
    ///
    /// # Errors
    /// As for [`local`](Subject::local).
    fn join(&mut self, joining: &Joining) -> Result<(), Stop>;

    /// A peer sends bytes.
    ///
    /// # Errors
    /// As for [`local`](Subject::local).
    fn deliver(&mut self, peer: u8, bytes: &[u8]) -> Result<(), Stop>;

    /// A peer's stream ends.
    ///
    /// # Errors
    /// As for [`local`](Subject::local).
    fn leave(&mut self, peer: u8) -> Result<(), Stop>;

    /// The body of the next frame that a peer was sent, once, if there is one within so many
    /// microseconds; `None`: within what is usual.
    ///
    /// # Errors
    /// As for [`local`](Subject::local).
    fn heard(&mut self, peer: u8, within: Option<u64>) -> Result<Option<Vec<u8>>, Stop>;

    /// The bodies of all frames that a peer was sent and that were not taken, once no more come.
    ///
    /// # Errors
    /// As for [`local`](Subject::local).
    fn rest(&mut self, peer: u8) -> Result<Vec<Vec<u8>>, Stop>;

    /// From now on questions of these kinds, and of no others, are kept for `answer` steps.
    ///
    /// # Errors
    /// As for [`local`](Subject::local).
    fn hold(&mut self, kinds: &[String]) -> Result<(), Stop>;

    /// A peer's connection has ended like this.
    ///
    /// # Errors
    /// The verdict that it has not, or otherwise.
    fn gone(&mut self, peer: u8, with: &Value) -> Result<(), Stop>;

    /// The network that the tested side belongs to.
    fn network_id(&self) -> String {
        NETWORK_ID.to_string()
    }

    /// The version that it speaks.
    fn version(&self) -> String {
        ConnectionConfig::VERSION.to_string()
    }
}

/// A peer that connects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Joining {
    /// The number it goes by.
    pub peer: u8,
    /// Its name in the scenario.
    pub name: String,
    /// The tested side dialled.
    pub dialled: bool,
    /// From where it is seen.
    pub host: String,
    /// Where it says that it listens; 0: nowhere.
    pub port: u16,
    /// It was configured by hand.
    pub trusted: bool,
    /// How many bytes it takes.
    pub takes: usize,
}

/// Plays a scenario.
pub fn play<S: Wired>(scenario: &Scenario, subject: &mut S) -> Outcome {
    let mut vars = match content::make(&scenario.content) {
        Ok(vars) => vars,
        Err(why) => return Outcome::Broken { step: 0, why },
    };
    vars.insert("network".to_string(), Value::from(subject.network_id()));
    vars.insert("version".to_string(), Value::from(subject.version()));
    play::play(scenario, &mut Table { subject, peers: BTreeMap::new() }, vars)
}

struct Table<'a, S> {
    subject: &'a mut S,
    /// By name: the number, and whether pings are shown.
    peers: BTreeMap<String, (u8, bool)>,
}

impl<S: Wired> Stage for Table<'_, S> {
    fn subject(&mut self) -> &mut dyn Subject {
        self.subject
    }

    fn step(&mut self, step: &Step, vars: &mut Vars) -> Played {
        match step {
            Step::Join(join) => self.join(join, vars),
            Step::Say(say) => self.say(say, vars),
            Step::Hear(hear) => self.hear(hear, vars),
            Step::Hush(hush) => self.hush(hush, vars),
            Step::Leave(name) => {
                let (peer, _) = self.peer(Some(name))?;
                self.subject.leave(peer)
            }
            Step::Hold(kinds) => self.subject.hold(kinds),
            Step::Gone(Gone { peer, with }) => {
                let (peer, _) = self.peer(peer.as_ref())?;
                self.subject.gone(peer, with)
            }
            other => Err(foreign(other, "Chia")),
        }
    }
}

impl<S: Wired> Table<'_, S> {
    /// The peer of this name, or the only one.
    fn peer(&self, name: Option<&String>) -> Result<(u8, bool), Stop> {
        let found = match name {
            Some(name) => self.peers.get(name),
            None if self.peers.len() == 1 => self.peers.values().next(),
            None => return Err(Stop::Broken("which peer is it?".to_string())),
        };
        found.copied().ok_or_else(|| Stop::Broken(format!("there is no peer {name:?}")))
    }

    fn join(&mut self, join: &Join, vars: &mut Vars) -> Played {
        let turn = u8::try_from(self.peers.len() + 1);
        let peer = turn.map_err(|_| Stop::Broken("too many peers".to_string()))?;
        if self.peers.insert(join.name.clone(), (peer, join.pings)).is_some() {
            return Err(Stop::Broken(format!("{} is there already", join.name)));
        }
        self.subject.join(&Joining {
            peer,
            name: join.name.clone(),
            dialled: join.dialled,
            host: join.host.clone().unwrap_or_else(|| format!("10.0.0.{peer}")),
            port: join.port,
            trusted: join.trusted,
            takes: join.takes.unwrap_or(Transport::UNCOUNTED),
        })?;
        let Some(node_type) = &join.node_type else { return Ok(()) };
        let handshake = peer::handshake(join, node_type, peer, vars).map_err(Stop::Broken)?;
        self.send(peer, &handshake)?;
        let theirs = self.shake(join, peer, "handshake")?;
        vars.insert("us".to_string(), theirs);
        self.send(peer, &HandshakeAck {}.into())?;
        if join.refused {
            return Ok(());
        }
        self.shake(join, peer, "handshake_ack").map(drop)
    }

    /// The members of the next message, which has this name.
    fn shake(&mut self, join: &Join, peer: u8, function: &str) -> Result<Value, Stop> {
        let found = self.subject.heard(peer, None)?.map(|body| peer::read(&body));
        let members = found.as_ref().and_then(|found| found.get(function));
        members.cloned().ok_or_else(|| {
            let found = found.map_or_else(|| "nothing".to_string(), |found| short(&found));
            Stop::Failed(format!("sent {found} to {}, not its {function}", join.name))
        })
    }

    fn send(&mut self, peer: u8, message: &Message) -> Played {
        let mut body = Vec::new();
        message.encode(&mut body);
        self.subject.deliver(peer, &framed(&body))
    }

    fn say(&mut self, say: &Say, vars: &Vars) -> Played {
        let (peer, _) = self.peer(say.peer.as_ref())?;
        let bytes = say.stream(vars).map_err(Stop::Broken)?;
        for piece in bytes.chunks(say.cut.unwrap_or(bytes.len()).max(1)) {
            self.subject.deliver(peer, piece)?;
        }
        Ok(())
    }

    /// The next message but for pings, which are answered unless the scenario does so.
    fn next(&mut self, peer: (u8, bool), within: Option<u64>) -> Result<Option<Vec<u8>>, Stop> {
        loop {
            let Some(body) = self.subject.heard(peer.0, within)? else { return Ok(None) };
            match own(peer, &body) {
                Some(pong) => self.send(peer.0, &pong)?,
                None => return Ok(Some(body)),
            }
        }
    }

    fn hear(&mut self, hear: &Hear, vars: &mut Vars) -> Played {
        let peer = self.peer(hear.peer.as_ref())?;
        let to = hear.peer.as_deref().unwrap_or("its peer");
        let mut passed = Vec::new();
        loop {
            let Some(body) = self.next(peer, hear.within)? else {
                let wanted = json!([hear.message, hear.body]);
                let why = format!("sent no {wanted} to {to}{}", shown(&passed));
                return Err(Stop::Failed(why));
            };
            let found = peer::read(&body);
            if Self::is_it(hear, &body, &found, vars)? {
                return Ok(());
            }
            if !hear.eventually {
                let wanted = json!([hear.message, hear.body]);
                let why = format!("sent {} to {to}, not {wanted}", short(&found));
                return Err(Stop::Failed(why));
            }
            passed.push(found);
        }
    }

    fn is_it(hear: &Hear, body: &[u8], found: &Value, vars: &mut Vars) -> Result<bool, Stop> {
        if let Some(wanted) = &hear.body {
            let wanted = octets(wanted, vars).map_err(Stop::Broken)?;
            if wanted != body {
                return Ok(false);
            }
        }
        Ok(hear.message.as_ref().is_none_or(|pattern| fits(pattern, found, vars)))
    }

    fn hush(&mut self, hush: &Hush, vars: &Vars) -> Played {
        let peer = self.peer(hush.peer.as_ref())?;
        let any = Value::String("$_".to_string());
        let pattern = hush.message.as_ref().unwrap_or(&any);
        for body in self.subject.rest(peer.0)? {
            if let Some(pong) = own(peer, &body) {
                self.send(peer.0, &pong)?;
                continue;
            }
            let found = peer::read(&body);
            if fits(pattern, &found, &mut vars.clone()) {
                let to = hush.peer.as_deref().unwrap_or("its peer");
                return Err(Stop::Failed(format!("sent {} to {to}", short(&found))));
            }
        }
        Ok(())
    }
}

/// The answer to a ping that the scenario is not to see.
fn own((_, shows): (u8, bool), body: &[u8]) -> Option<Message> {
    match Message::decode(body, Source::COPY).ok()? {
        Message::Ping(ping) if !shows => Some(Pong { nonce: ping.nonce }.into()),
        _ => None,
    }
}
