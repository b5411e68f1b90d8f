//! Expressions in jq, compiled, with their place.

use crate::definition::report::Mark;
use crate::jq::Program;
use crate::json::Path;

/// An expression and where it stands.
#[derive(Debug, Clone)]
pub struct Expr {
    /// Ready to be evaluated.
    pub program: Program,
    /// Where its text begins.
    pub mark: Mark,
}

/// `where:` – which raw records are taken. What it drops is left out, not quarantined.
#[derive(Debug, Clone, Default)]
pub struct Where {
    /// A raw field must be one of these texts; all conditions must hold.
    pub fields: Vec<(Path, Vec<String>)>,
    /// An expression that must give true.
    pub expr: Option<Expr>,
}
