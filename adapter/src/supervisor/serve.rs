//! The RPC over HTTP, and what operators look at: `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::BodyExt;
use nodewire::bytes::{Bytes, BytesMut};
use nodewire::codec::supervisor::Code;
use tokio::time::timeout;

use super::budget::{Budget, Share};
use super::el::View;
use super::link::Handle;
use super::metrics;
use super::peer::Peer;
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
    /// How long a client that has said its last may still be waiting for the reply to a call of
    /// nodes; one whose connection broke does not wait.
    pub grace: Duration,
    /// How many connections there may be; more wait to be accepted.
    pub connections: usize,
    /// Bytes that all texts and replies together may hold; requests beyond are answered 503. A
    /// quarter is left to those that need no more than their connection's share of it.
    pub bytes: usize,
    /// How far behind is still ready.
    pub lag: Lag,
    /// The execution layers that are polled, for metrics.
    pub layers: Vec<View>,
}

impl Serving {
    /// The usual [`bytes`](Self::bytes).
    pub const BYTES: usize = 256 * 1_048_576;

    /// With the times and numbers that suit most.
    #[must_use]
    pub const fn new(manner: Manner) -> Self {
        Self {
            manner,
            request: Duration::from_secs(30),
            head: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            grace: Duration::from_secs(1),
            connections: 1_024,
            bytes: Self::BYTES,
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
    budget: Arc<Budget>,
}

/// The endpoint's routes. `open` counts its connections.
pub(super) fn routes(handle: Handle, serving: Arc<Serving>, open: Arc<AtomicUsize>) -> Router {
    let budget = Budget::new(serving.bytes, serving.connections);
    Router::new()
        .route("/", post(call))
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .route("/metrics", get(measured))
        .with_state(Served { handle, serving, open, budget })
}

async fn call(
    State(Served { handle, serving, budget, .. }): State<Served>,
    Extension(peer): Extension<Peer>,
    body: Body,
) -> Response {
    let manner = &serving.manner;
    let mut share = budget.share();
    let read = read(body, manner.limits.max_text, &mut share);
    let text = match timeout(serving.request, read).await {
        Ok(Read::Text(text)) => text,
        Ok(Read::TooLong { rest }) => {
            let reply = manner.unread(Code::LimitExceeded, "the text is too long");
            return json(Some(reply), !rest);
        }
        Ok(Read::NoRoom { rest }) => return no_room(manner, !rest),
        Ok(Read::Broken) => return (StatusCode::BAD_REQUEST, CLOSE).into_response(),
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, CLOSE).into_response(),
    };
    // What the machine holds of the reply meanwhile is counted too.
    if !share.grow(manner.longest_reply(&text)) {
        return no_room(manner, false);
    }
    let again = text.clone();
    let refused = |why| manner.refuse(again, Code::ResourceUnavailable, why);
    let replied = timeout(serving.request, handle.text(text));
    let reply = tokio::select! {
        biased;
        replied = replied => match replied {
            Ok(Ok(reply)) => reply,
            Ok(Err(gone)) => refused(&gone.to_string()),
            // It answers what waits for nodes in less time than this.
            Err(_) => refused("the Supervisor is busy"),
        },
        // Nobody reads this.
        () = peer.gone(serving.grace) => {
            return (StatusCode::REQUEST_TIMEOUT, CLOSE).into_response();
        }
    };
    json(reply.map(|reply| share.around(reply)), false)
}

/// There is no room for the text or its reply.
fn no_room(manner: &Manner, close: bool) -> Response {
    let why = "too many bytes of texts and replies are held, try again later";
    let mut response = json(Some(manner.unread(Code::LimitExceeded, why)), close);
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
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
    /// Too much is held already; `rest` as above.
    NoRoom {
        rest: bool,
    },
    Broken,
}

/// How much more than the longest text is taken and thrown away, so that whoever sends it reads
/// our answer instead of a broken connection.
const PATIENCE: usize = 16;

/// Reads a text, of which `share` holds what there is.
async fn read(mut body: Body, most: usize, share: &mut Share) -> Read {
    let mut text = Bytes::new();
    let mut more = BytesMut::new();
    let (mut length, mut held) = (0_usize, 0_usize);
    let mut room = true;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Read::Broken };
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length > most.saturating_mul(PATIENCE) {
            return if room { Read::TooLong { rest: false } } else { Read::NoRoom { rest: false } };
        }
        if length > most || !room {
            (text, more) = (Bytes::new(), BytesMut::new());
            share.release();
        } else if text.is_empty() && more.is_empty() {
            // Nearly every text comes in one piece, which needs no copy.
            text = data;
        } else {
            more.extend_from_slice(&std::mem::take(&mut text));
            more.extend_from_slice(&data);
        }
        let holds = text.len().saturating_add(more.capacity());
        if holds > held && room {
            room = share.grow(holds - held);
            held = holds;
        }
    }
    match length {
        _ if !room => Read::NoRoom { rest: true },
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

async fn measured(State(state): State<Served>) -> Response {
    let Served { handle, serving, open, budget } = state;
    match timeout(PULSE, handle.status()).await {
        Ok(Ok(status)) => {
            let now = super::ready::unix_now();
            let open = open.load(Ordering::Relaxed);
            let text = metrics::text(&status, &serving.layers, open, &budget, now);
            ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response()
        }
        _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
