//! The database: one file a table or a close pair, written once for both engines.
//!
//! How to add a function: plain `async fn` over `&mut Tx`, the unit of work first and the subject second, one statement
//! for any number of records ([`rows::Rows`]), and a case in the store contract test, which runs on both engines.

pub mod causes;
pub mod census;
pub mod changes;
pub mod commands;
pub mod compared;
pub mod db;
pub mod deliveries;
pub mod discards;
pub mod entries;
pub mod error;
pub mod feed;
pub mod figures;
pub mod findings;
pub mod head;
pub mod installation;
pub mod journal;
pub mod keys;
pub mod listing;
pub mod parked;
pub mod quarantine;
pub mod readers;
pub mod records;
pub mod replayed;
pub mod replays;
mod row;
pub mod rows;
pub mod runs;
mod scope;
pub mod sources;
pub mod streams;
pub mod subscriptions;
pub mod totals;

pub use db::{Db, Tx};
pub use error::{Error, Result};
