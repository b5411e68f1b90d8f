//! From a legacy system to the bus.

pub mod announce;
pub mod catalog;
pub mod conform;
pub mod definition;
pub mod delimited;
pub mod ingest;
pub mod jq;
pub mod json;
pub mod kind;
pub mod kinds;
pub mod mapping;
pub mod profile;
pub mod proposal;
pub mod raw;
pub mod reader;
pub mod runner;
pub mod state;
pub mod survey;
pub mod text;
pub mod watch;
pub mod worker;
pub mod xml;
