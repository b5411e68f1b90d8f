//! A message, parsed and checked anew: the hub trusts no sender. Pure, and the only CPU-heavy part of intake.

use muara_schemas::canonical;
use muara_schemas::message::Message;
use muara_schemas::page::{
    About, MAX_BODY_BYTES, MAX_NOTES, MAX_RAW_BYTES, MAX_RECORDS, Mends, Page, Quarantined, RawForm, Reason, Record,
    Refusal, RunId, RunKind,
};
use muara_schemas::record::{Head, business_key};
use muara_schemas::stream::{MAX_KEY_BYTES, StreamName};
use muara_schemas::{Catalog, ContentHash, RecordId, Rupiah, Secret};
use serde_json::Value;

use crate::merge::Incoming;
use crate::store::runs::Tally;

#[cfg(test)]
mod tests;

/// The largest message that is looked at.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;
/// The longest pointer, reason or note, in bytes.
const MAX_LINE_BYTES: usize = 8 * 1024;
/// How many reasons one record has at most.
const MAX_REASONS: usize = 1_000;

/// A page whose every record was checked.
#[derive(Debug)]
pub struct Checked {
    /// Whose page it is.
    pub name: StreamName,
    /// The page without records; `quarantined` holds what the hub refused too.
    pub page: Page,
    /// Valid records.
    pub records: Vec<Valid>,
    /// Ids of `gone`, `held` and `have`, in their order.
    pub gone_ids: Vec<RecordId>,
    /// Ids of held keys.
    pub held_ids: Vec<RecordId>,
    /// What became of its records; until it is applied only those of a replay that the hub refused.
    pub tally: Tally,
}

/// A valid record.
#[derive(Debug, Clone)]
pub struct Valid {
    /// Opaque id.
    pub id: RecordId,
    /// Key.
    pub key: String,
    /// Pointer into the source.
    pub pointer: String,
    /// Hash of the body.
    pub hash: ContentHash,
    /// Canonical body.
    pub body: String,
    /// Agency and fiscal year.
    pub head: Head,
    /// Business key.
    pub business: Option<String>,
    /// In a replay: the entry that it is made of.
    pub mends: Option<Mends>,
}

impl Valid {
    /// As it is merged.
    pub fn incoming(self, stream: i64, run: RunId) -> Incoming {
        Incoming {
            id: self.id,
            key: self.key,
            stream,
            hash: self.hash,
            body: self.body,
            agency: self.head.agency,
            fiscal_year: self.head.fiscal_year.map(i64::from),
            business: self.business,
            pointer: self.pointer,
            run,
        }
    }
}

/// Anything that intake takes.
#[derive(Debug)]
pub enum Arrived {
    /// A page.
    Page(Box<Checked>),
    /// An announcement, a heartbeat or an answer.
    Word(Message),
}

/// Why a message can never be taken, however often it is tried.
#[derive(Debug, thiserror::Error)]
pub enum Poison {
    /// Larger than any message of ours.
    #[error("the message has {0} bytes; at most 16 MiB are read")]
    TooLarge(usize),
    /// No message.
    #[error(transparent)]
    Form(#[from] muara_schemas::message::Error),
    /// The record type is unknown.
    #[error("the page is of the unknown record type `{0}`")]
    Type(String),
    /// The page breaks a bound.
    #[error("the page breaks a bound: {0}")]
    Bound(&'static str),
    /// Checking it went wrong.
    #[error("checking the message panicked")]
    Panicked,
    /// The sender may not write this.
    #[error("the broker user `{user}` may not write {stream}")]
    Sender {
        /// The broker-verified user.
        user: String,
        /// What it tried to write.
        stream: StreamName,
    },
}

/// Parses and checks a message.
pub fn check(bytes: &[u8], secret: &Secret, catalog: &Catalog) -> Result<Arrived, Poison> {
    verify(parse(bytes)?, secret, catalog)
}

/// Parses a message; what it says is not believed yet.
pub fn parse(bytes: &[u8]) -> Result<Message, Poison> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(Poison::TooLarge(bytes.len()));
    }
    Ok(Message::decode(bytes)?)
}

/// Checks a message.
pub fn verify(message: Message, secret: &Secret, catalog: &Catalog) -> Result<Arrived, Poison> {
    match message {
        Message::Page(page) => Ok(Arrived::Page(Box::new(check_page(*page, secret, catalog)?))),
        Message::Announcement(announcement) if catalog.get(&announcement.record_type).is_none() => {
            Err(Poison::Type(announcement.record_type))
        }
        word => Ok(Arrived::Word(word)),
    }
}

fn check_page(mut page: Page, secret: &Secret, catalog: &Catalog) -> Result<Checked, Poison> {
    let record_type = catalog.get(&page.record_type).ok_or_else(|| Poison::Type(page.record_type.clone()))?;
    let name = page.name();
    bounds(&page)?;
    let (mut records, mut tally) = (Vec::with_capacity(page.records.len()), Tally::default());
    for record in std::mem::take(&mut page.records) {
        match (check_record(&record, &name, record_type, secret), record.mends) {
            (Ok(valid), _) => records.push(valid),
            // The entry keeps the raw record of the source, which tells more than this body.
            (Err(errors), Some(mends)) => {
                tally.quarantined += 1;
                page.refused.extend(errors.into_iter().next().map(|reason| Refusal { entry: mends.entry, reason }));
            }
            (Err(errors), None) => page.quarantined.push(refuse(record, errors)),
        }
    }
    let ids = |keys: &[String]| keys.iter().map(|key| secret.id(&name, key)).collect();
    let (gone_ids, held_ids) = (ids(&page.gone), ids(&page.held));
    Ok(Checked { name, page, records, gone_ids, held_ids, tally })
}

/// What breaks none of these can be stored, on either engine.
fn bounds(page: &Page) -> Result<(), Poison> {
    let lists = [page.records.len(), page.quarantined.len(), page.gone.len(), page.held.len(), page.refused.len()];
    let keys = page.gone.iter().chain(&page.held).chain(page.have.iter().map(|(key, _)| key));
    let keys = keys.chain(page.records.iter().map(|record| &record.key));
    let mut keys = keys.chain(page.quarantined.iter().filter_map(|entry| entry.key.as_ref()));
    let is_key = |key: &String| (1..=MAX_KEY_BYTES).contains(&key.len()) && !key.contains('\0');
    let is_line = |text: &str| text.len() <= MAX_LINE_BYTES && !text.contains('\0');
    let is_reason = |reason: &Reason| {
        let source = reason.source.as_deref().unwrap_or_default();
        [&reason.code, &reason.target, &reason.message, source].iter().all(|text| is_line(text))
    };
    let fits = |entry: &Quarantined| {
        entry.raw.len() <= MAX_RAW_BYTES
            && is_line(&entry.pointer)
            && is_line(entry.about.agency.as_deref().unwrap_or_default())
            && entry.errors.len() <= MAX_REASONS
            && entry.errors.iter().all(is_reason)
    };
    let notes = page.end.iter().flat_map(|end| &end.notes);
    let failure = page.end.as_ref().and_then(|end| end.failure.as_deref()).unwrap_or_default();
    let broken = [
        (lists.iter().any(|length| *length > MAX_RECORDS), "more than 500 records"),
        (!is_replay_throughout(page), "a replay names the entry of each record, and nothing else does"),
        (
            !page.refused.iter().all(|refusal| is_reason(&refusal.reason)),
            "a reason is too long or holds a NUL character",
        ),
        (page.page == 0 || page.have.len() > 20 * MAX_RECORDS, "page number or list of keys"),
        (!keys.all(is_key), "a key is empty, longer than 512 bytes or holds a NUL character"),
        (!page.records.iter().all(|record| is_line(&record.pointer)), "a pointer is too long or holds a NUL character"),
        (!page.quarantined.iter().all(fits), "a quarantined record is too large or holds a NUL character"),
        (!is_line(&page.definition) || !is_line(failure), "a text is too long or holds a NUL character"),
        (notes.clone().count() > MAX_NOTES, "more than 20 notes"),
        (!notes.clone().all(|note| is_line(&note.detail)), "a note is too long or holds a NUL character"),
    ];
    broken.iter().find(|(is_broken, _)| *is_broken).map_or(Ok(()), |(_, what)| Err(Poison::Bound(what)))
}

/// Whether what a page says of entries fits its kind: only a replay says anything of them, and it says nothing else.
fn is_replay_throughout(page: &Page) -> bool {
    let is_replay = page.kind == RunKind::Replay;
    let lists_keys = !(page.gone.is_empty() && page.held.is_empty() && page.have.is_empty());
    page.records.iter().all(|record| record.mends.is_some() == is_replay)
        && page.quarantined.iter().all(|broken| broken.entry.is_some() == is_replay)
        && (is_replay || page.refused.is_empty())
        && !(is_replay && lists_keys)
}

fn check_record(
    record: &Record,
    name: &StreamName,
    record_type: &muara_schemas::catalog::RecordType,
    secret: &Secret,
) -> Result<Valid, Vec<Reason>> {
    let reason = |code: &str, target: &str, message: &str| Reason {
        code: code.to_owned(),
        target: target.to_owned(),
        source: None,
        message: message.to_owned(),
    };
    let text = record.body.get();
    if text.len() > MAX_BODY_BYTES {
        return Err(vec![reason("E0503", "", "the body is larger than 64 KiB")]);
    }
    if text.contains("\\u0000") {
        return Err(vec![reason("E0504", "", "the body holds a NUL character")]);
    }
    let body: Value = serde_json::from_str(text).map_err(|_| vec![reason("E0501", "", "the body is not JSON")])?;
    let bytes = canonical::to_bytes(&body);
    let hash = ContentHash::of(&bytes);
    if bytes != text.as_bytes() || hash != record.hash {
        return Err(vec![reason("E0501", "", "the body is not canonical or its hash is not its own")]);
    }
    let violations = record_type.violations(&body);
    if !violations.is_empty() {
        return Err(violations.into_iter().map(|v| reason("E0502", &v.pointer, &v.message)).collect());
    }
    if body.get("region").and_then(Value::as_str) != Some(name.region.as_str()) {
        return Err(vec![reason("E0505", "/region", "the record is of another region than its stream")]);
    }
    Ok(Valid {
        id: secret.id(name, &record.key),
        key: record.key.clone(),
        pointer: record.pointer.clone(),
        hash,
        head: Head::of(&body),
        business: business_key(&body, record_type.business_key()),
        body: text.to_owned(),
        mends: record.mends,
    })
}

/// A record that the sender took for valid and the hub does not.
fn refuse(record: Record, errors: Vec<Reason>) -> Quarantined {
    let body: Value = serde_json::from_str(record.body.get()).unwrap_or(Value::Null);
    let head = Head::of(&body);
    let amount = ["amount", "ceiling", "value", "total"]
        .iter()
        .find_map(|field| body.get(field).and_then(Value::as_str).and_then(|text| Rupiah::from_wire(text).ok()));
    let mut raw = record.body.get().to_owned();
    if raw.len() > MAX_BODY_BYTES {
        raw.truncate(raw.floor_char_boundary(MAX_BODY_BYTES));
    }
    Quarantined {
        key: Some(record.key),
        pointer: record.pointer,
        raw_hash: ContentHash::of(record.body.get().as_bytes()),
        raw,
        form: RawForm::Json,
        errors,
        about: About { agency: head.agency, fiscal_year: head.fiscal_year, amount },
        entry: None,
    }
}
