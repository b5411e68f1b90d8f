//! Serves a router on a listener, with bounds on connections and patience, until shutdown.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::util::MapRequest;

/// How many connections are open at once; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 2_048;
/// Whoever has not sent the head of a request by then is let go.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);
/// How many bytes of headers are read.
const MAX_HEADER_BYTES: usize = 32 * 1024;
/// How long requests under way may take at shutdown.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// Out of file handles and the like: trying at once would only burn the processor.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Serves until `token` is cancelled; connections run on `tasks`, which ends after the last of them.
/// A request knows whom it comes from, as [`ConnectInfo`].
pub async fn serve(listener: TcpListener, router: Router, tasks: TaskTracker, token: CancellationToken) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = token.cancelled() => return,
            accepted = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (place, listener.accept().await)
            } => accepted,
        };
        match accepted {
            (Ok(place), Ok((stream, peer))) => {
                let (router, token) = (router.clone(), token.clone());
                tasks.spawn(async move {
                    connection(stream, peer, router, token).await;
                    drop(place);
                });
            }
            (_, Err(error)) => {
                tracing::warn!("a connection could not be accepted: {error}");
                drop(timeout(PAUSE_AFTER_FAILURE, token.cancelled()).await);
            }
            (Err(_), _) => return,
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, token: CancellationToken) {
    // Answers are written whole, so there is nothing to wait for.
    drop(stream.set_nodelay(true));
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .max_buf_size(MAX_HEADER_BYTES)
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(MAX_HEADER_BYTES).unwrap_or(u32::MAX))
        .keep_alive_interval(Some(Duration::from_secs(30)));
    let known = MapRequest::new(router, move |mut request: Request<_>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(known));
    tokio::pin!(served);
    let outcome = tokio::select! {
        outcome = served.as_mut() => outcome,
        () = token.cancelled() => {
            served.as_mut().graceful_shutdown();
            match timeout(LAST_WORDS, served.as_mut()).await {
                Ok(outcome) => outcome,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = outcome {
        tracing::debug!("a connection ended early: {error}");
    }
}
