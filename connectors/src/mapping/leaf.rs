//! Single values of a field table: do converter and constants fit the target?

use serde_json::Value;

use super::compile::{Check, slot};
use super::constant;
use super::converter::{Converter, NAMES};
use super::plan::{Input, Take, Via};
use super::shape::{Kind, Shape};
use crate::definition::model::{self, Field};
use crate::definition::report::Mark;
use crate::json::Path;

impl Check<'_> {
    /// A single value: its converter against the kind of the target, its constants against the schema.
    pub(super) fn take(
        &mut self,
        field: &Field,
        take: &model::Take,
        shape: &Shape,
        place: &str,
        target: String,
        paths: &mut Vec<Path>,
    ) -> Option<Take> {
        let Shape::Value { kind, .. } = *shape else { return None };
        let name = &field.target;
        let before = self.found.len();
        let converter =
            take.converter.as_ref().map_or_else(|| Converter::default_of(kind), |(converter, _)| converter.clone());
        if let Some((converter, mark)) = &take.converter {
            if take.via.is_some() && !matches!(converter, Converter::Text | Converter::Code) {
                let help = "the crosswalk gives the target's value itself: leave `as` out".to_owned();
                self.report("E0116", *mark, format!("`as: {}` has no use beside `via`", converter.name()), Some(help));
            } else if take.via.is_none() && converter.yields() != kind {
                let fitting: Vec<String> = NAMES
                    .iter()
                    .filter_map(|name| Converter::parse(name).ok())
                    .filter(|known| known.yields() == kind)
                    .map(|known| format!("`{}`", known.name()))
                    .collect();
                let help = format!("leave `as` out, or use one of {}", fitting.join(", "));
                let what = format!(
                    "`{}` makes {}, but `{name}` is {}",
                    converter.name(),
                    converter.yields().name(),
                    kind.name()
                );
                self.report("E0116", *mark, what, Some(help));
            }
        }
        if take.round && !matches!(kind, Kind::Money | Kind::Quantity) {
            let help = "only money and quantities are rounded".to_owned();
            self.report(
                "E0116",
                field.mark,
                format!("`round` has no use for `{name}`, which is {}", kind.name()),
                Some(help),
            );
        }
        let via = take.via.as_ref().and_then(|via| self.via(via, shape, place, paths));
        let default =
            take.default.as_ref().and_then(|(value, mark)| self.constant(value, *mark, shape, place, "default"));
        if self.found.len() > before {
            return None;
        }
        let input = match &take.expr {
            Some(expr) => Input::Answer(self.program(expr)),
            None => Input::Slot(slot(paths, &take.from)),
        };
        Some(Take { input, converter, round: take.round, via, default, target })
    }

    /// A crosswalk whose values are in the form of the target.
    fn via(&mut self, via: &model::Via, shape: &Shape, place: &str, paths: &mut Vec<Path>) -> Option<Via> {
        match via {
            model::Via::Inline(entries) => {
                let mut known: Vec<(String, Value)> = entries
                    .iter()
                    .filter_map(|(from, to, mark)| {
                        self.constant(to, *mark, shape, place, "via").map(|to| (from.trim().to_owned(), to))
                    })
                    .collect();
                known.sort_by(|a, b| a.0.cmp(&b.0));
                Some(Via::Inline(known.into_boxed_slice()))
            }
            model::Via::Named { mark, valid_on, list, .. } => {
                let Some(list) = list.clone() else {
                    // Why it is not there has been told.
                    self.whole = false;
                    return None;
                };
                let mut values = std::collections::BTreeMap::new();
                for text in list.values() {
                    // One wrong value is told; the others are most often wrong in the same way.
                    let value = self.constant(&crate::json::Json::Text(text.into()), *mark, shape, place, "via")?;
                    values.insert(text.into(), value);
                }
                Some(Via::List { list, values, on: valid_on.as_ref().map(|path| slot(paths, path)) })
            }
        }
    }

    /// A constant in the form of the target, checked against the schema.
    pub(super) fn constant(
        &mut self,
        value: &crate::json::Json,
        mark: Mark,
        shape: &Shape,
        place: &str,
        what: &str,
    ) -> Option<Value> {
        let made = match constant::value(value, shape) {
            Ok(made) => made,
            Err(why) => {
                let cure =
                    format!("give what `{}` takes: {}", place.trim_start_matches('/').replace('/', "."), shape.name());
                self.report("E0117", mark, format!("`{what}` gives {why}"), Some(cure));
                return None;
            }
        };
        if let (Shape::Value { allowed, .. }, Some(text)) = (shape, made.as_str())
            && !allowed.is_empty()
            && !allowed.iter().any(|one| one == text)
        {
            let report =
                self.origin.report("E0117", mark, format!("`{what}` gives `{text}`, which the target does not know"));
            self.found.push(report.nearest(text, allowed.iter().map(String::as_str)));
            return None;
        }
        if let Some(why) = constant::violation(self.record_type, place, &made) {
            let cure = format!("`muara schema show {}` tells what the field takes", self.record_type.name());
            self.report("E0117", mark, format!("`{what}` gives a value that breaks the schema: {why}"), Some(cure));
            return None;
        }
        Some(made)
    }
}
