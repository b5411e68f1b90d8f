//! The simulated legacy systems that serve the world: two web services, a database file, workbooks and CSV exports.
//!
//! To add a system: a module here, its streams in `world::Stream`, a definition under `connectors/`, and a line in `Systems`.

pub(crate) mod chkp;
pub(crate) mod feed;
pub(crate) mod inaproc;
pub(crate) mod raw;
pub(crate) mod rsud;
pub(crate) mod simda;
pub(crate) mod sipd;
pub(crate) mod web;
