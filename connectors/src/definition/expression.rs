//! Expressions where the language lets them in: `expr:` of a target, and `where:`.

use super::model::{Each, Expr, Where};
use super::node::{Node, Value};
use super::report::Mark;
use super::walk::Walk;
use crate::jq::Program;
use crate::json::Path;

/// Reads an expression whose input is what stands at `from`; tells every mistake where it is.
pub(super) fn expr(walk: &Walk, node: &Node, name: &str, from: &Path) -> Option<Expr> {
    let text = walk.text(node, name)?;
    match Program::compile(&text, from) {
        Ok(program) => Some(Expr { program, mark: node.mark }),
        Err(mistakes) => {
            for mistake in mistakes {
                let mark = place(walk, node, &text, mistake.at, mistake.length);
                let report = walk.origin.report("E0128", mark, format!("`{name}`: {}", mistake.message));
                walk.push(match mistake.help {
                    Some(help) => report.help(help),
                    None => report,
                });
            }
            None
        }
    }
}

/// The place of a part of an expression: within its line when the text stands there as it is, else the whole.
fn place(walk: &Walk, node: &Node, text: &str, at: usize, length: usize) -> Mark {
    let line = walk.origin.text.lines().nth(node.mark.line.saturating_sub(1) as usize).unwrap_or_default();
    let Some((column, _)) = line.char_indices().nth(node.mark.column.saturating_sub(1) as usize) else {
        return node.mark;
    };
    let Some(start) = line.get(column..).and_then(|rest| rest.find(text)) else { return node.mark };
    let end = text.floor_char_boundary(at + length).max(at);
    let before = line[column..column + start].chars().count() + text[..text.floor_char_boundary(at)].chars().count();
    let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let width = text.get(at..end).map_or(1, |part| part.chars().count().max(1));
    Mark { line: node.mark.line, column: node.mark.column.saturating_add(small(before)), width: small(width) }
}

/// Reads `each:` of a stream: the path of a list, or an expression that gives the records one after another.
pub(super) fn each(walk: &Walk, node: &Node, name: &str, at: Mark) -> Option<Each> {
    if !matches!(node.value, Value::Map(_)) {
        return walk.text(node, "each").map(|path| Each::List(Path::new(&path)));
    }
    let section = walk.section(node, format!("{name}.each"), at)?;
    let expr = section.need("expr").and_then(|node| expr(walk, node, "expr", &Path::new("")));
    section.finish();
    expr.map(Each::Expr)
}

/// Reads `where:`: a table of allowed texts, or an expression that gives true or false.
pub(super) fn filter(walk: &Walk, node: &Node) -> Where {
    if matches!(node.value, Value::Scalar(..)) {
        return Where { fields: Vec::new(), expr: expr(walk, node, "where", &Path::new("")) };
    }
    let wanted = |node: &Node, field: &str| -> Vec<String> {
        let items = walk.list(node, field).iter();
        items
            .filter_map(|item| match &item.value {
                Value::Scalar(text, _) => Some(text.trim().to_owned()),
                _ => walk.text(item, field),
            })
            .collect()
    };
    let entries = walk.entries(node, "where").iter();
    let fields = entries.map(|(field, _, node)| (Path::new(field), wanted(node, field))).collect();
    Where { fields, expr: None }
}
