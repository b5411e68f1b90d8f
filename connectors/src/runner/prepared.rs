//! A definition that is ready to run: with it nothing can go wrong any more, so that a change is made whole or not at all.

use std::sync::Arc;

use muara_schemas::catalog::Catalog;

use super::connector::StartError;
use crate::definition::{Definition, Stream};
use crate::kind::Kind;
use crate::kinds;
use crate::mapping::Table;
use crate::state::State;

/// A definition, ready to run.
pub(super) struct Prepared {
    pub(super) definition: Arc<Definition>,
    /// One for each stream, in file order.
    pub(super) streams: Vec<Ready>,
}

/// What a stream needs beside its definition.
#[derive(Clone)]
pub(super) struct Ready {
    pub(super) table: Arc<Table>,
    pub(super) kind: &'static dyn Kind,
    /// Its number in the state file.
    pub(super) id: i64,
}

/// Compiles definitions and finds their streams in the state file.
pub(super) async fn prepare(definitions: &[Definition], state: &State) -> Result<Vec<Prepared>, StartError> {
    let mut prepared = Vec::new();
    for definition in definitions {
        let mut streams = Vec::new();
        for stream in &definition.streams {
            let name = definition.stream_name(stream);
            let (table, kind) =
                compile(definition, stream).map_err(|why| StartError::Definition { name: name.clone(), why })?;
            streams.push(Ready { table, kind, id: state.stream(&name).await?.id });
        }
        prepared.push(Prepared { definition: Arc::new(definition.clone()), streams });
    }
    Ok(prepared)
}

fn compile(definition: &Definition, stream: &Stream) -> Result<(Arc<Table>, &'static dyn Kind), String> {
    let kind = definition.source.kind();
    let kind = kinds::find(kind).ok_or_else(|| format!("there is no kind `{kind}`"))?;
    let record_type = Catalog::embedded()
        .get(&stream.target)
        .ok_or_else(|| format!("there is no record type `{}`", stream.target))?;
    let table = Table::compile(stream, &definition.system, record_type)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    Ok((Arc::new(table), kind))
}

/// Whether no two of these describe one system.
pub(super) fn are_apart<'a>(definitions: impl IntoIterator<Item = &'a Definition>) -> Result<(), StartError> {
    let mut seen = std::collections::BTreeSet::new();
    for definition in definitions {
        let system = &definition.system;
        if !seen.insert((&system.region, &system.id)) {
            return Err(StartError::Twice { region: system.region.clone(), system: system.id.clone() });
        }
    }
    Ok(())
}
