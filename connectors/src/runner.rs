//! The runner: pull → skip → map → validate → publish → save, for every stream of every definition.
//!
//! Read [`connector`] for what a program starts, [`reload`] for a change of definitions, `system` for what streams share,
//! `worker` for the life of a stream, `run` for the way of a record. `sift`, `verdict`, `closing`, `cursor`, `key`, `pages`
//! and `seen` decide; `pull`, `saver`, `compare`, `replay` and `control` obey.
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
mod fleet;
mod key;
mod life;
mod pages;
mod prepared;
pub mod preview;
mod pull;
pub(crate) mod push;
pub mod rehearsal;
pub mod reload;
mod replay;
pub mod report;
mod run;
mod saver;
mod seat;
mod seen;
pub mod settings;
mod sift;
mod split;
mod system;
mod verdict;
mod worker;

pub use connector::{Connector, Handle, StartError};
pub use fleet::{Difference, News};
pub use report::{Progress, StreamReport};
pub use settings::{Observer, Options, Tuning};
