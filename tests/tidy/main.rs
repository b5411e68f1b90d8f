//! The house rules as a test: each fault is told with its file, its line and the rule.
//!
//! How to add one: a `#[test]` in the module that fits, named as the rule reads, that collects [`tree::Faults`] and ends
//! them with the rule in a sentence. STYLE.md and ARCHITECTURE.md say why; here stands only what.

mod catalog;
mod confinement;
mod crates;
mod licences;
mod links;
mod sources;
mod tree;
mod words;
