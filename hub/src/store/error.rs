//! What can go wrong in the store, by what the caller should do.

use sqlx::error::ErrorKind;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database is away or busy: the same work may succeed later.
    #[error("the database is not to be had now: {0}")]
    Away(#[source] sqlx::Error),
    /// Someone else stored the same thing first.
    #[error("the row is there already: {0}")]
    Taken(#[source] sqlx::Error),
    /// The work itself is at fault: trying again gives the same answer.
    #[error("the database refused the work: {0}")]
    Refused(#[source] sqlx::Error),
    /// The database's tables could not be brought up to date.
    #[error("the tables could not be brought up to this version: {0}")]
    Migrate(#[source] Box<sqlx::migrate::MigrateError>),
    /// The URL names no engine that Muara knows.
    #[error("the database URL must begin with `sqlite:` or `postgres://`")]
    Url,
    /// What is stored is not what was expected.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// A lease or cursor was moved by another process.
    #[error("the reader `{0}` now belongs to another process")]
    Lost(String),
}

/// The result of every store function.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The database could not be opened.
    pub(super) fn open(error: sqlx::Error) -> Self {
        // A pool tries again until its time is over, and then says only that.
        Self::Away(match error {
            sqlx::Error::PoolTimedOut => {
                sqlx::Error::Io(std::io::Error::other("no server took a connection within 10 s"))
            }
            error => error,
        })
    }

    /// The migration failed.
    pub(super) fn migrate(error: sqlx::migrate::MigrateError) -> Self {
        Self::Migrate(Box::new(error))
    }

    /// Whether trying the same again later makes sense.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Taken(_) | Self::Lost(_))
    }
}

/// SQLSTATE classes and codes after which the same work may succeed: connection, resources, operator, serialisation,
/// deadlock, lock not available, read-only (a standby that is about to be promoted).
const TRANSIENT_SQLSTATES: &[&str] = &["08", "53", "57", "58", "40", "55P03", "25006"];

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(inner) = &error else {
            return match error {
                sqlx::Error::RowNotFound
                | sqlx::Error::ColumnDecode { .. }
                | sqlx::Error::Decode(_)
                | sqlx::Error::Encode(_)
                | sqlx::Error::ColumnNotFound(_)
                | sqlx::Error::TypeNotFound { .. } => Self::Refused(error),
                _ => Self::Away(error),
            };
        };
        if inner.kind() == ErrorKind::UniqueViolation {
            return Self::Taken(error);
        }
        let code = inner.code().unwrap_or_default();
        let sqlite_busy = inner.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some_and(|_| {
            // Primary result codes 5 busy, 6 locked, 10 I/O, 13 full.
            code.parse::<i32>().is_ok_and(|number| matches!(number & 0xff, 5 | 6 | 10 | 13))
        });
        if sqlite_busy || TRANSIENT_SQLSTATES.iter().any(|prefix| code.starts_with(prefix)) {
            Self::Away(error)
        } else {
            Self::Refused(error)
        }
    }
}
