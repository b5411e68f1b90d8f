//! Waiting for a condition with a deadline.

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const STEP: Duration = Duration::from_millis(20);

/// Waits until the condition holds.
///
/// # Panics
/// When it does not hold within the deadline; the message names `what` was waited for.
pub async fn wait_until(what: &str, deadline: Duration, holds: impl AsyncFnMut() -> bool) {
    wait_telling(what, deadline, holds, String::new).await;
}

/// The same; when it was in vain, the message also tells what there is to know, such as what a program said.
///
/// # Panics
/// As [`wait_until`].
pub async fn wait_telling(
    what: &str,
    deadline: Duration,
    mut holds: impl AsyncFnMut() -> bool,
    known: impl Fn() -> String,
) {
    let end = Instant::now() + deadline;
    while !holds().await {
        assert!(Instant::now() < end, "waited {} s in vain for {what}\n{}", deadline.as_secs(), known());
        tokio::time::sleep(STEP).await;
    }
}
