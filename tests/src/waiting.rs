//! Waiting for a condition with a deadline, and ports.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use muara_schemas::random;

/// How often a condition is looked at.
const STEP: Duration = Duration::from_millis(20);

/// Waits until the condition holds.
///
/// # Panics
/// When it does not hold within the deadline; the message names `what` was waited for.
pub async fn wait_until(what: &str, deadline: Duration, mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + deadline;
    while !holds().await {
        assert!(Instant::now() < end, "waited {} s in vain for {what}", deadline.as_secs());
        tokio::time::sleep(STEP).await;
    }
}

/// A port on loopback that nobody listens on now. It lies below the ports that the kernel gives to outgoing connections,
/// so that none of those takes it while a program that had it starts again.
///
/// # Panics
/// When there is none.
pub fn free_port() -> u16 {
    let begin = u16::from_be_bytes(random::bytes()) % 10_000;
    (0..10_000)
        .map(|step| 20_000 + (begin + step) % 10_000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("loopback has a free port")
}
