//! The store contract: every promise of the store, on both engines.
//!
//! A private PostgreSQL is started for it.

mod engine;
mod feed;
mod intake;
mod log;
mod proof;
#[path = "../../../tests/src/services.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with other tests, which use more of it")]
mod services;
mod totals;
