//! What one subscriber was told, as it came, and what must hold of it.

use std::collections::{BTreeSet, HashMap, HashSet};
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
}
