//! A served endpoint, and clients that are as rude as they like.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use nodewire::state::supervisor::{Config, Limits, Supervisor};
use nodewire_adapter::supervisor::{Handle, Host, Lag, Manner, Serving, listen};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::nodes::config;

/// An endpoint in this process.
pub struct Endpoint {
    pub runtime: Runtime,
    pub address: SocketAddr,
    pub handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    listening: Option<JoinHandle<()>>,
    host: Option<JoinHandle<Supervisor>>,
}

impl Endpoint {
    pub fn new(limits: Limits, set: impl FnOnce(&mut Config, &mut Serving)) -> Self {
        let start = |config, limits| Host::start(Supervisor::new(config, limits).unwrap());
        Self::of(limits, set, start)
    }

    /// An endpoint of a host that is started so.
    pub fn of(
        limits: Limits,
        set: impl FnOnce(&mut Config, &mut Serving),
        start: impl FnOnce(Config, Limits) -> (Handle, JoinHandle<Supervisor>),
    ) -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
        let mut config = config(&[10]);
        let mut serving = Serving::new(Manner::new(&config, &limits));
        serving.lag = Lag { clock: false, ..Lag::DEFAULT };
        set(&mut config, &mut serving);
        let (address, handle, stop, listening, host) = runtime.block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let address = listener.local_addr().unwrap();
            let (handle, host) = start(config, limits);
            let (stop, stopped) = oneshot::channel::<()>();
            let stopped = async { drop(stopped.await) };
            let patience = Duration::from_secs(5);
            let listening = listen(listener, handle.clone(), serving, stopped, patience);
            (address, handle, stop, tokio::spawn(listening), host)
        });
        let (stop, listening, host) = (Some(stop), Some(listening), Some(host));
        Self { runtime, address, handle, stop, listening, host }
    }

    pub fn usual() -> Self {
        Self::new(Limits::default(), |_, _| {})
    }

    /// Tells it to stop, and does not wait.
    pub fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops it and waits until it has.
    pub fn stopped(mut self) -> Supervisor {
        self.stop();
        let (listening, host) = (self.listening.take().unwrap(), self.host.take().unwrap());
        self.runtime.block_on(async {
            listening.await.unwrap();
            self.handle.stop().await;
            host.await.unwrap()
        })
    }

    pub fn connect(&self) -> Client {
        Client::to(self.address)
    }

    /// The reply to a text, as JSON.
    pub fn ask(&self, text: impl AsRef<[u8]>) -> Option<Value> {
        let reply = self.connect().post(text.as_ref());
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// A number among the metrics.
    pub fn metric(&self, name: &str) -> u64 {
        let text = self.get("/metrics").text();
        let name = format!("nodewire_supervisor_{name} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        line.unwrap_or_else(|| panic!("{name} in {text}")).parse().unwrap()
    }

    /// Waits until a metric is as it should be.
    pub fn until(&self, name: &str, done: impl Fn(u64) -> bool) {
        let since = Instant::now();
        while !done(self.metric(name)) {
            assert!(since.elapsed() < Duration::from_secs(10), "{name} is {}", self.metric(name));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn get(&self, path: &str) -> Reply {
        let mut client = self.connect();
        client.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes());
        client.reply()
    }
}

/// One connection.
pub struct Client {
    stream: TcpStream,
    rest: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Option<Value> {
        (!self.body.is_empty()).then(|| serde_json::from_slice(&self.body).unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

impl Client {
    pub fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, rest: Vec::new() }
    }

    /// Sends bytes; that the other end takes no more is no failure yet.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    pub fn head(&mut self, length: usize) {
        let head = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        self.send(head.as_bytes());
    }

    pub fn post(&mut self, text: &[u8]) -> Reply {
        self.head(text.len());
        self.send(text);
        self.reply()
    }

    /// Ends the connection at once, without a farewell.
    pub fn break_off(self) {
        let socket = socket2::SockRef::from(&self.stream);
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    }

    pub fn finish(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// The next reply; panics if there is none.
    pub fn reply(&mut self) -> Reply {
        self.next().expect("a reply")
    }

    /// The next reply, or that the connection ended without.
    pub fn next(&mut self) -> Option<Reply> {
        let end = loop {
            if let Some(at) = self.rest.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.more() {
                return None;
            }
        };
        let head = String::from_utf8(self.rest.drain(..end).collect()).unwrap();
        let status = head[9..12].parse().unwrap();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
        });
        let length = length.expect("replies say how long they are");
        while self.rest.len() < length {
            assert!(self.more(), "the reply is cut off");
        }
        let body = self.rest.drain(..length).collect();
        Some(Reply { status, head, body })
    }

    /// Reads more; false at the end.
    fn more(&mut self) -> bool {
        let mut buffer = [0; 65_536];
        let read = match self.stream.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("{error}"),
        };
        self.rest.extend_from_slice(&buffer[..read]);
        read > 0
    }
}
