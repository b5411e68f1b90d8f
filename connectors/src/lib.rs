//! From a legacy system to the bus.

pub mod announce;
pub mod catalog;
pub mod definition;
pub mod jq;
pub mod json;
pub mod kind;
pub mod kinds;
pub mod mapping;
pub mod proposal;
pub mod raw;
pub mod reader;
pub mod runner;
pub mod state;
pub mod survey;
pub mod text;
pub mod worker;
pub mod xml;
