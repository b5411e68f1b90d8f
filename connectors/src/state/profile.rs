//! What the records of a stream look like, as far as it was learned.

use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::{Error, State};

/// Two profiles as texts, of one definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learned {
    /// Digest of the definition; another one learns anew.
    pub definition: String,
    /// Of the first complete full read; `None` while that has not ended.
    pub baseline: Option<String>,
    /// Of what was read since.
    pub seen: String,
}

impl State {
    /// What was learned of a stream.
    pub async fn learned(&self, stream: i64) -> Result<Option<Learned>, Error> {
        let row = sqlx::query("select definition, baseline, seen from profiles where stream = $1")
            .bind(stream)
            .fetch_optional(&self.write)
            .await?;
        let learned = |row: sqlx::sqlite::SqliteRow| {
            Ok(Learned { definition: row.try_get(0)?, baseline: row.try_get(1)?, seen: row.try_get(2)? })
        };
        row.map(learned).transpose()
    }
}

/// Keeps it, with the prints that it belongs to.
pub(super) async fn keep(tx: &mut SqliteConnection, stream: i64, learned: &Learned) -> Result<(), Error> {
    sqlx::query("insert into profiles (stream, definition, baseline, seen) values ($1, $2, $3, $4)
         on conflict (stream) do update set definition = excluded.definition, baseline = excluded.baseline, seen = excluded.seen")
        .bind(stream)
        .bind(&learned.definition)
        .bind(&learned.baseline)
        .bind(&learned.seen)
        .execute(tx)
        .await?;
    Ok(())
}
