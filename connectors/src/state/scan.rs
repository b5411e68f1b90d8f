//! Walking over all prints of a stream, in key order and in pieces.

use super::print::unhex;
use super::{Error, Hash, Mark, State};

/// How many prints one piece holds.
const PIECE: usize = 2_000;

/// Keys hold no NUL, so it parts the prints of a piece; within a print the key comes last.
const SCAN: &str = "
select group_concat(slot || ' ' || mark || ' ' || missed || ' ' || part || ' ' || hex(substr(hashes, 17, 16)) || ' ' || key, char(0))
from (select slot, mark, missed, part, hashes, key from prints where stream = $1 and key > $2 order by key limit $3)";

/// What a walk needs of a print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The key.
    pub key: Box<str>,
    /// Its number.
    pub slot: u32,
    /// Its mark.
    pub mark: Mark,
    /// In how many complete full reads in a row it was missing.
    pub missed: u32,
    /// The part of the source that it was read from.
    pub part: u32,
    /// Content hash of the body last published.
    pub body: Hash,
}

impl State {
    /// How many prints a stream has.
    pub async fn count(&self, stream: i64) -> Result<u64, Error> {
        let count: i64 = sqlx::query_scalar("select count(*) from prints where stream = $1")
            .bind(stream)
            .fetch_one(&self.read)
            .await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// The prints after a key, at most `PIECE`; none at the end.
    pub async fn scan(&self, stream: i64, after: &str) -> Result<Vec<Row>, Error> {
        let packed: Option<String> = sqlx::query_scalar(SCAN)
            .bind(stream)
            .bind(after)
            .bind(i64::try_from(PIECE).unwrap_or(i64::MAX))
            .fetch_one(&self.read)
            .await?;
        packed.as_deref().map_or(Ok(Vec::new()), |packed| packed.split('\0').map(row).collect())
    }
}

fn row(packed: &str) -> Result<Row, Error> {
    let mut fields = packed.splitn(6, ' ');
    let mut text = || fields.next().ok_or(Error::Damaged("a print"));
    let number = |text: &str| text.parse::<u32>().map_err(|_| Error::Damaged("a number of a print"));
    Ok(Row {
        slot: number(text()?)?,
        mark: Mark::from_number(number(text()?)?.into()).ok_or(Error::Damaged("a mark"))?,
        missed: number(text()?)?,
        part: number(text()?)?,
        body: unhex(text()?.as_bytes())?,
        key: text()?.into(),
    })
}
