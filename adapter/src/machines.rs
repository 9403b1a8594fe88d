//! Every machine that can be played and replayed, by name.

mod chia;

use nodewire::sim::{Play, Player, ReplayError, ReplayReport, Trace, replay};
use nodewire::state::leios::{
    Client, Connection, ConnectionConfig, Handshake, HandshakeConfig, KeepAliveClient,
    KeepAliveConfig, KeepAliveServer, Limits, NaiveClient, NaiveConfig, NaiveServer, Order, Parts,
    Server, SlotClock,
};
use nodewire::{Machine, Time};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::supervisor;

pub use chia::FullNodeSettings;

/// The names, each with what it is.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    NAMES.into_iter().chain(chia::NAMES)
}

/// The names outside the Chia family.
const NAMES: [(&str, &str); 10] = [
    ("leios.connection", "KeepAlive and the pair on one connection"),
    ("leios.client", "the client of the pair"),
    ("leios.server", "the server of the pair"),
    ("leios.naive-client", "the client of the baseline"),
    ("leios.naive-server", "the server of the baseline"),
    ("leios.keep-alive-client", "the side that pings"),
    ("leios.keep-alive-server", "the side that answers pings"),
    ("leios.handshake-initiator", "the side that proposes versions"),
    ("leios.handshake-responder", "the side that chooses a version"),
    (supervisor::MACHINE, "the Supervisor of a cluster, with index and RPC"),
];

/// How a Leios machine is set up: what the first line of its trace says. Every field has a
/// default. A Supervisor is set up by [`supervisor::Settings`], which it cannot do without; a
/// machine of the Chia family by its own configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Limits of the pair.
    pub limits: Limits,
    /// The slot clock of the pair.
    pub clock: SlotClock,
    /// The server's order of replies.
    pub order: Order,
    /// Limits of the baseline.
    pub naive: NaiveConfig,
    /// Times of KeepAlive.
    pub keep_alive: KeepAliveConfig,
    /// The parts of a connection; those of the side that opened it if not given.
    pub parts: Parts,
    /// When a connection began, after its handshake.
    pub began: Time,
    /// Versions; those of the pair on the Leios test network if not given.
    pub handshake: Option<HandshakeConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            clock: SlotClock::default(),
            order: Order::default(),
            naive: NaiveConfig::default(),
            keep_alive: KeepAliveConfig::default(),
            parts: Parts::INITIATOR,
            began: Time::ZERO,
            handshake: None,
        }
    }
}

/// The network magic of the Leios test network.
pub const TEST_NETWORK: u32 = 164;

/// The machine of this name, to be played, set up by this JSON; `None` if there is none.
///
/// # Errors
/// What is wrong with the configuration.
pub fn player(name: &str, config: Option<&str>) -> Result<Option<Box<dyn Play>>, ConfigError> {
    with(name, config, Playing)
}

/// Replays a trace on the machine it names; `None` if there is none.
///
/// # Errors
/// A configuration that cannot be read, or the first step that differs.
pub fn replayed(trace: &Trace) -> Result<Option<ReplayReport>, ReplayFailure> {
    let config = Some(trace.config()).filter(|text| *text != "null");
    let played = with(trace.machine(), config, Replaying(trace)).map_err(ReplayFailure::Config)?;
    Ok(played.transpose()?)
}

/// What is wrong with a configuration.
#[derive(Debug)]
pub enum ConfigError {
    /// Its JSON.
    Json(serde_json::Error),
    /// There is none, and the machine needs one.
    Missing,
    /// The machine cannot be set up so.
    Unusable(String),
}

impl From<serde_json::Error> for ConfigError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Json(error) => write!(f, "JSON: {error}"),
            Self::Missing => f.write_str("this machine needs a configuration"),
            Self::Unusable(why) => f.write_str(why),
        }
    }
}

/// Why a trace could not be replayed.
#[derive(Debug)]
pub enum ReplayFailure {
    /// The configuration in its first line is none.
    Config(ConfigError),
    /// The steps.
    Steps(ReplayError),
}

impl From<ReplayError> for ReplayFailure {
    fn from(error: ReplayError) -> Self {
        Self::Steps(error)
    }
}

impl std::fmt::Display for ReplayFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Config(error) => write!(f, "the configuration in the first line: {error}"),
            Self::Steps(error) => error.fmt(f),
        }
    }
}

/// What is done with a machine whose type only [`with`] knows.
trait Visitor {
    type Result;

    fn visit<M>(self, name: &'static str, machine: M) -> Self::Result
    where
        M: Machine<Send: Serialize, Notice: Serialize, Query: Serialize> + 'static,
        M::Local: Serialize + DeserializeOwned,
        M::Remote: Serialize + DeserializeOwned;
}

/// The one list of machines.
fn with<V: Visitor>(
    name: &str,
    config: Option<&str>,
    visitor: V,
) -> Result<Option<V::Result>, ConfigError> {
    let Some((name, _)) = names().find(|(known, _)| *known == name) else {
        return Ok(None);
    };
    if name == supervisor::MACHINE {
        let settings = supervisor::Settings::read(config.ok_or(ConfigError::Missing)?)?;
        let machine = settings.machine().map_err(ConfigError::Unusable)?;
        return Ok(Some(visitor.visit(name, machine)));
    }
    if chia::NAMES.iter().any(|(known, _)| *known == name) {
        return chia::with(name, config, visitor);
    }
    let config = config.map(serde_json::from_str).transpose()?.unwrap_or_default();
    Ok(leios(name, config, visitor))
}

fn leios<V: Visitor>(name: &'static str, config: Config, visitor: V) -> Option<V::Result> {
    let Config { limits, clock, order, naive, keep_alive, parts, began, handshake } = config;
    let handshake = handshake.unwrap_or_else(|| HandshakeConfig::new(TEST_NETWORK));
    Some(match name {
        "leios.connection" => {
            let mut config = ConnectionConfig::default();
            (config.limits, config.clock, config.order) = (limits, clock, order);
            config.keep_alive = keep_alive;
            visitor.visit(name, Connection::new(config, parts, began))
        }
        "leios.client" => visitor.visit(name, <Client>::new(limits, clock)),
        "leios.server" => visitor.visit(name, Server::with_order(limits, clock, order)),
        "leios.naive-client" => visitor.visit(name, NaiveClient::new(naive)),
        "leios.naive-server" => visitor.visit(name, NaiveServer::new(naive)),
        "leios.keep-alive-client" => {
            visitor.visit(name, KeepAliveClient::new(keep_alive, Time::ZERO))
        }
        "leios.keep-alive-server" => {
            visitor.visit(name, KeepAliveServer::new(keep_alive, Time::ZERO))
        }
        "leios.handshake-initiator" => visitor.visit(name, Handshake::initiator(handshake)),
        "leios.handshake-responder" => {
            visitor.visit(name, Handshake::responder(handshake, Time::ZERO))
        }
        _ => return None,
    })
}

struct Playing;

impl Visitor for Playing {
    type Result = Box<dyn Play>;

    fn visit<M>(self, name: &'static str, machine: M) -> Box<dyn Play>
    where
        M: Machine<Send: Serialize, Notice: Serialize, Query: Serialize> + 'static,
        M::Local: Serialize + DeserializeOwned,
        M::Remote: Serialize + DeserializeOwned,
    {
        Box::new(Player::new(name, machine))
    }
}

struct Replaying<'a>(&'a Trace);

impl Visitor for Replaying<'_> {
    type Result = Result<ReplayReport, ReplayError>;

    fn visit<M>(self, _: &'static str, machine: M) -> Self::Result
    where
        M: Machine<Send: Serialize, Notice: Serialize, Query: Serialize> + 'static,
        M::Local: Serialize + DeserializeOwned,
        M::Remote: Serialize + DeserializeOwned,
    {
        replay(machine, self.0)
    }
}
