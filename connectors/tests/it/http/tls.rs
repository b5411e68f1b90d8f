//! Certificates on both sides. Those under `tests/tls/` are made for these tests and trusted nowhere else.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::page;
use crate::rig::Rig;

fn pem(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
}

/// A server that lets in whoever has a certificate of our authority, and gives each the same page.
async fn server() -> String {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(pem("ca.pem")).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let chain = vec![CertificateDer::from_pem_file(pem("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(pem("server.key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut seen = Vec::new();
            while !seen.ends_with(b"\r\n\r\n") && stream.read_buf(&mut seen).await.is_ok_and(|read| read > 0) {}
            let body = page(1..3, "");
            let answer =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
            // Whoever does not listen any more has been refused.
            drop(stream.write_all(answer.as_bytes()).await);
            drop(stream.shutdown().await);
        }
    });
    address
}

fn rig(address: &str, tls: &str) -> Rig {
    let source = format!("  kind: http\n  base_url: {{env: URL}}\n  retry: {{max: 0}}\n{tls}");
    let mut rig = Rig::new(&source, "    read: {get: /dpa, records: data}\n");
    rig.set("URL", address);
    rig
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_prove_who_they_are() {
    let address = server().await;
    let file = |name: &str| format!("{{file: \"{}\"}}", pem(name).display());
    let (ca, cert, key) = (file("ca.pem"), file("client.pem"), file("client.key.pem"));

    let mut known = rig(&address, &format!("  tls: {{ca: {ca}, cert: {cert}, key: {key}}}"));
    assert_eq!(known.run(false).await.counts.published, 2);

    for tls in [format!("  tls: {{ca: {ca}}}"), format!("  tls: {{cert: {cert}, key: {key}}}"), String::new()] {
        let failure = rig(&address, &tls).try_run(false).await.failure.unwrap();
        assert!(failure.starts_with("E0202"), "{tls}: {failure}");
    }
    let swapped = rig(&address, &format!("  tls: {{cert: {cert}, key: {ca}}}")).try_run(false).await;
    let failure = swapped.failure.unwrap();
    assert!(failure.starts_with("E0204") && failure.contains("source.tls.key"), "{failure}");
}
