//! Saving what is confirmed.

use std::fmt::Write as _;
use std::sync::Arc;

use muara_schemas::Moment;

use super::print::keys;
use super::{Error, Hash, Learned, Mark, NONE, State, profile};

/// A print to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Save {
    /// The key.
    pub key: Arc<str>,
    /// Its number.
    pub slot: u32,
    /// Its mark.
    pub mark: Mark,
    /// Where it was read.
    pub part: u32,
    /// Hash of the raw record.
    pub raw: Hash,
    /// Content hash of the body last published.
    pub body: Hash,
    /// The other raw records of a key that is not unique.
    pub others: Vec<Hash>,
}

/// What moves beside the prints: all of it at the end of a run, what was learned with each save.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Advance {
    /// The digest that the prints belong to from now on.
    pub definition: Option<String>,
    /// The new cursor.
    pub cursor: Option<String>,
    /// When a complete full read ended.
    pub full_at: Option<Moment>,
    /// What its records look like.
    pub learned: Option<Learned>,
}

/// What a complete full read says of keys beside those that it read anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closing {
    /// Forgotten: they are gone, or were entries without a key that the read no longer found.
    pub gone: Vec<Box<str>>,
    /// Their delete is held for approval.
    pub held: Vec<Box<str>>,
    /// Missing once more.
    pub missed: Vec<Box<str>>,
    /// There again after they had been missing.
    pub back: Vec<Box<str>>,
    /// Not unique any more: to be mapped and published at the next read, which closes their quarantine.
    pub unsettled: Vec<Box<str>>,
}

/// Numbers and marks come as bytes: in a text `substr` would count its letters from the beginning each time.
const PUT: &str = "
insert into prints (stream, key, slot, mark, part, hashes)
select $1, j.value, cast(substr($3, 1 + 20 * j.key, 10) as integer), cast(substr($4, 1 + j.key, 1) as integer),
  cast(substr($3, 11 + 20 * j.key, 10) as integer), substr($5, 1 + 32 * j.key, 32)
from json_each($2) j where true
on conflict (stream, key) do update set
  slot = excluded.slot, mark = excluded.mark, part = excluded.part, missed = 0, hashes = excluded.hashes, others = null";

const PUT_OTHERS: &str = "
update prints set others = j.hashes
from (select json_extract(value, '$[0]') as key, unhex(json_extract(value, '$[1]')) as hashes from json_each($2)) j
where prints.stream = $1 and prints.key = j.key";

impl State {
    /// Saves prints, the numbers given out and, at the end of a run, what moves with it; all or nothing.
    pub async fn save(
        &self,
        stream: i64,
        saves: &[Save],
        next_slot: u32,
        advance: Option<&Advance>,
        closing: Option<&Closing>,
    ) -> Result<(), Error> {
        let mut tx = self.write.begin().await?;
        if !saves.is_empty() {
            let list = keys(saves.iter().map(|save| &*save.key));
            let mut numbers = String::with_capacity(20 * saves.len());
            for save in saves {
                write!(numbers, "{:010}{:010}", save.slot, save.part).expect("a text takes what is written");
            }
            let marks: String = saves.iter().map(|save| char::from(b'0' + save.mark.number())).collect();
            let hashes: Vec<u8> = saves.iter().flat_map(|save| save.raw.into_iter().chain(save.body)).collect();
            sqlx::query(PUT)
                .bind(stream)
                .bind(list)
                .bind(numbers.into_bytes())
                .bind(marks.into_bytes())
                .bind(hashes)
                .execute(&mut *tx)
                .await?;
            let others: Vec<(&str, String)> = saves
                .iter()
                .filter(|save| !save.others.is_empty())
                .map(|save| (&*save.key, save.others.iter().map(|hash| muara_schemas::canonical::hex(hash)).collect()))
                .collect();
            if !others.is_empty() {
                let list = serde_json::to_string(&others).expect("texts always serialise");
                sqlx::query(PUT_OTHERS).bind(stream).bind(list).execute(&mut *tx).await?;
            }
        }
        if let Some(closing) = closing {
            let none = [NONE, NONE].concat();
            for (sql, list, bind) in [
                (
                    "delete from prints where stream = $1 and key in (select value from json_each($2))",
                    &closing.gone,
                    false,
                ),
                (
                    "update prints set mark = 3, missed = missed + 1 where stream = $1 and key in (select value from json_each($2))",
                    &closing.held,
                    false,
                ),
                (
                    "update prints set missed = missed + 1 where stream = $1 and key in (select value from json_each($2))",
                    &closing.missed,
                    false,
                ),
                (
                    "update prints set missed = 0 where stream = $1 and key in (select value from json_each($2))",
                    &closing.back,
                    false,
                ),
                (
                    "update prints set hashes = $3 where stream = $1 and key in (select value from json_each($2))",
                    &closing.unsettled,
                    true,
                ),
            ] {
                for part in list.chunks(5_000) {
                    let query = sqlx::query(sql).bind(stream).bind(keys(part.iter().map(|key| &**key)));
                    let query = if bind { query.bind(&none) } else { query };
                    query.execute(&mut *tx).await?;
                }
            }
        }
        let advance = advance.cloned().unwrap_or_default();
        sqlx::query(
            "update streams set next_slot = max(next_slot, $2), definition = coalesce($3, definition),
             cursor = coalesce($4, cursor), full_at = coalesce($5, full_at) where id = $1",
        )
        .bind(stream)
        .bind(i64::from(next_slot))
        .bind(advance.definition)
        .bind(advance.cursor)
        .bind(advance.full_at.map(Moment::micros))
        .execute(&mut *tx)
        .await?;
        if let Some(learned) = &advance.learned {
            profile::keep(&mut tx, stream, learned).await?;
        }
        muara_schemas::fault::point("state.saving");
        tx.commit().await?;
        muara_schemas::fault::point("state.saved");
        Ok(())
    }

    /// Forgets the hashes of these keys, so that their records travel again at the next read.
    pub async fn reread(&self, stream: i64, list: &[String]) -> Result<(), Error> {
        let none = [NONE, NONE].concat();
        let mut tx = self.write.begin().await?;
        for part in list.chunks(5_000) {
            sqlx::query("update prints set hashes = $3, others = null where stream = $1 and key in (select value from json_each($2))")
                .bind(stream)
                .bind(keys(part.iter().map(String::as_str)))
                .bind(&none)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
