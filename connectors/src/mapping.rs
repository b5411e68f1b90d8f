//! From a raw record to a canonical body: a field table, checked against the target's schema and compiled once.
//!
//! Pure: no IO, no clock, no async. [`Table::compile`] finds every mistake of a definition with its place;
//! [`Table::apply`] turns one raw record into a body or into every reason why not.

mod apply;
mod calendar;
mod compile;
pub(crate) mod constant;
pub mod converter;
mod crosswalk;
mod draft;
mod leaf;
pub mod lookup;
mod number;
mod plan;
pub(crate) mod shape;
mod slots;
#[cfg(test)]
mod tests;
mod verdict;

pub use calendar::Pattern;
pub use converter::Converter;
pub use crosswalk::Crosswalk;
pub use lookup::{Columns, Lookup};
pub use plan::Table;
pub use verdict::Mapped;
