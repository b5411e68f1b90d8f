//! The runner: pull → skip → map → validate → publish → save, for every stream of every definition.
//!
//! Read [`connector`] for what a program starts, `worker` for the life of a stream, `run` for the way of a record.
//! `sift`, `verdict`, `closing`, `cursor`, `drift`, `key`, `pages` and `seen` decide; `pull`, `saver`, `compare`, `replay` and
//! `control` obey.

mod backoff;
mod closing;
mod compare;
pub mod connector;
mod context;
mod control;
mod cursor;
mod drift;
mod key;
mod pages;
pub mod preview;
mod pull;
mod replay;
pub mod report;
mod run;
mod saver;
mod seen;
pub mod settings;
mod sift;
mod split;
mod verdict;
mod worker;

pub use connector::{Connector, Handle, StartError};
pub use report::{Progress, StreamReport};
pub use settings::{Observer, Options, Tuning};
