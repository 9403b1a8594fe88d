//! Connections: so many at once, none that stalls, all finished before the end.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use super::link::Handle;
use super::peer::Impatient;
use super::serve::{Serving, routes};

/// Serves until `stop`; then accepts no more, lets each connection finish its request, `patience`
/// at most, and returns.
pub async fn listen(
    listener: TcpListener,
    handle: Handle,
    serving: Serving,
    stop: impl Future<Output = ()>,
    patience: Duration,
) {
    let serving = Arc::new(serving);
    let open = Arc::new(AtomicUsize::new(0));
    let routes = routes(handle, serving.clone(), open.clone());
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(serving.head).half_close(true);
    let room = Arc::new(Semaphore::new(serving.connections));
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            // It is never closed.
            let room = room.clone().acquire_owned().await;
            (listener.accept().await, room)
        };
        let (accepted, room) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            // One that went away at once, or too many open files: the next may do better.
            Err(error) => {
                warn!(%error, "no connection");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // Replies are whole when they are written: there is nothing to wait for.
        let _ = stream.set_nodelay(true);
        let (stream, peer) = Impatient::new(stream, serving.stall);
        let routes = TowerToHyperService::new(routes.clone());
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer.clone());
            routes.call(request)
        });
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        open.fetch_add(1, Ordering::Relaxed);
        let open = open.clone();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                debug!(%error, "a connection broke");
            }
            open.fetch_sub(1, Ordering::Relaxed);
            drop(room);
        });
    }
    drop(listener);
    if timeout(patience, graceful.shutdown()).await.is_err() {
        warn!("connections are left that did not end in time");
    }
}
