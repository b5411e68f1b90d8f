//! Which of jq's functions an expression may call.
//!
//! A record that is mapped again, today or in a year, on this machine or another, must become the same. So everything
//! that looks at the world is taken out, and with it everything that ends or talks past the expression.

use jaq_core::load::parse::Def;
use jaq_core::native::Fun;
use jaq_core::{DataT, data};
use jaq_json::Val;

use super::native;

/// Values of jq and nothing beside them.
pub(super) type Data = data::JustLut<Val>;

/// Functions that are not there, and why.
const FORBIDDEN: &[(&str, &str)] = &[
    ("env", "an expression sees the record alone, not the environment"),
    ("$ENV", "an expression sees the record alone, not the environment"),
    ("now", "an expression knows no clock: a replay must give what the read gave"),
    ("localtime", "an expression knows no zone of the machine; use gmtime"),
    ("strflocaltime", "an expression knows no zone of the machine; use strftime"),
    ("input", "an expression sees one record at a time"),
    ("inputs", "an expression sees one record at a time"),
    ("input_line_number", "an expression sees one record at a time"),
    ("input_filename", "an expression sees one record at a time"),
    ("halt", "an expression ends nothing but itself; use error(\"why\")"),
    ("halt_error", "an expression ends nothing but itself; use error(\"why\")"),
    ("debug", "records go into no log; try the expression with `muara preview`"),
    ("stderr", "records go into no log; try the expression with `muara preview`"),
];

/// Native functions that the forbidden ones are made of.
const TAKEN_OUT: &[&str] = &["env", "now", "localtime", "strflocaltime", "halt", "debug_empty", "stderr_empty"];

/// Why a function is not there, when that is on purpose.
pub(super) fn reason(name: &str) -> Option<&'static str> {
    FORBIDDEN.iter().find(|(forbidden, _)| *forbidden == name).map(|(_, why)| *why)
}

/// Definitions in jq itself.
pub(super) fn defs() -> impl Iterator<Item = Def<&'static str>> {
    let all = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    all.filter(|def| reason(def.name).is_none())
}

/// Native functions.
pub(super) fn funs<D: for<'a> DataT<V<'a> = Val>>() -> impl Iterator<Item = Fun<D>> {
    let all = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    all.filter(|(name, ..)| !TAKEN_OUT.contains(name)).chain(native::funs())
}

/// The names that an expression can call, for suggestions.
pub(super) fn names() -> Vec<String> {
    let defined = defs().map(|def| def.name.to_owned());
    let native = funs::<Data>().map(|(name, ..)| name.to_owned());
    let mut names: Vec<String> =
        defined.chain(native).filter(|name| reason(name).is_none() && !name.contains("_or_empty")).collect();
    names.sort();
    names.dedup();
    names
}
