//! Where an event may go: names that lead to closed addresses, at once or later, and servers with certificates.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::response::Response;
use muara_hub::webhook::guard::Names;
use muara_hub::webhook::outcome::Outcome;
use muara_hub::webhook::sender::{Sender, Settings};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::server::Server;
use super::{BODY, here, names, policy, send, send_again};

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_reached_only_when_its_network_is_allowed() {
    let server = Server::answering(200, &[]).await;
    let url = format!("http://portal.example.go.id:{}/", server.port);

    let refused =
        send(Settings { policy: policy(&[]), names: names(&["127.0.0.1"]), ..Settings::default() }, &url).await;
    assert_eq!((refused.status, refused.outcome), (None, Outcome::Refused));
    assert!(refused.response.contains("this machine's own address"), "{}", refused.response);
    assert_eq!(server.requests().len(), 0);

    let reached = send(Settings { names: names(&["127.0.0.1"]), ..here() }, &url).await;
    assert_eq!(reached.outcome, Outcome::Delivered);
    let host = server.requests()[0].0["host"].clone();
    assert_eq!(host, format!("portal.example.go.id:{}", server.port));
}

#[tokio::test]
async fn one_closed_address_among_open_ones_refuses_the_name() {
    let server = Server::answering(200, &[]).await;
    let settings = Settings { names: names(&["127.0.0.1", "10.0.0.1"]), ..here() };

    let attempt = send(settings, &format!("http://portal.example.go.id:{}/", server.port)).await;

    assert_eq!(attempt.outcome, Outcome::Refused);
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn the_machines_own_names_are_judged_too() {
    let server = Server::answering(200, &[]).await;
    let url = format!("http://localhost:{}/", server.port);

    let refused = send(Settings { policy: policy(&[]), ..Settings::default() }, &url).await;
    let reached = send(Settings { policy: policy(&["127.0.0.0/8", "::1/128"]), ..Settings::default() }, &url).await;

    assert_eq!((refused.outcome, reached.outcome), (Outcome::Refused, Outcome::Delivered));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_closed_address_in_the_url_is_refused_without_a_connection() {
    let server = Server::answering(200, &[]).await;
    for host in ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"] {
        let settings = Settings { policy: policy(&[]), ..Settings::default() };

        let attempt = send(settings, &format!("http://{host}:{}/", server.port)).await;

        assert_eq!(attempt.outcome, Outcome::Refused, "{host}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_later_is_judged_with_each_connection() {
    let close = || Some(Response::builder().header("connection", "close").body(Body::empty()).unwrap());
    let allowed = Server::at("127.0.0.2".parse().unwrap(), 0, close).await;
    let closed = Server::at("127.0.0.1".parse().unwrap(), allowed.port, close).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let turning = Names::By(Arc::new(move |_| {
        let is_first = count.fetch_add(1, Ordering::SeqCst) == 0;
        vec![if is_first { "127.0.0.2" } else { "127.0.0.1" }.parse().unwrap()]
    }));
    let settings = Settings { policy: policy(&["127.0.0.2/32"]), names: turning, ..Settings::default() };
    let sender = Sender::new(settings).unwrap();
    let url = format!("http://portal.example.go.id:{}/", allowed.port);

    let first = send_again(&sender, &url).await;
    let second = send_again(&sender, &url).await;

    assert_eq!((first.outcome, second.outcome), (Outcome::Delivered, Outcome::Refused));
    assert_eq!(asked.load(Ordering::SeqCst), 2, "each connection asks once, and nobody asks before it");
    assert_eq!((allowed.requests().len(), closed.requests().len()), (1, 0));
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_unreachable() {
    let attempt = send(Settings { names: names(&[]), ..here() }, "http://portal.example.go.id/").await;

    assert_eq!((attempt.status, attempt.outcome), (None, Outcome::Unreachable));
    assert!(attempt.response.contains("leads nowhere"), "{}", attempt.response);
}

/// Certificates that are made for tests and trusted nowhere else.
fn pem(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../connectors/tests/tls").join(name)
}

/// A web server with a certificate for `localhost`; its port.
async fn secure_server() -> u16 {
    let chain = vec![CertificateDer::from_pem_file(pem("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(pem("server.key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::task::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut seen = Vec::new();
            while !seen.ends_with(BODY) && stream.read_buf(&mut seen).await.is_ok_and(|read| read > 0) {}
            // Whoever does not listen any more has been refused.
            drop(stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await);
            drop(stream.shutdown().await);
        }
    });
    port
}

#[tokio::test]
async fn a_certificate_must_be_of_a_known_authority_and_for_the_name() {
    let port = secure_server().await;
    let ca = std::fs::read_to_string(pem("ca.pem")).unwrap();
    let settings = |authorities: Option<&String>| Settings {
        authorities: authorities.cloned(),
        names: names(&["127.0.0.1"]),
        ..here()
    };

    let unknown = send(settings(None), &format!("https://localhost:{port}/")).await;
    let known = send(settings(Some(&ca)), &format!("https://localhost:{port}/")).await;
    let other_name = send(settings(Some(&ca)), &format!("https://portal.example.go.id:{port}/")).await;

    assert_eq!((unknown.outcome, unknown.status), (Outcome::Unreachable, None), "{}", unknown.response);
    assert_eq!((known.outcome, known.status), (Outcome::Delivered, Some(204)), "{}", known.response);
    assert_eq!((other_name.outcome, other_name.status), (Outcome::Unreachable, None), "{}", other_name.response);
}
