//! From records to pages: what goes together in one message.

use muara_schemas::StreamName;
use muara_schemas::page::{End, MAX_PAGE_BYTES, MAX_RECORDS, Page, Quarantined, Record, Refusal, RunId, RunKind};

/// What a record costs on the wire beside its texts.
const OVERHEAD: usize = 120;

/// What all pages of a run say of themselves.
#[derive(Debug, Clone)]
pub(super) struct RunHead {
    pub(super) name: StreamName,
    pub(super) record_type: String,
    pub(super) definition: String,
    pub(super) run: RunId,
    pub(super) prev: Option<RunId>,
    pub(super) kind: RunKind,
}

/// The page that is being filled, and how many there were.
#[derive(Debug)]
pub(super) struct Pages {
    head: RunHead,
    page: Page,
    bytes: usize,
    sent: u32,
}

impl RunHead {
    fn page(&self, page: u32) -> Page {
        Page {
            region: self.name.region.clone(),
            system: self.name.system.clone(),
            stream: self.name.stream.clone(),
            record_type: self.record_type.clone(),
            definition: self.definition.clone(),
            run: self.run,
            prev: self.prev,
            kind: self.kind,
            page,
            records: Vec::new(),
            quarantined: Vec::new(),
            gone: Vec::new(),
            held: Vec::new(),
            have: Vec::new(),
            refused: Vec::new(),
            end: None,
        }
    }
}

impl Pages {
    pub(super) fn new(head: RunHead) -> Self {
        Self { page: head.page(1), head, bytes: 0, sent: 0 }
    }

    /// What the run does with its pages.
    pub(super) const fn kind(&self) -> RunKind {
        self.head.kind
    }

    pub(super) fn record(&mut self, record: Record) {
        self.bytes += record.body.get().len() + record.key.len() + record.pointer.len() + OVERHEAD;
        self.page.records.push(record);
    }

    pub(super) fn quarantined(&mut self, quarantined: Quarantined) {
        let texts =
            quarantined.errors.iter().map(|error| error.message.len() + error.target.len() + OVERHEAD).sum::<usize>();
        self.bytes += quarantined.raw.len() + quarantined.pointer.len() + texts + OVERHEAD;
        self.page.quarantined.push(quarantined);
    }

    /// An entry that a replay cannot map.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.page.refused.push(refusal);
    }

    /// Whether a valid record with this key waits in the open page.
    pub(super) fn holds(&self, key: &str) -> bool {
        self.page.records.iter().any(|record| record.key == key)
    }

    /// Whether one more record should go into the next page.
    pub(super) const fn is_full(&self) -> bool {
        self.page.records.len() + self.page.quarantined.len() >= MAX_RECORDS || self.bytes >= MAX_PAGE_BYTES
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.page.records.is_empty() && self.page.quarantined.is_empty()
    }

    /// Takes the open page and opens the next.
    pub(super) fn close(&mut self) -> Page {
        self.sent += 1;
        self.bytes = 0;
        std::mem::replace(&mut self.page, self.head.page(self.sent + 1))
    }

    /// The last pages of the run: lists of keys, 500 a page, and the end on the last one. `end` gets its page count.
    /// What still waits in the open page goes first.
    pub(super) fn end(&mut self, gone: &[Box<str>], held: &[Box<str>], mut end: End) -> Vec<Page> {
        let mut pages = Vec::new();
        let mut room = MAX_RECORDS.saturating_sub(self.page.records.len() + self.page.quarantined.len());
        for (keys, is_gone) in gone.iter().map(|key| (key, true)).chain(held.iter().map(|key| (key, false))) {
            if room == 0 {
                pages.push(self.close());
                room = MAX_RECORDS;
            }
            let list = if is_gone { &mut self.page.gone } else { &mut self.page.held };
            list.push(keys.to_string());
            room -= 1;
        }
        end.pages = self.sent + 1;
        self.page.end = Some(end);
        pages.push(self.close());
        pages
    }
}
