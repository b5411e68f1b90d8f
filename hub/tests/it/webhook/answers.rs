//! What an endpoint answers, and what is made of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::stream;
use muara_hub::webhook::outcome::Outcome;
use muara_hub::webhook::sender::{Sender, Settings};
use muara_hub::webhook::signature::{Signing, sign};
use tokio::net::TcpListener;

use super::server::Server;
use super::{BODY, NOW, here, key, send, send_again};

#[tokio::test]
async fn an_event_arrives_as_it_was_with_both_signatures() {
    let server = Server::answering(200, &[]).await;

    let attempt = send(here(), &format!("{}/hook?token=1", server.address)).await;

    assert_eq!((attempt.status, attempt.outcome, attempt.at), (Some(200), Outcome::Delivered, NOW));
    assert_eq!((attempt.response.as_str(), attempt.retry_after), ("this is 200", None));
    let (headers, body) = server.requests().remove(0);
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let expected =
        sign(&[Signing { key: key(2), until: None }, Signing { key: key(1), until: None }], "7f3a9c-4711", BODY, NOW);
    assert_eq!(body, BODY);
    assert_eq!(header("webhook-id"), "7f3a9c-4711");
    assert_eq!(header("webhook-timestamp"), "1796083200");
    assert_eq!(header("webhook-signature"), expected.signatures);
    assert_eq!(header("content-type"), "application/cloudevents+json");
    assert_eq!(header("user-agent"), concat!("Muara/", env!("CARGO_PKG_VERSION")));
    assert!(!headers.contains_key("accept-encoding") && !headers.contains_key("referer"), "{headers:?}");
}

#[tokio::test]
async fn a_status_is_told_with_the_answer_and_the_wish_to_wait() {
    let date = &[("date", "Tue, 01 Dec 2026 00:00:00 GMT"), ("retry-after", "Tue, 01 Dec 2026 00:01:00 GMT")];
    for (status, headers, outcome, wait) in [
        (204, &[][..], Outcome::Delivered, None),
        (400, &[], Outcome::Rejected, None),
        (410, &[], Outcome::Gone, None),
        (429, &[("retry-after", "120")], Outcome::Throttled, Some(120)),
        (500, &[], Outcome::Rejected, None),
        (503, date, Outcome::Throttled, Some(60)),
    ] {
        let server = Server::answering(status, headers).await;

        let attempt = send(here(), &server.address).await;

        assert_eq!((attempt.status, attempt.outcome), (Some(status), outcome));
        assert_eq!(attempt.retry_after, wait.map(Duration::from_secs), "{status}");
        assert_eq!(server.requests().len(), 1, "{status} is not tried again at once");
    }
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let other = Server::answering(200, &[]).await;
    for status in [301, 302, 303, 307, 308] {
        let to = other.address.clone();
        let server = Server::with(move || {
            Some(Response::builder().status(status).header("location", &to).body(Body::empty()).unwrap())
        })
        .await;

        let attempt = send(here(), &server.address).await;

        assert_eq!((attempt.status, attempt.outcome), (Some(status), Outcome::Redirected));
    }
    assert_eq!(other.requests().len(), 0);
}

#[tokio::test]
async fn a_silent_endpoint_is_left_when_the_time_is_up() {
    let server = Server::with(|| None).await;

    let attempt = send(Settings { total: Duration::from_millis(300), ..here() }, &server.address).await;

    assert_eq!((attempt.status, attempt.outcome), (None, Outcome::Silent));
    assert!((250..5_000).contains(&attempt.millis), "{} ms", attempt.millis);
    assert_eq!(attempt.response, "no answer within 0.3 s");
    assert_eq!(server.requests().len(), 1, "the request had arrived");
}

#[tokio::test]
async fn a_closed_port_is_told_without_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);

    let attempt = send(here(), &format!("http://{address}/hook?token=s3cret")).await;

    assert_eq!((attempt.status, attempt.outcome), (None, Outcome::Unreachable));
    assert!(attempt.response.contains("refused") && !attempt.response.contains("s3cret"), "{}", attempt.response);
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    const PIECE: Bytes = Bytes::from_static(&[b'x'; 16 * 1024]);
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let server = Server::with(move || {
        let counted = Arc::clone(&counted);
        let pieces = stream::repeat_with(move || {
            counted.fetch_add(PIECE.len(), Ordering::SeqCst);
            Ok::<_, std::io::Error>(PIECE)
        });
        Some(Response::new(Body::from_stream(pieces)))
    })
    .await;

    let attempt = send(here(), &server.address).await;

    assert_eq!((attempt.status, attempt.outcome), (Some(200), Outcome::Delivered));
    assert_eq!(attempt.response, "x".repeat(1_000));
    // What the sockets of both sides hold is made too.
    let made = made.load(Ordering::SeqCst);
    assert!(made < 32 * 1024 * 1024, "{made} bytes were made");
}

#[tokio::test]
async fn an_answer_that_does_not_end_counts_by_its_status() {
    let server = Server::with(|| {
        let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"taken, and"))]);
        let body = futures_util::StreamExt::chain(begun, stream::pending());
        Some(Response::builder().status(202).body(Body::from_stream(body)).unwrap())
    })
    .await;

    let attempt = send(here(), &server.address).await;

    assert_eq!((attempt.status, attempt.outcome), (Some(202), Outcome::Delivered));
    assert_eq!(attempt.response, "taken, and");
    assert!(attempt.millis < 10_000, "{} ms", attempt.millis);
}

#[tokio::test]
async fn an_endpoint_that_comes_back_is_reached_by_the_same_sender() {
    let sender = Sender::new(here()).unwrap();
    let server = Server::answering(200, &[]).await;
    let (address, port) = (server.address.clone(), server.port);
    assert_eq!(send_again(&sender, &address).await.outcome, Outcome::Delivered);
    drop(server);

    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    let again = loop {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await {
            drop(listener);
            break Server::at("127.0.0.1".parse().unwrap(), port, || Some(Response::new(Body::empty()))).await;
        }
        assert!(std::time::Instant::now() < deadline, "the port is free again");
        tokio::task::yield_now().await;
    };
    while send_again(&sender, &address).await.outcome != Outcome::Delivered {
        assert!(std::time::Instant::now() < deadline, "the endpoint is reached again");
    }

    assert!(!again.requests().is_empty());
}
