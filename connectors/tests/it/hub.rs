//! A small hub: reads every page, keeps the newest body of each key, and acknowledges as it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use muara_schemas::bus::Bus;
use muara_schemas::control::{Announcement, Answer, Heartbeat};
use muara_schemas::message::Message;
use muara_schemas::page::{Page, Quarantined, RunId, RunKind};
use muara_schemas::stream::PARTITIONS;
use muara_schemas::{ContentHash, Proof};
use tokio::sync::watch;

/// What the hub has, one for all streams of a test.
#[derive(Clone)]
pub(crate) struct Hub {
    kept: Arc<Mutex<Kept>>,
    /// How many more pages may be acknowledged.
    allowed: watch::Sender<usize>,
}

#[derive(Default)]
pub(crate) struct Kept {
    /// Every page, in the order of arrival.
    pub(crate) pages: Vec<Page>,
    /// By stream and key: hash and body.
    pub(crate) records: BTreeMap<String, BTreeMap<String, (ContentHash, String)>>,
    /// Keys that stand in quarantine, by stream.
    pub(crate) quarantine: BTreeMap<String, BTreeMap<String, Quarantined>>,
    /// Keys held for approval, as the last full read told.
    pub(crate) held: BTreeMap<String, BTreeSet<String>>,
    pub(crate) announcements: Vec<Announcement>,
    pub(crate) heartbeats: Vec<Heartbeat>,
    pub(crate) answers: Vec<Answer>,
}

impl Hub {
    /// A hub that acknowledges everything.
    pub(crate) fn start(bus: &Bus) -> Self {
        let hub = Self { kept: Arc::default(), allowed: watch::Sender::new(usize::MAX) };
        for partition in 0..PARTITIONS {
            let (hub, mut pages) = (hub.clone(), bus.pages(partition));
            tokio::spawn(async move {
                while let Some(delivery) = pages.next().await {
                    let message = Message::decode(&delivery.body).expect("every message is one");
                    if matches!(message, Message::Page(_)) {
                        let mut allowed = hub.allowed.subscribe();
                        if allowed.wait_for(|left| *left > 0).await.is_err() {
                            return;
                        }
                        hub.allowed.send_modify(|left| *left = left.saturating_sub(1));
                    }
                    hub.keep().take(message);
                    delivery.ack().await;
                }
            });
        }
        hub
    }

    /// Lets so many more pages through.
    pub(crate) fn allow(&self, pages: usize) {
        self.allowed.send_replace(pages);
    }

    pub(crate) fn keep(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }
}

impl Kept {
    fn take(&mut self, message: Message) {
        match message {
            Message::Announcement(announcement) => self.announcements.push(announcement),
            Message::Heartbeat(heartbeat) => self.heartbeats.push(heartbeat),
            Message::Answer(answer) => self.answers.push(answer),
            Message::Page(page) => self.page(*page),
        }
    }

    fn page(&mut self, page: Page) {
        let records = self.records.entry(page.stream.clone()).or_default();
        let quarantine = self.quarantine.entry(page.stream.clone()).or_default();
        for record in &page.records {
            assert_eq!(ContentHash::of(record.body.get().as_bytes()), record.hash);
            quarantine.remove(&record.key);
            records.insert(record.key.clone(), (record.hash, record.body.get().to_owned()));
        }
        for broken in &page.quarantined {
            let key = broken.key.clone().unwrap_or_else(|| broken.raw_hash.to_string());
            assert!(!broken.errors.is_empty() && !broken.pointer.is_empty());
            quarantine.insert(key, broken.clone());
        }
        for key in &page.gone {
            records.remove(key);
            quarantine.remove(key);
        }
        if page.kind == RunKind::Full && page.end.is_some() {
            self.held.insert(page.stream.clone(), BTreeSet::new());
        }
        self.held.entry(page.stream.clone()).or_default().extend(page.held.iter().cloned());
        self.pages.push(page);
    }

    /// The proof over what the hub has; what is in quarantine or held stands aside.
    pub(crate) fn proof(&self, stream: &str) -> Proof {
        let mut proof = Proof::default();
        let aside = |key: &String| {
            self.quarantine.get(stream).is_some_and(|keys| keys.contains_key(key))
                || self.held.get(stream).is_some_and(|keys| keys.contains(key))
        };
        for (key, (hash, _)) in self.records.get(stream).into_iter().flatten().filter(|(key, _)| !aside(key)) {
            proof.add(key, *hash);
        }
        proof
    }

    /// The body of a key.
    pub(crate) fn body(&self, stream: &str, key: &str) -> Option<serde_json::Value> {
        self.records.get(stream)?.get(key).map(|(_, body)| serde_json::from_str(body).unwrap())
    }

    /// Every reason of what is in quarantine.
    pub(crate) fn reasons(&self, stream: &str) -> Vec<muara_schemas::page::Reason> {
        self.quarantine.get(stream).into_iter().flatten().flat_map(|(_, broken)| broken.errors.clone()).collect()
    }

    /// The keys that there are.
    pub(crate) fn keys(&self, stream: &str) -> Vec<String> {
        self.records.get(stream).into_iter().flatten().map(|(key, _)| key.clone()).collect()
    }

    /// The runs of a stream, each with the one before it, in the order of their first pages.
    pub(crate) fn runs(&self, stream: &str) -> Vec<(RunId, Option<RunId>)> {
        let mut runs: Vec<(RunId, Option<RunId>)> = Vec::new();
        for page in self.pages.iter().filter(|page| page.stream == stream) {
            if runs.last().is_none_or(|(run, _)| *run != page.run) {
                runs.push((page.run, page.prev));
            }
        }
        runs
    }

    /// Pages of a run come in order and without gaps, the end comes last and tells how many there are.
    pub(crate) fn check_runs(&self) {
        let mut runs: BTreeMap<RunId, Vec<&Page>> = BTreeMap::new();
        self.pages.iter().for_each(|page| runs.entry(page.run).or_default().push(page));
        for pages in runs.values() {
            for (number, page) in pages.iter().enumerate() {
                assert_eq!(page.page as usize, number + 1, "pages are numbered from 1");
                assert_eq!(page.end.is_some(), number + 1 == pages.len(), "only the last page ends the run");
            }
            if let Some(end) = pages.last().and_then(|page| page.end.as_ref()) {
                assert_eq!(end.pages as usize, pages.len());
                let counts = end.counts;
                assert_eq!(
                    counts.read,
                    counts.published + counts.unchanged + counts.quarantined + counts.quarantined_again
                );
                assert_eq!(counts.published as usize, pages.iter().map(|page| page.records.len()).sum::<usize>());
                assert_eq!(counts.quarantined as usize, pages.iter().map(|page| page.quarantined.len()).sum::<usize>());
                assert_eq!(counts.gone as usize, pages.iter().map(|page| page.gone.len()).sum::<usize>());
            }
        }
    }
}
