//! `each:` – many records from one raw parent.

use super::Expr;
use crate::json::Path;

/// What stands before the name of a field that a record has from its parent.
pub const PARENT: &str = "$parent";
/// The place of a record among those of its parent, from 0.
pub const INDEX: &str = "$index";

/// How a raw parent becomes records.
#[derive(Debug, Clone)]
pub enum Each {
    /// One for each item of the list at this path.
    List(Path),
    /// One for each value that an expression gives.
    Expr(Expr),
}

/// The field of the parent that a path leads to, when it leads there: `$parent.id` → `id`.
pub fn of_parent(path: &Path) -> Option<Path> {
    path.as_str().strip_prefix(PARENT)?.strip_prefix('.').map(Path::new)
}
