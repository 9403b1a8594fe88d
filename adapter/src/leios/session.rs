//! A session whose connection is recorded, message by message.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nodewire::Ending;
use nodewire::leios::SessionConfig;
use nodewire::link::{Follow, Mux, MuxConfig, Staged};
use nodewire::sim::{Keep, Recorder, Step, Trace};
use nodewire::state::leios::{Connection, ConnectionConfig, Handshake, Parts};

use crate::machines::Config;

/// A trace that outlives the session it belongs to. It begins with the connection.
#[derive(Clone, Debug)]
pub struct SharedTrace {
    trace: Arc<Mutex<Option<Trace>>>,
    shortened: bool,
}

impl SharedTrace {
    /// For the steps of a connection: whole, or without their bodies.
    #[must_use]
    pub fn new(shortened: bool) -> Self {
        Self { trace: Arc::default(), shortened }
    }

    /// The steps so far; `None` before the handshake is over.
    #[must_use]
    pub fn get(&self) -> Option<Trace> {
        self.lock().clone()
    }

    fn begin(&self, config: &Config) {
        let trace = Trace::new("leios.connection", config);
        *self.lock() = Some(if self.shortened { trace.shorten() } else { trace });
    }

    fn lock(&self) -> MutexGuard<'_, Option<Trace>> {
        self.trace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keep for SharedTrace {
    fn keep(&mut self, step: Step) {
        if let Some(trace) = &mut *self.lock() {
            trace.push(step);
        }
    }
}

/// A Leios session like [`nodewire::leios::Session`], its connection recorded.
pub type RecordedSession =
    Staged<Mux<Handshake>, RunRecorded, Mux<Recorder<Connection, SharedTrace>>>;

/// What follows on the handshake of a [`RecordedSession`].
#[derive(Clone, Debug)]
pub struct RunRecorded {
    connection: ConnectionConfig,
    mux: MuxConfig,
    trace: SharedTrace,
}

impl Follow<Handshake> for RunRecorded {
    type Next = Mux<Recorder<Connection, SharedTrace>>;

    const FIRST: &'static str = "the handshake";

    fn follow(self, handshake: Handshake) -> Result<Self::Next, Ending> {
        let Some((at, agreement)) = handshake.agreed() else { return Err(Ending::Done) };
        let parts = Parts::agreed(handshake.role(), &agreement);
        let ConnectionConfig { limits, clock, order, keep_alive, .. } = self.connection.clone();
        let now =
            Config { limits, clock, order, keep_alive, parts, began: at, ..Config::default() };
        self.trace.begin(&now);
        let connection = Connection::new(self.connection, parts, at);
        Ok(Mux::new(Recorder::new(connection, self.trace), self.mux, &[]))
    }
}

/// The session that begins with `handshake`, recorded into `trace`.
#[must_use]
pub fn recorded(
    handshake: Handshake,
    config: SessionConfig,
    trace: SharedTrace,
) -> RecordedSession {
    let SessionConfig { connection, mux, .. } = config;
    let first = Mux::new(handshake, mux.clone(), &[]);
    Staged::new(first, RunRecorded { connection, mux, trace })
}
