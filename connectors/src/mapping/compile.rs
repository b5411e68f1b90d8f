//! A field table checked against the schema of its target and compiled.

use std::collections::BTreeMap;

use muara_schemas::catalog::RecordType;
use serde_json::Value;

use super::draft::{Draft, finish, place};
use super::plan::{Context, Table};
use super::shape::Shape;
use super::slots::Slots;
use crate::definition::model::{Expr, Field, FieldTable, Rule, Stream, System, Take};
use crate::definition::report::{Diagnostic, Mark, Origin, nearest};
use crate::jq::Program;
use crate::json::Path;

impl Table {
    /// Checks a stream's field table against its record type, and compiles it. All that is wrong comes at once.
    pub fn compile(
        stream: &Stream,
        system: &System,
        record_type: &'static RecordType,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut check = Check {
            origin: &stream.origin,
            record_type,
            found: Vec::new(),
            meant: Vec::new(),
            whole: true,
            programs: Vec::new(),
        };
        let shape = Shape::of(record_type);
        let mut paths = Vec::new();
        let mut root = check.table(&stream.map, &shape, "", &mut paths);
        let automatic = matches!(&shape, Shape::Object { fields, .. } if fields.contains_key("region"));
        if automatic {
            root.entry("region".to_owned()).or_insert_with(|| Draft::Const(Value::from(system.region.as_str())));
        }
        check.required(&root, &shape, "", stream.map.mark);
        // Entries that could not be read have been told of already.
        if !check.found.is_empty() || !check.whole {
            return Err(check.found);
        }
        let filter =
            stream.where_.fields.iter().map(|(path, wanted)| (slot(&mut paths, path), wanted.clone())).collect();
        Ok(Self {
            record_type,
            root: finish(root),
            slots: Slots::new(paths),
            filter,
            origins: origins(&stream.map),
            condition: stream.where_.expr.as_ref().map(|expr| expr.program.clone()),
            programs: check.programs,
            context: Context { zero: stream.zero.clone().into(), zone: system.timezone.clone() },
        })
    }
}

/// Which source each target is taken from.
fn origins(table: &FieldTable) -> Vec<(String, String)> {
    let of = |field: &Field| match &field.rule {
        Rule::Take(take) if !take.from.as_str().is_empty() => Some((field.target.pointer(), take.from.to_string())),
        Rule::Each { list, .. } => Some((field.target.pointer(), list.to_string())),
        _ => None,
    };
    table.fields.iter().filter_map(of).collect()
}

/// The check of one stream's table.
pub(super) struct Check<'a> {
    pub(super) origin: &'a Origin,
    pub(super) record_type: &'static RecordType,
    pub(super) found: Vec<Diagnostic>,
    /// Places that a wrong target was meant for.
    meant: Vec<String>,
    /// Whether every entry could be read.
    pub(super) whole: bool,
    /// The expressions so far.
    programs: Vec<Program>,
}

/// The number of a path among the paths of a table.
pub(super) fn slot(paths: &mut Vec<Path>, path: &Path) -> usize {
    paths.iter().position(|known| known == path).unwrap_or_else(|| {
        paths.push(path.clone());
        paths.len() - 1
    })
}

impl Check<'_> {
    /// Reads one table. `outside` is where its items stand in the record, with `*` for an item, for the check of constants.
    fn table(
        &mut self,
        table: &FieldTable,
        shape: &Shape,
        outside: &str,
        paths: &mut Vec<Path>,
    ) -> BTreeMap<String, Draft> {
        let mut root = BTreeMap::new();
        let first = |path: &Path| path.steps().first().map(|step| format!("{outside}/{step}"));
        self.meant.extend(table.broken.iter().filter_map(first));
        self.whole &= table.broken.is_empty();
        for field in &table.fields {
            let Some(target) = self.target(field, shape, outside) else { continue };
            // A field that is wrong in itself is not missing as well.
            let draft = self.rule(field, target, outside, paths).unwrap_or(Draft::Const(Value::Null));
            if !place(&mut root, field, draft) {
                self.overlap(field);
            }
        }
        root
    }

    fn target<'s>(&mut self, field: &Field, shape: &'s Shape, outside: &str) -> Option<&'s Shape> {
        let mut at = shape;
        for (depth, step) in field.target.steps().iter().enumerate() {
            let Some(next) = at.step(step) else {
                let parent = field.target.steps()[..depth].join(".");
                let whole = field.target.as_str();
                let mut report = if let Shape::Value { .. } = at {
                    self.origin.report(
                        "E0113",
                        field.mark,
                        format!("`{parent}` is {} and has no field `{step}`", at.name()),
                    )
                } else if depth > 0 {
                    self.origin.report(
                        "E0113",
                        field.mark,
                        format!("`{parent}` of `{}` has no field `{step}`", self.record_type.name()),
                    )
                } else {
                    self.origin.report(
                        "E0113",
                        field.mark,
                        format!("`{}` has no field `{step}`", self.record_type.name()),
                    )
                };
                let valid = shape.paths();
                report = report.nearest(whole, valid.iter().map(String::as_str));
                // What was meant is not missing as well.
                let meant =
                    if depth > 0 { Some(parent.as_str()) } else { nearest(whole, valid.iter().map(String::as_str)) };
                self.meant
                    .extend(meant.and_then(|meant| meant.split('.').next()).map(|first| format!("{outside}/{first}")));
                self.found.push(report);
                return None;
            };
            at = next;
        }
        Some(at)
    }

    fn rule(&mut self, field: &Field, shape: &Shape, outside: &str, paths: &mut Vec<Path>) -> Option<Draft> {
        let target = field.target.pointer();
        let place = format!("{outside}{target}");
        let name = &field.target;
        match (&field.rule, shape) {
            (Rule::Const(value, mark), shape) => self.constant(value, *mark, shape, &place, "const").map(Draft::Const),
            (Rule::Each { list, map, .. }, Shape::List(item)) if matches!(**item, Shape::Object { .. }) => {
                let mut inner = Vec::new();
                let within = format!("{place}/*");
                let fields = self.table(map, item, &within, &mut inner);
                self.required(&fields, item, &within, map.mark);
                Some(Draft::Each { list: slot(paths, list), paths: inner, map: fields, target })
            }
            (Rule::Each { .. }, shape) => {
                let help = match shape {
                    Shape::List(_) => {
                        format!("its items are single values: write `{name}: <path of the list>`")
                    }
                    _ => format!("`each` makes a list of objects; `{name}` takes a single value or fields of its own"),
                };
                self.report(
                    "E0116",
                    field.mark,
                    format!("`each` cannot fill `{name}`, which is {}", describe(shape)),
                    Some(help),
                );
                None
            }
            (Rule::Take(Take { expr: Some(expr), .. }), _) if outside.contains('*') => {
                let help = "make the whole list with one `expr` instead".to_owned();
                self.report("E0116", expr.mark, "`expr` has no place within `each`".to_owned(), Some(help));
                None
            }
            (Rule::Take(take), Shape::Value { .. }) => {
                self.take(field, take, shape, &place, target, paths).map(Draft::Take)
            }
            (Rule::Take(take), Shape::List(item)) => {
                if let item @ Shape::Value { .. } = &**item {
                    let place = format!("{place}/*");
                    self.take(field, take, item, &place, target, paths).map(Draft::List)
                } else if let Some(answer) = self.made(field, take) {
                    Some(Draft::Made { answer, shape: shape.clone(), target })
                } else {
                    let help = format!("write `{name}: {{each: {}, map: {{…}}}}`", take.from);
                    self.report("E0116", field.mark, format!("`{name}` is a list of objects"), Some(help));
                    None
                }
            }
            (Rule::Take(take), Shape::Object { fields, .. }) => {
                if let Some(answer) = self.made(field, take) {
                    return Some(Draft::Made { answer, shape: shape.clone(), target });
                }
                let help =
                    fields.keys().next().map(|first| format!("map its fields one by one, such as `{name}.{first}`"));
                self.report("E0116", field.mark, format!("`{name}` is an object"), help);
                None
            }
        }
    }

    /// The number of the expression that makes a list or an object whole.
    fn made(&mut self, field: &Field, take: &Take) -> Option<usize> {
        let expr = take.expr.as_ref()?;
        let named = [
            ("as", take.converter.is_some()),
            ("round", take.round),
            ("via", take.via.is_some()),
            ("default", take.default.is_some()),
        ];
        for (key, _) in named.into_iter().filter(|(_, there)| *there) {
            let what = format!("`{key}` has no use for `{}`, which `expr` makes as a whole", field.target);
            self.report("E0116", field.mark, what, Some(format!("do within `expr` what `{key}` is to do")));
        }
        Some(self.program(expr))
    }

    /// The number of an expression among those of the table.
    pub(super) fn program(&mut self, expr: &Expr) -> usize {
        self.programs.push(expr.program.clone());
        self.programs.len() - 1
    }

    fn overlap(&mut self, field: &Field) {
        let help = Some("a target is filled once: take one of the two out".to_owned());
        self.report("E0126", field.mark, format!("`{}` is mapped already, or a part of it is", field.target), help);
    }

    /// Required fields of what is mapped; a nested object of which nothing is mapped is simply absent.
    fn required(&mut self, fields: &BTreeMap<String, Draft>, shape: &Shape, place: &str, mark: Mark) {
        let Shape::Object { fields: shapes, required, .. } = shape else { return };
        let missing: Vec<&str> = required
            .iter()
            .map(String::as_str)
            .filter(|name| !fields.contains_key(*name) && !self.meant.contains(&format!("{place}/{name}")))
            .collect();
        if !missing.is_empty() {
            let whose = match place.rsplit('/').find(|step| !step.is_empty() && *step != "*") {
                Some(step) => format!("`{step}` of `{}`", self.record_type.name()),
                None => format!("`{}`", self.record_type.name()),
            };
            let list = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let help =
                format!("map {}: every record would be quarantined", if missing.len() == 1 { "it" } else { "them" });
            self.report("E0114", mark, format!("{whose} requires {list}, which nothing fills"), Some(help));
        }
        for (name, draft) in fields {
            let Some(shape) = shapes.get(name) else { continue };
            self.required_within(draft, shape, &format!("{place}/{name}"), mark);
        }
    }

    fn required_within(&mut self, draft: &Draft, shape: &Shape, place: &str, mark: Mark) {
        match (draft, shape) {
            (Draft::Object(fields), shape) => self.required(fields, shape, place, mark),
            (Draft::Items(items, _, mark), Shape::List(item)) => {
                if let Some((at, _)) = items.keys().enumerate().find(|(at, key)| at != *key) {
                    let help = Some("items are numbered from 0 without gaps".to_owned());
                    self.report("E0113", *mark, format!("item {at} of this list is not mapped, a later one is"), help);
                }
                for draft in items.values() {
                    self.required_within(draft, item, place, *mark);
                }
            }
            _ => {}
        }
    }

    pub(super) fn report(&mut self, code: &'static str, mark: Mark, message: String, help: Option<String>) {
        let report = self.origin.report(code, mark, message);
        self.found.push(match help {
            Some(help) => report.help(help),
            None => report,
        });
    }
}

fn describe(shape: &Shape) -> &'static str {
    match shape {
        Shape::List(item) if matches!(**item, Shape::Value { .. }) => "a list of single values",
        other => other.name(),
    }
}
