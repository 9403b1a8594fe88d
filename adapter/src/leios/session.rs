//! A session whose connection is recorded, message by message.

use std::sync::{Arc, Mutex, PoisonError};

use nodewire::Ending;
use nodewire::leios::SessionConfig;
use nodewire::link::{Follow, Mux, MuxConfig, Staged};
use nodewire::sim::{Keep, Recorder, Step, Trace};
use nodewire::state::leios::{Connection, ConnectionConfig, Handshake, Parts};

/// A trace that outlives the session it belongs to.
#[derive(Clone, Debug)]
pub struct SharedTrace(Arc<Mutex<Trace>>);

impl SharedTrace {
    /// Keeps the steps in this trace: whole, or without bodies if it is shortened.
    #[must_use]
    pub fn new(trace: Trace) -> Self {
        Self(Arc::new(Mutex::new(trace)))
    }

    /// The steps so far.
    #[must_use]
    pub fn get(&self) -> Trace {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Keep for SharedTrace {
    fn keep(&mut self, step: Step) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(step);
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

    fn follow(self, handshake: Handshake) -> Result<Self::Next, Ending> {
        let Some((at, agreement)) = handshake.agreed() else { return Err(Ending::Done) };
        let parts = Parts::agreed(handshake.role(), &agreement);
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
