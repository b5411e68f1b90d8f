//! Rows of sums among rows of data: reports print a row for each level of a code, and only the lowest may be counted.

use super::assignment::Assignment;
use super::{SourceField, yaml};

/// Targets whose codes have levels.
const LEVELLED: &[&str] = &["account", "lines.0.account", "sub_activity"];

/// Which rows are data: those whose code has all its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The source field of the code.
    pub field: String,
    /// How many parts a code of the lowest level has.
    pub parts: usize,
}

/// The rule, when a mapped code comes at several levels.
pub fn leaf(fields: &[SourceField], table: &Assignment) -> Option<Leaf> {
    // Where the account could not be told, the rows of the level above it would be taken for the data.
    if table.missing.iter().any(|target| target == "account") {
        return None;
    }
    LEVELLED.iter().find_map(|target| {
        let line = table.lines.iter().find(|line| line.proposal.target == *target)?;
        let field = fields.iter().find(|field| Some(&field.path) == line.source.as_ref())?;
        let depths: Vec<usize> = field.values.iter().map(|value| parts(value)).collect();
        let (least, most) = (*depths.iter().min()?, *depths.iter().max()?);
        let is_mixed = least < most || field.present < field.looked;
        // Of a plan the levels are records of their own.
        (is_mixed && most >= 4 && table.record_type != "plan-activity")
            .then(|| Leaf { field: field.path.clone(), parts: most })
    })
}

/// How many parts a code has.
fn parts(code: &str) -> usize {
    code.split('.').filter(|part| !part.trim().is_empty()).count()
}

impl Leaf {
    /// Whether a row with this code is data.
    pub fn holds(&self, code: &str) -> bool {
        parts(code) == self.parts
    }

    /// The value of `where:`.
    pub fn yaml(&self, is_row: bool) -> String {
        let steps: Vec<&str> = if is_row { vec![&self.field] } else { self.field.split('.').collect() };
        let path: Vec<String> = steps.iter().map(|step| format!("[{}]", yaml::quoted(step))).collect();
        let path = path.concat();
        let script = format!(
            ".{path} // \"\" | tostring | split(\".\") | map(select(test(\"[0-9]\"))) | length == {}",
            self.parts
        );
        format!("'{}'", script.replace('\'', "''"))
    }

    /// Why, in a sentence.
    pub fn reason(&self) -> String {
        format!("rows whose `{}` has fewer than {} parts are sums of others, and are left out", self.field, self.parts)
    }
}
