//! The RPC over HTTP, and what operators look at: `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::BodyExt;
use nodewire::bytes::{Bytes, BytesMut};
use nodewire::codec::supervisor::Code;
use tokio::time::timeout;

use super::el::View;
use super::link::Handle;
use super::metrics;
use super::ready::Lag;
use super::refuse::Manner;

/// How to serve.
#[derive(Clone, Debug)]
pub struct Serving {
    /// How texts are read and replies written.
    pub manner: Manner,
    /// How long a request may take: its body to come, and its reply to be found.
    pub request: Duration,
    /// How long the head of a request may take, and how long a connection may be idle.
    pub head: Duration,
    /// How long a client may take nothing of a reply.
    pub stall: Duration,
    /// How many connections there may be; more wait to be accepted.
    pub connections: usize,
    /// How far behind is still ready.
    pub lag: Lag,
    /// The execution layers that are polled, for metrics.
    pub layers: Vec<View>,
}

impl Serving {
    /// With the times and numbers that suit most.
    #[must_use]
    pub const fn new(manner: Manner) -> Self {
        Self {
            manner,
            request: Duration::from_secs(30),
            head: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            connections: 1_024,
            lag: Lag::DEFAULT,
            layers: Vec::new(),
        }
    }
}

#[derive(Clone)]
struct Served {
    handle: Handle,
    serving: Arc<Serving>,
    open: Arc<AtomicUsize>,
}

/// The endpoint's routes. `open` counts its connections.
pub(super) fn routes(handle: Handle, serving: Arc<Serving>, open: Arc<AtomicUsize>) -> Router {
    Router::new()
        .route("/", post(call))
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .route("/metrics", get(measured))
        .with_state(Served { handle, serving, open })
}

async fn call(State(Served { handle, serving, .. }): State<Served>, body: Body) -> Response {
    let manner = &serving.manner;
    let text = match timeout(serving.request, read(body, manner.limits.max_text)).await {
        Ok(Read::Text(text)) => text,
        Ok(Read::TooLong { rest }) => {
            let reply = manner.unread(Code::LimitExceeded, "the text is too long");
            return json(Some(reply), !rest);
        }
        Ok(Read::Broken) => return (StatusCode::BAD_REQUEST, CLOSE).into_response(),
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, CLOSE).into_response(),
    };
    let again = text.clone();
    let refused = |why| manner.refuse(again, Code::ResourceUnavailable, why);
    json(
        match timeout(serving.request, handle.text(text)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(gone)) => refused(&gone.to_string()),
            // It answers what waits for nodes in less time than this.
            Err(_) => refused("the Supervisor is busy"),
        },
        false,
    )
}

const CLOSE: [(header::HeaderName, HeaderValue); 1] =
    [(header::CONNECTION, HeaderValue::from_static("close"))];

fn json(reply: Option<Bytes>, close: bool) -> Response {
    let mut response = Response::new(Body::from(reply.unwrap_or_default()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if close {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

enum Read {
    Text(Bytes),
    /// `rest`: all of it came, so that the next request can follow.
    TooLong {
        rest: bool,
    },
    Broken,
}

/// How much more than the longest text is taken and thrown away, so that whoever sends it reads
/// our answer instead of a broken connection.
const PATIENCE: usize = 16;

async fn read(mut body: Body, most: usize) -> Read {
    let mut text = Bytes::new();
    let mut more = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Read::Broken };
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length > most.saturating_mul(PATIENCE) {
            return Read::TooLong { rest: false };
        }
        if length > most {
            (text, more) = (Bytes::new(), BytesMut::new());
        } else if text.is_empty() && more.is_empty() {
            // Nearly every text comes in one piece, which needs no copy.
            text = data;
        } else {
            more.extend_from_slice(&std::mem::take(&mut text));
            more.extend_from_slice(&data);
        }
    }
    match length {
        length if length > most => Read::TooLong { rest: true },
        _ if more.is_empty() => Read::Text(text),
        _ => Read::Text(more.freeze()),
    }
}

/// How long the host may take to say how it is before it counts as stuck.
const PULSE: Duration = Duration::from_secs(5);

async fn healthy(State(Served { handle, .. }): State<Served>) -> Response {
    match timeout(PULSE, handle.status()).await {
        Ok(Ok(_)) => "ok\n".into_response(),
        Ok(Err(gone)) => (StatusCode::SERVICE_UNAVAILABLE, format!("{gone}\n")).into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the Supervisor is stuck\n").into_response(),
    }
}

async fn ready(State(Served { handle, serving, .. }): State<Served>) -> Response {
    let reasons = match timeout(PULSE, handle.status()).await {
        Ok(Ok(status)) => serving.lag.reasons(&status, super::ready::unix_now()),
        Ok(Err(gone)) => vec![gone.to_string()],
        Err(_) => vec!["the Supervisor is stuck".to_owned()],
    };
    if reasons.is_empty() {
        return "ready\n".into_response();
    }
    let text: String = reasons.iter().map(|reason| format!("{reason}\n")).collect();
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

async fn measured(State(Served { handle, serving, open }): State<Served>) -> Response {
    match timeout(PULSE, handle.status()).await {
        Ok(Ok(status)) => {
            let now = super::ready::unix_now();
            let open = open.load(Ordering::Relaxed);
            let text = metrics::text(&status, &serving.layers, open, now);
            ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response()
        }
        _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
