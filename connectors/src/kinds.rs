//! The kinds of sources that this version knows.
//!
//! How to add one: a file under `kinds/` with a unit struct that implements [`Kind`] and a [`crate::kind::Source`],
//! its settings as a variant of [`SourceSpec`](crate::definition::SourceSpec) and of `Read`, its name in [`KINDS`], and a
//! test in `tests/` that reads a real source of that kind.

use crate::kind::Kind;

pub(crate) mod exec;
mod files;
mod http;
mod push;
mod sql;

pub(crate) use files::{is_meant, set_of};
pub(crate) use http::member;
pub(crate) use push::handed;

/// All kinds, by the name that definitions use.
pub const KINDS: &[&dyn Kind] = &[&http::Http, &sql::Sql, &files::Files, &exec::Exec, &push::Push];

/// Reads the file that standard input names, in a process of its own; see [`crate::reader`].
pub(crate) fn read_one_file() -> std::process::ExitCode {
    files::read_one_file()
}

pub(crate) use exec::guard::ARGUMENT as GUARD;

/// Bounds itself and becomes the program that the arguments after [`GUARD`] name.
pub(crate) fn guard() -> std::process::ExitCode {
    exec::guard(std::env::args_os().skip(2))
}

/// The kind of this name.
pub fn find(name: &str) -> Option<&'static dyn Kind> {
    KINDS.iter().copied().find(|kind| kind.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        for kind in KINDS {
            assert_eq!(KINDS.iter().filter(|other| other.name() == kind.name()).count(), 1);
            assert_eq!(find(kind.name()).map(Kind::name), Some(kind.name()));
        }
    }
}
