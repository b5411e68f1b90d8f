//! The demo seen from outside: over its ports and in its folder, with no look at the world behind.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there and shows the line")]

mod client;
mod files;
mod life;
mod paging;
mod truth;
