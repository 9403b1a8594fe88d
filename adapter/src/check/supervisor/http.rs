//! One text, one POST, one reply, within a time and a size.

use std::fmt;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{StatusCode, Url};
use tokio::runtime::{Builder, Runtime};

/// Most bytes of a reply: no scenario's is longer than a few thousand.
const MOST: usize = 1 << 20;

/// Posts texts to a server.
pub(super) struct Http {
    runtime: Runtime,
    client: reqwest::Client,
    url: Url,
    patience: Duration,
}

/// Why there is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nobody took the connection.
    Unreachable,
    /// The connection ended before a reply.
    Broken,
    /// It took too long.
    Late(Duration),
    /// It did not end.
    TooLong,
    /// No success.
    Status(StatusCode),
}

impl Http {
    /// What posts to `url`, without proxies and redirections.
    pub(super) fn new(url: &str, patience: Duration) -> Result<Self, String> {
        // HOST:PORT is as good.
        let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let url = Url::parse(&whole).map_err(|error| format!("not a URL: {error}"))?;
        match url.scheme() {
            "http" => {}
            "https" if cfg!(feature = "tls") => {}
            "https" => return Err("https needs a build with the feature `tls`".into()),
            _ => return Err("neither http nor https".into()),
        }
        crate::supervisor::el::provide();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .timeout(patience)
            // Each text gets a connection of its own.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| format!("no HTTP client: {error}"))?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        Ok(Self { runtime, client, url, patience })
    }

    /// Says so if nobody is there.
    pub(super) fn reach(&self) -> Result<(), String> {
        match self.post(br#"{"jsonrpc":"2.0","id":1,"method":"supervisor_syncStatus"}"#) {
            Err(fault @ Fault::Unreachable) => Err(fault.to_string()),
            _ => Ok(()),
        }
    }

    /// The reply to a text; empty if there is nothing to say.
    pub(super) fn post(&self, text: &[u8]) -> Result<Vec<u8>, Fault> {
        self.runtime.block_on(self.exchange(text))
    }

    async fn exchange(&self, text: &[u8]) -> Result<Vec<u8>, Fault> {
        let request = self.client.post(self.url.clone()).body(text.to_vec());
        let request = request.header("content-type", "application/json");
        let failed = |error: &reqwest::Error| {
            if error.is_timeout() {
                Fault::Late(self.patience)
            } else if error.is_connect() {
                Fault::Unreachable
            } else {
                Fault::Broken
            }
        };
        let mut response = request.send().await.map_err(|error| failed(&error))?;
        if !response.status().is_success() {
            return Err(Fault::Status(response.status()));
        }
        let mut reply = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| failed(&error))? {
            if piece.len() > MOST - reply.len() {
                return Err(Fault::TooLong);
            }
            reply.extend_from_slice(&piece);
        }
        Ok(reply)
    }
}

impl Fault {
    /// True if the other end spoke HTTP at least.
    pub(super) const fn is_an_answer(self) -> bool {
        matches!(self, Self::TooLong | Self::Status(_))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("took no connection"),
            Self::Broken => f.write_str("ended the connection without a whole reply in HTTP"),
            Self::Late(patience) => write!(f, "did not answer within {patience:?}"),
            Self::TooLong => write!(f, "replied with more than {MOST} bytes"),
            Self::Status(status) => write!(f, "replied with the HTTP status {status}"),
        }
    }
}
