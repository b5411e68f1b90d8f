//! How a run is told to end early.

use muara_schemas::StreamName;
use tokio_util::sync::CancellationToken;

use super::super::report::Failure;

/// The code of a run that ended early because its definition is not in use any more.
pub(in crate::runner) const CUT: &str = "E0285";

/// How a run is told to end early.
#[derive(Debug, Clone)]
pub(in crate::runner) struct Stop {
    /// Here and now, wherever it is.
    pub(in crate::runner) at_once: CancellationToken,
    /// At the edge of a page: what was sent is confirmed and kept, and the hub is told that the run is over.
    pub(in crate::runner) at_edge: CancellationToken,
}

/// Why a run ended early.
pub(in crate::runner) fn cut(name: &StreamName) -> Failure {
    Failure::new(CUT, format!("the definition of {name} was changed or taken away while it was read"))
}
