//! The store contract.

mod chain;
mod findings;
mod held;
mod intake;
mod log;
mod poison;
mod proof;
mod totals;
