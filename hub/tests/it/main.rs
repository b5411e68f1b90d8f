//! The hub from outside: every promise of the store and of the API, on both engines.
//!
//! A private PostgreSQL is started for it.

mod api;
mod caller;
mod contract;
mod delivery;
mod engine;
mod feed;
#[path = "../../../tests/src/services.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with other tests, which use more of it")]
mod services;
mod store;
mod webhook;
