//! What becomes of each record: skipped, left out, published or quarantined. Decides only; sends and saves nothing.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use muara_schemas::message::Message;
use muara_schemas::page::{About, Counts, Quarantined, Reason, Record, RunKind};
use muara_schemas::{ContentHash, Moment};

use super::context::Context;
use super::drift::{Treatment, Watch};
use super::key::KEYLESS;
use super::pages::Pages;
use super::push::{Fate, Sifted};
use super::report::Failure;
use super::seen::Seen;
use super::settings::Tuning;
use super::verdict::{Judge, Verdict, kept, reason};
use crate::definition::model::OnInvalid;
use crate::raw::{Head, Place, Raw};
use crate::state::{Hash, Learned, Mark, NONE, Print, Save};

mod columns;
mod telling;
mod tolerance;

/// How many saves are collected before they go to the state file, with the page that is open.
const SAVES: usize = 2_000;

/// A record with its key and the hash of its raw form.
#[derive(Debug)]
pub(super) struct Probe {
    pub(super) raw: Raw,
    /// The key; for a record without one, what the state file remembers it by.
    pub(super) key: Arc<str>,
    /// Why it has no key.
    pub(super) keyless: Option<Reason>,
    /// Hash of the raw record, salted with the definition.
    pub(super) hash: Hash,
}

/// Records of one page of the source, with what the state file knows of them.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) probes: Vec<Probe>,
    pub(super) known: Vec<Option<Print>>,
    /// Where they stand, when a new page of the source begins with this batch.
    pub(super) place: Option<(u64, Place)>,
    pub(super) part: u32,
}

/// What is to be sent, and what is to be saved once that is confirmed. Numbered from 1.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) message: Option<(String, Bytes)>,
    pub(super) saves: Vec<Save>,
    pub(super) next_slot: u32,
    /// Where a later run may go on, once this is saved.
    pub(super) checkpoint: Option<String>,
    /// What the records looked like up to here.
    pub(super) learned: Option<Learned>,
}

/// The fields of the definition that workbook errors are checked against.
#[derive(Debug, Default)]
pub(super) struct Uses(pub(super) Vec<(String, String)>);

pub(super) struct Sifter {
    uses: Arc<Uses>,
    judge: Judge,
    tuning: Tuning,
    on_invalid: OnInvalid,
    salt: Hash,
    pub(super) pages: Pages,
    pub(super) counts: Counts,
    pub(super) seen: Seen,
    /// Keys that are not unique and of which this read has met two records.
    pub(super) twice: HashSet<u32>,
    /// What the first record of such a key was.
    sightings: HashMap<u32, Hash>,
    /// Whether a record without a key was met: then a missing key proves nothing.
    pub(super) keyless: bool,
    /// Columns that the field table reads and some rows do not have, with the targets they are for.
    pub(super) absent: BTreeSet<(String, String)>,
    /// What the records look like, and what is otherwise than it was.
    pub(super) watch: Watch,
    /// Why a record ends the run.
    halt: Option<Failure>,
    /// The columns that were looked at last.
    head: Option<Arc<Head>>,
    next_slot: u32,
    /// Prints on their way to the state file.
    pending: HashMap<Arc<str>, (u32, Print)>,
    log: VecDeque<(u32, Arc<str>)>,
    saves: Vec<Save>,
    items: u32,
    /// What became of each record, in order, where somebody wants to be told.
    told: Option<Vec<Sifted>>,
}

impl Sifter {
    pub(super) fn new(context: &Context, pages: Pages, next_slot: u32, watch: Watch) -> Self {
        Self {
            uses: context.uses.clone(),
            judge: Judge::of(context),
            tuning: context.tuning,
            on_invalid: context.stream.on_invalid,
            salt: context.salt,
            pages,
            counts: Counts::default(),
            seen: Seen::new(next_slot),
            twice: HashSet::new(),
            sightings: HashMap::new(),
            keyless: false,
            absent: BTreeSet::new(),
            watch,
            halt: None,
            head: None,
            next_slot,
            pending: HashMap::new(),
            log: VecDeque::new(),
            saves: Vec::new(),
            items: 0,
            told: None,
        }
    }

    /// Sifts a batch. `saved` is the number of the last item that the state file had when `known` was looked up.
    pub(super) fn take(&mut self, batch: Batch, saved: u32, now: Moment) -> (Vec<Item>, Result<(), Failure>) {
        self.prune(saved);
        let mut items = Vec::new();
        if let Some((first, place)) = batch.place {
            self.seen.page(first, place);
        }
        if let Some(Raw::Row(row)) = batch.probes.first().map(|probe| &probe.raw) {
            self.look_for_columns(row);
        }
        for (probe, known) in batch.probes.into_iter().zip(batch.known) {
            self.seen.next();
            self.one(probe, known, batch.part, now, &mut items);
            let halted = self.halt.take().map_or(Ok(()), Err);
            if let Err(failure) = halted.and_then(|()| self.tolerable()).and_then(|()| self.expressions_end()) {
                return (items, Err(failure));
            }
        }
        if self.saves.len() >= SAVES {
            // A save must not be ahead of its record: what waits in the open page goes out with it.
            items.push(if self.pages.is_empty() { self.item(None) } else { self.close(now) });
        }
        (items, Ok(()))
    }

    /// The source was read whole.
    pub(super) fn read_whole(&mut self) {
        self.watch.read_whole(self.counts.read);
    }

    /// What still waits, as the last item without an end.
    pub(super) fn rest(&mut self, now: Moment) -> Option<Item> {
        if !self.pages.is_empty() {
            return Some(self.close(now));
        }
        (!self.saves.is_empty()).then(|| self.item(None))
    }

    /// Everything that waits, so that what it is saved with may not be ahead of a record.
    pub(super) fn up_to_here(&mut self, checkpoint: String, now: Moment) -> Item {
        let item = if self.pages.is_empty() { self.item(None) } else { self.close(now) };
        Item { checkpoint: Some(checkpoint), ..item }
    }

    /// Saves that wait without a page; those of the open page too.
    pub(super) fn waiting(&mut self) -> Vec<Save> {
        std::mem::take(&mut self.saves)
    }

    pub(super) const fn next_slot(&self) -> u32 {
        self.next_slot
    }

    fn one(&mut self, probe: Probe, known: Option<Print>, part: u32, now: Moment, items: &mut Vec<Item>) {
        let Probe { raw, key, keyless, hash } = probe;
        let print = self.pending.get(&key).map(|(_, print)| print.clone()).or(known);
        if let Some(print) = print.as_ref().filter(|print| print.raw != NONE && print.mark != Mark::Held)
            && (keyless.is_none() || self.may_stay_behind(print))
            && !self.is_settled_by_telling(print)
            && self.is_known(print, &key, hash, part)
        {
            self.keyless |= keyless.is_some();
            self.tell_known(&raw, &key, keyless, print);
            return;
        }
        let fields = raw.parse();
        let selected = fields.as_ref().map_or(Ok(true), |fields| self.judge.selects(fields, &raw));
        // Whether a torn row is wanted, its cells cannot tell; left out, its record would look gone.
        if selected == Ok(false) && !is_torn(&raw, print.is_some()) {
            self.counts.left_out += 1;
            self.tell(keyless.is_none().then_some(&key), Fate::LeftOut, &[]);
            return;
        }
        let drifted = match fields.as_ref().map_or(Treatment::Taken(Vec::new()), |fields| self.watch.see(fields)) {
            Treatment::Taken(reasons) => reasons,
            Treatment::Ends(failure) => {
                self.halt = Some(failure);
                return;
            }
        };
        self.counts.read += 1;
        let salt = self.salt;
        let broken = |errors: Vec<Reason>, about: About, pointer: String, shown: Option<&Arc<str>>| {
            let (key, (text, form)) = (shown.map(std::string::ToString::to_string), kept(&raw));
            let raw_hash = ContentHash::from_bytes(&xor(hash, salt)).expect("sixteen bytes are sixteen bytes");
            Quarantined { key, pointer, raw_hash, raw: text, form, errors, about, entry: None }
        };
        if let Some(reason) = keyless {
            self.keyless = true;
            self.tell(None, Fate::Quarantined, std::slice::from_ref(&reason));
            let about = fields.map_or_else(|_| About::default(), |fields| self.judge.about(&fields, &raw));
            let quarantined = broken(vec![reason], about, self.seen.pointer(""), None);
            let slot = self.slot(print.as_ref());
            self.quarantine(quarantined, now, items);
            self.keep(
                key,
                Print { slot, mark: Mark::Quarantined, missed: 0, part, raw: hash, body: NONE, others: Vec::new() },
            );
            return;
        }
        let earlier = print.as_ref().and_then(|print| Some((print.clone(), self.seen.first(print.slot)?)));
        if let Some((mut print, first)) = earlier {
            // By number: a pointer may hold the key, and the key a person's number.
            let message = format!(
                "two different records of one read have this key: record {first} of the read was taken, this is record {}",
                self.seen.at()
            );
            let pointer = self.seen.pointer(&key);
            let about = fields.map_or_else(|_| About::default(), |fields| self.judge.about(&fields, &raw));
            let errors = vec![reason("E0322", message)];
            self.tell(Some(&key), Fate::Quarantined, &errors);
            let quarantined = broken(errors, about, pointer, Some(&key));
            // The valid record comes first: only the order of pages is promised, not that of the lists within one.
            if self.pages.holds(&key) {
                items.push(self.close(now));
            }
            self.quarantine(quarantined, now, items);
            print.mark = Mark::NotUnique;
            print.add_other(hash);
            self.twice.insert(print.slot);
            self.keep(key, print);
            return;
        }
        let slot = self.slot(print.as_ref());
        self.seen.mark(slot);
        let verdict = match fields {
            Ok(fields) => match selected {
                Ok(_) if !drifted.is_empty() => {
                    let (about, mut reasons) = (self.judge.about(&fields, &raw), drifted);
                    if let Verdict::Broken(others, _) = self.judge.judge(&fields, &raw) {
                        reasons.extend(others);
                    }
                    Verdict::Broken(reasons, about)
                }
                Ok(_) => self.judge.judge(&fields, &raw),
                Err(reason) => Verdict::Broken(vec![reason], self.judge.about(&fields, &raw)),
            },
            Err(error) => Verdict::Broken(
                vec![reason("E0321", format!("the record is no JSON that we take: {error}"))],
                About::default(),
            ),
        };
        let (mark, body) = match verdict {
            Verdict::Valid(_, body)
                if print.as_ref().is_some_and(|print| print.mark == Mark::Live && print.body == body) =>
            {
                self.counts.unchanged += 1;
                self.tell(Some(&key), Fate::Unchanged, &[]);
                (Mark::Live, body)
            }
            Verdict::Valid(record, body) => {
                self.tell(Some(&key), Fate::Published, &[]);
                let record = Record { key: key.to_string(), pointer: self.seen.pointer(&key), ..record };
                self.counts.published += 1;
                self.pages.record(record);
                (Mark::Live, body)
            }
            Verdict::Broken(errors, about) => {
                self.tell(Some(&key), Fate::Quarantined, &errors);
                let quarantined = broken(errors, about, self.seen.pointer(&key), Some(&key));
                self.quarantine(quarantined, now, items);
                (Mark::Quarantined, print.as_ref().map_or(NONE, |print| print.body))
            }
        };
        self.keep(key, Print { slot, mark, missed: 0, part, raw: hash, body, others: Vec::new() });
        if self.pages.is_full() {
            items.push(self.close(now));
        }
    }

    /// Whether a known record without a key may be skipped. Once in each full read it travels: what such a read does
    /// not bring again, the hub takes for gone, and there is no key to tell it otherwise.
    fn may_stay_behind(&self, print: &Print) -> bool {
        self.pages.kind() != RunKind::Full || self.seen.first(print.slot).is_some()
    }

    /// Whether the record stands as it was; then it is counted here.
    fn is_known(&mut self, print: &Print, key: &Arc<str>, hash: Hash, part: u32) -> bool {
        let other = print.mark == Mark::NotUnique && print.others.contains(&hash);
        if print.raw != hash && !other {
            return false;
        }
        self.counts.read += 1;
        self.seen.mark(print.slot);
        if print.mark == Mark::NotUnique && *self.sightings.entry(print.slot).or_insert(hash) != hash {
            self.twice.insert(print.slot);
        }
        match print.mark {
            _ if other => self.counts.quarantined_again += 1,
            Mark::Quarantined => self.counts.quarantined_again += 1,
            Mark::NotUnique if print.body == NONE => self.counts.quarantined_again += 1,
            _ => self.counts.unchanged += 1,
        }
        if print.part != part && !other {
            // The record moved to another file; that alone is no change.
            self.keep(key.clone(), Print { part, missed: 0, ..print.clone() });
        }
        true
    }

    fn quarantine(&mut self, quarantined: Quarantined, now: Moment, items: &mut Vec<Item>) {
        self.counts.quarantined += 1;
        self.pages.quarantined(quarantined);
        if self.pages.is_full() {
            items.push(self.close(now));
        }
    }

    fn slot(&mut self, print: Option<&Print>) -> u32 {
        print.map_or_else(
            || {
                self.next_slot += 1;
                self.next_slot - 1
            },
            |print| print.slot,
        )
    }

    fn keep(&mut self, key: Arc<str>, print: Print) {
        self.seen.mark(print.slot);
        self.saves.push(Save {
            key: key.clone(),
            slot: print.slot,
            mark: print.mark,
            part: print.part,
            raw: print.raw,
            body: print.body,
            others: print.others.clone(),
        });
        self.log.push_back((self.items + 1, key.clone()));
        self.pending.insert(key, (self.items + 1, print));
    }

    fn close(&mut self, now: Moment) -> Item {
        let page = self.pages.close();
        let id = page.message_id();
        let body = Message::Page(Box::new(page)).encode(&id, now);
        self.item(Some((id, body.into())))
    }

    fn item(&mut self, message: Option<(String, Bytes)>) -> Item {
        self.items += 1;
        let saves = std::mem::take(&mut self.saves);
        Item { message, saves, next_slot: self.next_slot, checkpoint: None, learned: self.watch.learned() }
    }

    /// Forgets pending prints that the state file has by now.
    fn prune(&mut self, saved: u32) {
        while let Some((item, key)) = self.log.pop_front_if(|(item, _)| *item <= saved) {
            if self.pending.get(&key).is_some_and(|(newest, _)| *newest == item) {
                self.pending.remove(&key);
            }
        }
    }
}

/// Hashes are salted with the definition, so that a new definition maps every record anew.
pub(super) fn xor(hash: Hash, salt: Hash) -> Hash {
    std::array::from_fn(|at| hash[at] ^ salt[at])
}

/// What the state file remembers a record without a key by.
pub(super) fn keyless_key(hash: Hash) -> Arc<str> {
    format!("{KEYLESS}{}", muara_schemas::canonical::hex(&hash)).into()
}

/// Whether a row is not what its source says, and stands for a record that is there: one that is known, or one whose
/// cells are known to be wrong, the key's perhaps among them.
fn is_torn(raw: &Raw, is_known: bool) -> bool {
    let is_spoilt = raw.faults().any(|(column, _)| column.is_empty());
    is_spoilt && (is_known || raw.faults().any(|(column, _)| !column.is_empty()))
}
