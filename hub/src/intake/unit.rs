//! How much one unit of work takes: pure.

use std::collections::BTreeMap;

use muara_schemas::page::RunId;
use muara_schemas::stream::StreamName;

use super::checked::Arrived;

/// How many of these messages go into the next unit of work: up to where a stream goes on to another run. What a run's
/// end decides (a page is missing, deletes are held, the proof) is decided before the next run is looked at.
pub fn next(arrived: &[Arrived]) -> usize {
    let mut runs: BTreeMap<StreamName, RunId> = BTreeMap::new();
    let begins_another = |message: &Arrived| match message {
        Arrived::Page(checked) => *runs.entry(checked.name.clone()).or_insert(checked.page.run) != checked.page.run,
        Arrived::Word(_) => false,
    };
    arrived.iter().position(begins_another).unwrap_or(arrived.len())
}
