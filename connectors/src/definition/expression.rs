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
                let mark = walk.within(node, &text, mistake.at, mistake.length);
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

/// Reads `where:`: a table of allowed texts with the places of its fields, or an expression that gives true or false.
pub(super) fn filter(walk: &Walk, node: &Node) -> (Where, Vec<Mark>) {
    if matches!(node.value, Value::Scalar(..)) {
        let expr = expr(walk, node, "where", &Path::new(""));
        return (Where { fields: Vec::new(), expr }, Vec::new());
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
    let entries = walk.entries(node, "where");
    let fields = entries.iter().map(|(field, _, node)| (Path::new(field), wanted(node, field))).collect();
    (Where { fields, expr: None }, entries.iter().map(|(_, mark, _)| *mark).collect())
}
