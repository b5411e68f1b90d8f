//! The store contract.

mod intake;
mod log;
mod proof;
mod totals;
