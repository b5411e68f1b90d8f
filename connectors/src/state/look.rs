//! Looking up the prints of a batch of keys.

use super::print::{keys, unhex};
use super::{Error, Hash, Mark, Print, State};

/// One row for the whole batch: rows cost more to fetch than to find. A print whose raw hash is the one asked for
/// and whose part is (most of them) comes without hashes.
const LOOK: &str = "
select group_concat(j.key || ' ' || p.slot || ' ' || p.mark || ' ' || p.missed || ' ' || p.part || ' ' ||
  case when substr(p.hashes, 1, 16) = substr($3, 1 + 16 * j.key, 16) and p.mark = 0 and p.part = $4 then '-'
       else hex(p.hashes) || coalesce(hex(p.others), '') end, ' ')
from json_each($2) j cross join prints p on p.stream = $1 and p.key = j.value";

impl State {
    /// The prints of these keys, each in its place. Of a live one that was read from this part and has the given raw
    /// hash, `body` is not read and stays [`super::NONE`].
    pub async fn look(&self, stream: i64, part: u32, probes: &[(&str, Hash)]) -> Result<Vec<Option<Print>>, Error> {
        let mut found = vec![None; probes.len()];
        if probes.is_empty() {
            return Ok(found);
        }
        let list = keys(probes.iter().map(|(key, _)| *key));
        let raws: Vec<u8> = probes.iter().flat_map(|(_, raw)| *raw).collect();
        let packed: Option<String> = sqlx::query_scalar(LOOK)
            .bind(stream)
            .bind(list)
            .bind(raws)
            .bind(i64::from(part))
            .fetch_one(&self.read)
            .await?;
        let Some(packed) = packed else { return Ok(found) };
        let mut fields = packed.split(' ');
        while let Some(at) = fields.next() {
            let mut text = || fields.next().ok_or(Error::Damaged("a print"));
            let (slot, mark, missed, part, hashes) = (text()?, text()?, text()?, text()?, text()?);
            let index: usize = at.parse().map_err(|_| Error::Damaged("a number of a print"))?;
            let number = |text: &str| text.parse::<u32>().map_err(|_| Error::Damaged("a number of a print"));
            let (place, (_, asked)) = found.get_mut(index).zip(probes.get(index)).ok_or(Error::Damaged("a print"))?;
            let (mut raw, mut body, mut others) = (*asked, super::NONE, Vec::new());
            if hashes != "-" {
                let mut chunks = hashes.as_bytes().chunks(32);
                raw = unhex(chunks.next().unwrap_or_default())?;
                body = unhex(chunks.next().unwrap_or_default())?;
                others = chunks.map(unhex).collect::<Result<_, _>>()?;
            }
            *place = Some(Print {
                slot: number(slot)?,
                mark: Mark::from_number(number(mark)?.into()).ok_or(Error::Damaged("a mark"))?,
                missed: number(missed)?,
                part: number(part)?,
                raw,
                body,
                others,
            });
        }
        Ok(found)
    }
}
