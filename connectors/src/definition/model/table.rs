//! `map:` and `tests:` of a stream.

use std::sync::Arc;

use super::Expr;
use crate::definition::report::Mark;
use crate::json::{Json, Path};
use crate::mapping::{Converter, Crosswalk};

/// `map:` – one entry per target field, in file order.
#[derive(Debug, Clone, Default)]
pub struct FieldTable {
    /// The entries.
    pub fields: Vec<Field>,
    /// Targets whose entry could not be read, which has been told; empty in a definition that is handed out.
    pub broken: Vec<Path>,
    /// Where the table stands.
    pub mark: Mark,
}

/// One entry of a field table.
#[derive(Debug, Clone)]
pub struct Field {
    /// Target: dots go into objects.
    pub target: Path,
    /// Where the target is named.
    pub mark: Mark,
    /// Where its value comes from.
    pub rule: Rule,
}

/// Where a target's value comes from.
#[derive(Debug, Clone)]
pub enum Rule {
    /// A source field.
    Take(Take),
    /// `const:`, always the same.
    Const(Json, Mark),
    /// `each:`, a nested list, one item per item of the source's list.
    Each {
        /// Path to the source's list.
        list: Path,
        /// Where the path stands.
        mark: Mark,
        /// How an item is mapped; its source paths start at the item.
        map: FieldTable,
    },
}

/// `{from, as, round, via, default}`.
#[derive(Debug, Clone)]
pub struct Take {
    /// Source path; in a row the name of a column. Of an expression, where its input stands.
    pub from: Path,
    /// `expr:`, what is made of it first.
    pub expr: Option<Expr>,
    /// How the text is read; the target's type decides where nothing is said.
    pub converter: Option<(Converter, Mark)>,
    /// `round: half_even`.
    pub round: bool,
    /// What the source's value stands for.
    pub via: Option<Via>,
    /// What is taken when the source is absent, null or empty.
    pub default: Option<(Json, Mark)>,
}

/// `via:` – a crosswalk.
#[derive(Debug, Clone)]
pub enum Via {
    /// In the definition itself: source text to target value.
    Inline(Vec<(String, Json, Mark)>),
    /// A list of `crosswalks:`.
    Named {
        /// Its name.
        name: String,
        /// Where it is named.
        mark: Mark,
        /// The field that says on which day, or in which year.
        valid_on: Option<Path>,
        /// The list, once it was found.
        list: Option<Arc<Crosswalk>>,
    },
}

/// One entry of `tests:`.
#[derive(Debug, Clone)]
pub struct Test {
    /// Unique within the stream.
    pub name: String,
    /// The raw record.
    pub raw: Json,
    /// What must become of it.
    pub outcome: Outcome,
    /// Where it stands.
    pub mark: Mark,
}

/// What must become of a test's record.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Exactly this body; `region` may be left out when it comes from the system.
    Body(Json),
    /// Quarantine, with at least these target pointers reported.
    Quarantine(Vec<String>),
    /// `where:` does not let it in.
    LeftOut,
}
