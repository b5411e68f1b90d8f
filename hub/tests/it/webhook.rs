//! One event to one endpoint, against web servers that behave and web servers that do not.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use muara_hub::webhook::guard::{Names, Policy};
use muara_hub::webhook::sender::{Attempt, Endpoint, Sender, Settings};
use muara_hub::webhook::signature::{Key, Signing};
use muara_schemas::Moment;

mod answers;
mod places;
mod server;

/// The moment at which every event of these tests is sent.
const NOW: Moment = Moment::from_micros(1_796_083_200_000_000);
const BODY: &[u8] = br#"{"specversion":"1.0","id":"7f3a9c-4711"}"#;

/// A key whose bytes are all the same.
fn key(byte: u8) -> Key {
    Key::new(vec![byte; 32]).unwrap()
}

/// Settings that let events go to `http:` servers on this machine.
fn here() -> Settings {
    Settings { policy: policy(&["127.0.0.1/32"]), ..Settings::default() }
}

fn policy(networks: &[&str]) -> Policy {
    Policy { networks: networks.iter().map(|network| network.parse().unwrap()).collect(), may_be_http: true }
}

/// Names that all lead to the same addresses.
fn names(addresses: &[&str]) -> Names {
    let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
    Names::By(Arc::new(move |_| addresses.clone()))
}

/// Sends the event once to an address.
async fn send(settings: Settings, url: &str) -> Attempt {
    send_again(&Sender::new(settings).unwrap(), url).await
}

/// Sends the event once more with the same sender.
async fn send_again(sender: &Sender, url: &str) -> Attempt {
    let keys = vec![Signing { key: key(2), until: None }, Signing { key: key(1), until: Some(NOW.plus_secs(60)) }];
    let endpoint = Endpoint { url: url.to_owned(), keys };
    let attempt = sender.send(&endpoint, "7f3a9c-4711", Bytes::from_static(BODY), NOW);
    tokio::time::timeout(Duration::from_secs(30), attempt).await.expect("an attempt ends by itself")
}
