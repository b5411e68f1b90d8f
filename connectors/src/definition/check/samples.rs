//! Source paths against the records of the tests: a path that no record has is most often misspelt.

use crate::definition::model::{Outcome, Rule, Stream};
use crate::definition::report::{Diagnostic, Mark};
use crate::json::{Json, Path};
use crate::mapping::lookup::find;

/// Warns of paths that no test of the stream has, where a test has a whole record: one that is expected to map.
pub(super) fn unseen(stream: &Stream, found: &mut Vec<Diagnostic>) {
    let raws: Vec<&Json> = stream.tests.iter().map(|test| &test.raw).collect();
    if !stream.tests.iter().any(|test| matches!(test.outcome, Outcome::Body(_))) {
        return;
    }
    for field in &stream.map.fields {
        match &field.rule {
            Rule::Take(take) if !take.from.as_str().is_empty() => {
                look(stream, &raws, &take.from, field.mark, &format!("`{}`", field.target), found);
            }
            Rule::Each { list, map, .. } => {
                look(stream, &raws, list, field.mark, &format!("`{}`", field.target), found);
                let items: Vec<&Json> = raws.iter().filter_map(|raw| find(raw, list)?.as_list()).flatten().collect();
                for inner in map.fields.iter().filter(|_| !items.is_empty()) {
                    if let Rule::Take(take) = &inner.rule {
                        let what = format!("`{}.{}`", field.target, inner.target);
                        look(stream, &items, &take.from, inner.mark, &what, found);
                    }
                }
            }
            Rule::Take(_) | Rule::Const(..) => {}
        }
    }
    for (path, mark) in stream.key.iter().zip(&stream.places.key) {
        look(stream, &raws, path, *mark, "`key`", found);
    }
    for ((path, _), mark) in stream.where_.fields.iter().zip(&stream.places.where_) {
        look(stream, &raws, path, *mark, "`where`", found);
    }
}

fn look(stream: &Stream, raws: &[&Json], path: &Path, mark: Mark, what: &str, found: &mut Vec<Diagnostic>) {
    // What the reader adds to a record is in no sample.
    if path.as_str().starts_with('$') || raws.iter().any(|raw| find(raw, path).is_some()) {
        return;
    }
    let names = raws.iter().filter_map(|raw| raw.as_object()).flatten().map(|(name, _)| &**name);
    let report =
        stream.origin.report("W0105", mark, format!("{what} reads `{path}`, which no record of the tests has"));
    let near = crate::definition::report::nearest(path.as_str(), names);
    found.push(match near {
        Some(near) => report.help(format!("did you mean `{near}`? Else give it to a test")),
        None => report.help("give it to the record of a test, best as the source writes it"),
    });
}
