//! What a database says when it fails, sorted by what is to be done.
//!
//! Texts of databases name tables and columns, never what we sent; those that may quote a value of a row are replaced.

use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;

use crate::kind::PullError;

/// The read lost its snapshot.
pub(super) const BROKEN_OFF: &str = "E0240";
/// Something took longer than `statement_timeout`.
pub(super) const LATE: &str = "E0241";

/// What a failure asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Another login, or another right.
    Denied,
    /// Time.
    Passing,
    /// A quicker statement, or more patience.
    Late,
    /// A person.
    Lasting,
}

/// The failure of one step; `what` completes "could not …".
pub(super) fn failed(what: &str, error: &sqlx::Error) -> PullError {
    let why = format!("could not {what}: {}", brief(error));
    let trouble = match error {
        sqlx::Error::Database(database) => match database.try_downcast_ref::<MySqlDatabaseError>() {
            Some(mysql) => of_mysql(mysql.number(), mysql.code().unwrap_or_default()),
            None => of_code(database.code().as_deref().unwrap_or_default()),
        },
        sqlx::Error::Configuration(_) | sqlx::Error::Tls(_) => Trouble::Lasting,
        _ => Trouble::Passing,
    };
    match trouble {
        Trouble::Denied => PullError::Denied(why),
        Trouble::Passing => PullError::retry(why),
        Trouble::Late => PullError::Failed { code: LATE, why },
        Trouble::Lasting => PullError::Config(why),
    }
}

/// Once the snapshot is lost the read cannot go on where it was: trying the same page again would mix two snapshots.
pub(super) fn broken_off(error: PullError) -> PullError {
    match error {
        PullError::Retry { why, .. } => PullError::Failed {
            code: BROKEN_OFF,
            why: format!("the read broke off in the middle: {why}; the next run reads again"),
        },
        error => error,
    }
}

/// By SQLSTATE of PostgreSQL, or by SQLite's own number.
fn of_code(code: &str) -> Trouble {
    match code {
        // Class 28 is a wrong login; 42501 is a missing right.
        "42501" => Trouble::Denied,
        _ if code.starts_with("28") => Trouble::Denied,
        "57014" => Trouble::Late,
        // Classes 08, 40, 53, 55, 57 and 58 pass: lost connections, conflicts, want of resources, shutdowns.
        _ if code.len() == 5 && ["08", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class)) => {
            Trouble::Passing
        }
        // SQLite: busy and locked.
        "5" | "6" | "261" | "262" | "517" | "518" => Trouble::Passing,
        _ => Trouble::Lasting,
    }
}

/// By the number of a MySQL or MariaDB error, for its SQLSTATE is mostly "general error".
fn of_mysql(number: u16, state: &str) -> Trouble {
    match number {
        // No right to the database, table, column or routine; a host that may not come; an account that is locked or
        // whose password has to be changed.
        1044 | 1130 | 1142 | 1143 | 1227 | 1370 | 1698 | 1820 | 1862 | 3118 | 4151 => Trouble::Denied,
        // `max_statement_time` of MariaDB, `max_execution_time` of MySQL.
        1969 | 3024 => Trouble::Late,
        // Too many connections, a lock, a shutdown, a kill, a table that was altered under the snapshot.
        1020 | 1053 | 1203 | 1205 | 1226 | 1317 | 1412 | 1684 | 1927 => Trouble::Passing,
        _ if state.starts_with("28") => Trouble::Denied,
        _ if state.starts_with("08") || state.starts_with("40") => Trouble::Passing,
        _ => Trouble::Lasting,
    }
}

fn brief(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => match database.code().as_deref() {
            Some(state) if may_quote(database.as_ref(), state) => {
                format!("a view or `where` cannot compute a value (SQLSTATE {state}); the database's log names it")
            }
            _ => database.message().to_owned(),
        },
        // The text of a configuration error may quote the address.
        sqlx::Error::Configuration(_) => {
            "`source.url` is no address of a database, or one of its parameters is not understood".to_owned()
        }
        error => error.to_string(),
    }
}

/// Whether the text may quote a value that a cast or a function could not take, or was written by a function of the
/// database's owner: class 22, errors that are raised by hand, and three of MySQL that have no class.
fn may_quote(database: &dyn DatabaseError, state: &str) -> bool {
    let number = database.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number);
    (state.len() == 5 && state.starts_with("22"))
        || ["45000", "P0001"].contains(&state)
        || matches!(number, Some(1366 | 1411 | 1525))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_sorted_by_what_is_to_be_done() {
        for (code, trouble) in [
            ("28P01", Trouble::Denied),
            ("42501", Trouble::Denied),
            ("42P01", Trouble::Lasting),
            ("57014", Trouble::Late),
            ("57P01", Trouble::Passing),
            ("5", Trouble::Passing),
            ("1", Trouble::Lasting),
        ] {
            assert_eq!(of_code(code), trouble, "{code}");
        }
        for (number, state, trouble) in [
            (1045, "28000", Trouble::Denied),
            (1142, "42000", Trouble::Denied),
            (1146, "42S02", Trouble::Lasting),
            (1040, "08004", Trouble::Passing),
            (1213, "40001", Trouble::Passing),
            (1927, "70100", Trouble::Passing),
            (1969, "70100", Trouble::Late),
            (3024, "HY000", Trouble::Late),
        ] {
            assert_eq!(of_mysql(number, state), trouble, "{number}");
        }
    }

    #[test]
    fn only_what_may_pass_becomes_a_read_that_broke_off() {
        assert_eq!(broken_off(PullError::retry("connection reset")).code(), BROKEN_OFF);
        assert_eq!(broken_off(PullError::Config("no such table".to_owned())).code(), "E0204");
    }
}
