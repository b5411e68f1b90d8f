//! What makes a session of ours: nothing is written, one snapshot, one way of printing, a cursor that travels as a value.

use std::time::Duration;

use jiff::tz::Offset;
use sqlx::mysql::{MySqlConnection, MySqlDatabaseError};
use sqlx::{AssertSqlSafe, Column as _, Executor as _, SqlSafeStr as _, Statement as _, TypeInfo as _};

use super::super::statement::Statement;
use super::super::{Settings, failed, written};
use crate::kind::PullError;

/// How long writers wait at most for a read that waits for our bus, where the engine lets them wait; then the server
/// breaks the read off.
const PATIENCE: Duration = Duration::from_secs(10);

/// Errors of a server that does not know a word or a variable.
const UNKNOWN_WORD: u16 = 1064;
const UNKNOWN_VARIABLE: u16 = 1193;

/// Sets up the session and begins the snapshot; gives the server's number of the connection. `whole` is what the one
/// statement may take.
pub(super) async fn begin(
    connection: &mut MySqlConnection,
    settings: Settings,
    whole: Duration,
) -> Result<u64, PullError> {
    let failed = |error: &sqlx::Error| match number(error) {
        Some(UNKNOWN_WORD | UNKNOWN_VARIABLE) => PullError::Config(
            "could not begin a read-only snapshot: MySQL 5.6 and MariaDB 10.0 are the oldest that have one".to_owned(),
        ),
        _ => failed("set up the session", error),
    };
    // An empty mode is the one in which names, quotes and null dates are what the manual says. A limit on rows that
    // the server gives its users would end the read early and silently.
    let session = format!(
        "set session transaction isolation level repeatable read;
         set session transaction read only;
         set session sql_mode = '', time_zone = '{}', lock_wait_timeout = {},
             sql_select_limit = 18446744073709551615, sql_big_selects = 1",
        written(settings.offset),
        settings.timeout.as_secs().max(1),
    );
    run(connection, session).await.map_err(|error| failed(&error))?;
    // MariaDB counts seconds, MySQL milliseconds; one knows the one, one the other, and what is older knows neither.
    for limit in [
        format!("set session max_statement_time = {}", whole.as_secs()),
        format!("set session max_execution_time = {}", whole.as_millis()),
    ] {
        match run(connection, limit).await {
            Err(error) if number(&error) != Some(UNKNOWN_VARIABLE) => return Err(failed(&error)),
            _ => {}
        }
    }
    run(connection, "start transaction with consistent snapshot, read only".to_owned())
        .await
        .map_err(|error| failed(&error))?;
    sqlx::query_scalar("select connection_id()").fetch_one(connection).await.map_err(|error| failed(&error))
}

/// Lets the server wait for us as long as nobody else has to wait with it: MyISAM and its like lock a table until the
/// last row is sent, whatever the transaction says.
pub(super) async fn be_patient(
    connection: &mut MySqlConnection,
    statement: &Statement,
    whole: Duration,
) -> Result<(), PullError> {
    let (schema, table) = &statement.names;
    // Nobody says which tables a view reads: any of its schema may be among them.
    let locking: i64 = sqlx::query_scalar(
        "select count(*) from information_schema.tables t
         where t.table_schema = coalesce(?, database()) and t.table_type = 'BASE TABLE' and t.engine <> 'InnoDB'
         and (t.table_name = ? or not exists (select 1 from information_schema.tables o
             where o.table_schema = t.table_schema and o.table_name = ? and o.table_type = 'BASE TABLE'))",
    )
    .bind(schema)
    .bind(table)
    .bind(table)
    .fetch_one(&mut *connection)
    .await
    .map_err(|error| failed("look up the table", &error))?;
    let patience = if locking == 0 { whole } else { PATIENCE };
    run(connection, format!("set session net_write_timeout = {}", patience.as_secs()))
        .await
        .map_err(|error| failed("set up the session", &error))
}

/// What to send so that the rows come as texts: the statement itself, or the order to run it from a cursor's value.
///
/// The value is bound, and so is the statement that it belongs to; the server puts them together.
pub(super) async fn statement(
    connection: &mut MySqlConnection,
    statement: &Statement,
    from: Option<&str>,
    offset: Offset,
) -> Result<String, PullError> {
    let (Some(column), Some(from)) = (&statement.cursor, from) else {
        return Ok(statement.sql(None));
    };
    let set_cursor = |error: sqlx::Error| failed("set the cursor", &error);
    let looked_up = format!("select {column} from {}", statement.table);
    let looked_up = connection.prepare(AssertSqlSafe(looked_up).into_sql_str()).await;
    let looked_up = looked_up.map_err(|error| failed("look up the cursor column", &error))?;
    let kind = looked_up.columns().first().map_or("", |column| column.type_info().name());
    // A moment goes back as the text that the server printed, without what we put behind it.
    let offset = written(offset);
    let from = if kind == "TIMESTAMP" { from.strip_suffix(offset.as_str()).unwrap_or(from) } else { from };
    let value = typed(kind);
    sqlx::query("set @muara_cursor = ?, @muara_statement = ?")
        .bind(from)
        .bind(statement.sql(Some(value)))
        .execute(&mut *connection)
        .await
        .map_err(set_cursor)?;
    // A cast that fails gives null, and nothing is at or above null: the stream would stand still in silence.
    let probe = format!("select {} is null", value.replace('?', "@muara_cursor"));
    let lost: i64 = sqlx::query_scalar(AssertSqlSafe(probe)).fetch_one(&mut *connection).await.map_err(set_cursor)?;
    if lost != 0 {
        let name = statement.cursor_name.as_deref().unwrap_or_default();
        return Err(PullError::Config(format!(
            "the cursor does not fit the type of column `{name}` any more; reset the stream to read it from the beginning"
        )));
    }
    run(connection, "prepare muara from @muara_statement".to_owned())
        .await
        .map_err(|error| failed("read the table", &error))?;
    Ok("execute muara using @muara_cursor".to_owned())
}

/// The cursor's value in the type of its column: a text beside a number would be compared as a float, and 17 digits
/// are more than one has. A text stays one, and takes the collation of its column.
fn typed(kind: &str) -> &'static str {
    match kind {
        "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" | "BOOLEAN" => "cast(? as signed)",
        "BIT" | "YEAR" => "cast(? as unsigned)",
        "DECIMAL" => "cast(? as decimal(65, 30))",
        "FLOAT" | "DOUBLE" => "(? + 0e0)",
        "DATE" => "cast(? as date)",
        "DATETIME" | "TIMESTAMP" => "cast(? as datetime(6))",
        "TIME" => "cast(? as time(6))",
        _ if kind.ends_with(" UNSIGNED") => "cast(? as unsigned)",
        _ => "?",
    }
}

async fn run(connection: &mut MySqlConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|_| ())
}

fn number(error: &sqlx::Error) -> Option<u16> {
    error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_compared_in_the_type_of_its_column() {
        assert_eq!(typed("BIGINT UNSIGNED"), "cast(? as unsigned)");
        assert_eq!(typed("BIGINT"), "cast(? as signed)");
        assert_eq!(typed("TIMESTAMP"), "cast(? as datetime(6))");
        assert_eq!(typed("VARCHAR"), "?");
    }
}
