//! What one subscriber was told, as it came, and what must hold of it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// What was told to one subscriber; cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Vec<Value>>>);

impl Heard {
    /// Takes an event.
    pub(super) fn take(&self, event: Value) {
        self.0.lock().unwrap().push(event);
    }

    /// Everything, as it came.
    pub(super) fn all(&self) -> Vec<Value> {
        self.0.lock().unwrap().clone()
    }

    /// How many came, repeats too.
    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// The ids that came.
    pub(super) fn ids(&self) -> BTreeSet<String> {
        self.0.lock().unwrap().iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Whether every change of these places came, in the order of its record, and nothing else; the error says what.
    pub(super) fn check(&self, epoch: &str, places: &[i64]) -> Result<(), String> {
        let expected: BTreeSet<String> = places.iter().map(|seq| format!("{epoch}-{seq}")).collect();
        let ids = self.ids();
        let (lost, strange) = (expected.difference(&ids).count(), ids.difference(&expected).count());
        if lost > 0 || strange > 0 {
            return Err(format!("{lost} of {} are missing, {strange} are strange", expected.len()));
        }
        let mut seen = HashSet::new();
        let mut last: HashMap<String, String> = HashMap::new();
        for event in self.all() {
            if !seen.insert(event["id"].as_str().unwrap().to_owned()) {
                continue;
            }
            let sequence = event["sequence"].as_str().unwrap().to_owned();
            let before = last.insert(event["subject"].as_str().unwrap().to_owned(), sequence.clone());
            if before.is_some_and(|before| before >= sequence) {
                return Err(format!("{} came after a later one about the same record", event["id"]));
            }
        }
        Ok(())
    }

    /// Whether it was told to start anew.
    pub(super) fn was_told_to_start_anew(&self) -> bool {
        self.all().iter().any(|event| event["data"]["op"] == "resync")
    }

    /// What somebody holds who did as he was told: each record's amount.
    pub(super) fn state(&self) -> BTreeMap<String, String> {
        let mut held: HashMap<String, (i64, String)> = HashMap::new();
        for event in self.all() {
            let data = &event["data"];
            let (op, version) = (data["op"].as_str().unwrap_or_default(), data["version"].as_i64().unwrap_or(0));
            let Some(subject) = event["subject"].as_str() else {
                held.clear();
                continue;
            };
            let is_old = held.get(subject).is_some_and(|(known, _)| *known > version);
            match op {
                "resync" => held.clear(),
                _ if is_old => {}
                "deleted" | "erased" => drop(held.remove(subject)),
                "read" | "created" | "updated" => {
                    let amount = data["after"]["amount"].as_str().expect("a budget line has an amount").to_owned();
                    held.insert(subject.to_owned(), (version, amount));
                }
                _ => {}
            }
        }
        held.into_iter().map(|(subject, (_, amount))| (subject, amount)).collect()
    }
}
