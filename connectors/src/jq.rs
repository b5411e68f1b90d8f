//! Expressions in jq: the escape hatch of the language, behind a fence.
//!
//! [`Program`] is the pure half: it compiles a text, tells what is wrong with it and where, and evaluates it. What an
//! expression can do depends on the record alone: it sees no clock, no environment and no other input, and it can end
//! nothing but itself. Nobody can say beforehand how long it takes or how much memory it needs, so [`crate::worker`]
//! evaluates it in a process of its own.

mod answer;
mod fence;
mod native;
mod program;
#[cfg(test)]
mod tests;

pub(crate) use answer::read;
pub use answer::{Answer, evaluate};
pub use program::{Fault, MAX_TEXT_BYTES, Mistake, Program};
