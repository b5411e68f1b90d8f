//! The store contract.

mod chain;
mod discard;
mod findings;
mod held;
mod intake;
mod log;
mod poison;
mod proof;
mod replay;
mod subscriptions;
mod totals;
