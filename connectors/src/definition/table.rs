//! `map:` and `tests:` of a stream.

use super::expression;
use super::model::{Field, FieldTable, Outcome, Rule, Take, Test, Via};
use super::node::{Node, Value};
use super::report::Mark;
use super::walk::{Section, Walk};
use crate::json::{Json, Path};
use crate::mapping::Converter;

/// Most fields of one table, lists within included once each.
const MAX_FIELDS: usize = 500;

/// Reads a field table.
pub(super) fn table(walk: &Walk, node: &Node, name: &str, at: Mark) -> FieldTable {
    let entries = walk.entries(node, name);
    if entries.is_empty() && matches!(node.value, Value::Map(_)) {
        walk.cure("E0105", at, format!("`{name}` maps nothing"), "write `target: source` for each field");
    }
    if entries.len() > MAX_FIELDS {
        walk.report("E0103", at, format!("`{name}` has more than {MAX_FIELDS} fields"));
        return FieldTable { mark: at, ..FieldTable::default() };
    }
    let mut broken = Vec::new();
    let fields = entries
        .iter()
        .filter_map(|(target, mark, node)| {
            if target.is_empty() || target.split('.').any(str::is_empty) {
                walk.report("E0113", *mark, format!("`{target}` is no target: names are separated by single dots"));
                return None;
            }
            let target = Path::new(target);
            if let Some(rule) = rule(walk, node, &format!("{name}.{target}"), *mark) {
                Some(Field { target, mark: *mark, rule })
            } else {
                broken.push(target);
                None
            }
        })
        .collect();
    FieldTable { fields, broken, mark: at }
}

fn rule(walk: &Walk, node: &Node, name: &str, at: Mark) -> Option<Rule> {
    if !matches!(node.value, Value::Map(_)) {
        let from = Path::new(&walk.text(node, name)?);
        return Some(Rule::Take(Take { from, expr: None, converter: None, round: false, via: None, default: None }));
    }
    let section = walk.section(node, name, at)?;
    // An expression may have its input elsewhere than in the record as a whole.
    let ways: Vec<&str> = ["from", "expr", "const", "each"].into_iter().filter(|key| section.has(key)).collect();
    let rule = match ways.as_slice() {
        ["from" | "expr"] | ["from", "expr"] => take(walk, &section).map(Rule::Take),
        ["const"] => section.take("const").map(|node| Rule::Const(node.json(), node.mark)),
        ["each"] => each(walk, &section, name),
        [] => {
            walk.cure(
                "E0105",
                at,
                format!("`{name}` does not say where its value comes from"),
                "give one of `from`, `expr`, `const` and `each`",
            );
            for key in ["from", "expr", "const", "each", "as", "round", "via", "valid_on", "default", "map"] {
                section.skip(key);
            }
            None
        }
        several => {
            let list = several.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" and ");
            walk.cure(
                "E0106",
                at,
                format!("`{name}` has {list}"),
                "give only one of `from`, `expr`, `const` and `each`; `from` beside `expr` says where its input stands",
            );
            for key in ["from", "expr", "const", "each", "as", "round", "via", "valid_on", "default", "map"] {
                section.skip(key);
            }
            None
        }
    };
    section.finish();
    rule
}

fn take(walk: &Walk, section: &Section<'_, '_>) -> Option<Take> {
    let from = section.take("from").map(|node| walk.text(node, "from"));
    let from = Path::new(&from.unwrap_or_else(|| Some(String::new()))?);
    let expr = match section.take("expr") {
        Some(node) => expression::expr(walk, node, "expr", &from).map(Some),
        None => Some(None),
    };
    let converter = section.take("as").and_then(|node| {
        let text = walk.text(node, "as")?;
        match Converter::parse(&text) {
            Ok(converter) => Some((converter, node.mark)),
            Err((why, help)) => {
                let report = walk.origin.report("E0115", node.mark, why);
                walk.push(match help {
                    Some(help) => report.help(help),
                    None => report,
                });
                None
            }
        }
    });
    let round = section.take("round").is_some_and(|node| match walk.text(node, "round").as_deref() {
        Some("half_even") => true,
        Some(other) => {
            walk.cure(
                "E0108",
                node.mark,
                format!("no way of rounding is called `{other}`"),
                "write `round: half_even`, or leave it out: then more decimals are quarantined",
            );
            false
        }
        None => false,
    });
    let via = section.take("via").and_then(|node| via(walk, section, node));
    let default = section.take("default").map(|node| (node.json(), node.mark));
    Some(Take { from, expr: expr?, converter, round, via, default })
}

fn via(walk: &Walk, section: &Section<'_, '_>, node: &Node) -> Option<Via> {
    let valid_on = section.take("valid_on").and_then(|node| walk.text(node, "valid_on"));
    if matches!(node.value, Value::Scalar(..)) {
        let name = walk.text(node, "via")?;
        return Some(Via::Named { name, mark: node.mark, valid_on: valid_on.as_deref().map(Path::new), list: None });
    }
    if section.has("valid_on") {
        let what = "`valid_on` has no use beside an inline crosswalk";
        walk.cure("E0106", section.place("valid_on"), what, "put the list with its days into `crosswalks:`");
    }
    let entries = walk.entries(node, "via");
    if entries.is_empty() && matches!(node.value, Value::Map(_)) {
        walk.cure("E0105", node.mark, "`via` lists nothing", "write {source value: target value, …}");
    }
    Some(Via::Inline(entries.iter().map(|(from, _, to)| (from.clone(), to.json(), to.mark)).collect()))
}

fn each(walk: &Walk, section: &Section<'_, '_>, name: &str) -> Option<Rule> {
    let list = section.take("each").and_then(|node| walk.text(node, "each").map(|list| (Path::new(&list), node.mark)));
    let map = section.need("map").map(|node| table(walk, node, &format!("{name}.map"), section.place("map")));
    let (list, mark) = list?;
    Some(Rule::Each { list, mark, map: map? })
}

/// Reads `tests:`.
pub(super) fn tests(walk: &Walk, node: &Node, name: &str) -> Vec<Test> {
    let mut tests: Vec<Test> = Vec::new();
    for (number, item) in walk.list(node, name).iter().enumerate() {
        let Some(section) = walk.section(item, format!("{name}.{number}"), item.mark) else {
            continue;
        };
        let title = section.need("name").and_then(|node| walk.text(node, "name").map(|text| (text, node.mark)));
        let raw = section.need("raw").map(Node::json);
        if let (Some(raw), Some(node)) = (&raw, section.take("raw"))
            && !matches!(raw, Json::Object(_))
        {
            walk.report("E0106", node.mark, "`raw` is one record: a table of its fields");
        }
        let expect = section.take("expect").map(Node::json);
        let quarantine = section.take("quarantine").map(|node| {
            walk.list(node, "quarantine")
                .iter()
                .filter_map(|item| {
                    let pointer = walk.text(item, "quarantine")?;
                    if !pointer.starts_with('/') {
                        walk.cure(
                            "E0108",
                            item.mark,
                            format!("`{pointer}` is no pointer to a target"),
                            format!("write /{}", pointer.replace('.', "/")),
                        );
                    }
                    Some(pointer)
                })
                .collect()
        });
        let left_out = section.take("left_out").and_then(|node| match &node.value {
            Value::Scalar(text, true) if text == "true" => Some(Outcome::LeftOut),
            _ => {
                let cure = "write `left_out: true` for a record that `where` drops, or take it out";
                walk.cure("E0108", node.mark, "`left_out` can only be true", cure);
                None
            }
        });
        if ["expect", "quarantine", "left_out"].iter().filter(|key| section.has(key)).count() != 1 {
            walk.cure(
                "E0105",
                item.mark,
                "a test says what must come out",
                "give one of `expect` (the whole body), `quarantine` (a list of pointers) and `left_out: true`",
            );
        }
        section.finish();
        let outcome = expect.map(Outcome::Body).or(quarantine.map(Outcome::Quarantine)).or(left_out);
        if let (Some((title, mark)), Some(raw), Some(outcome)) = (title, raw, outcome) {
            if tests.iter().any(|test| test.name == title) {
                walk.report("E0119", mark, format!("two tests are called `{title}`"));
            }
            tests.push(Test { name: title, raw, outcome, mark });
        }
    }
    tests
}
