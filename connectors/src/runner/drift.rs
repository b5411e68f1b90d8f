//! Drift: a source that gains, loses or changes a field.
//!
//! The first complete full read with a definition says what its records look like; what is read later is held against
//! it. Only records that are mapped anew are looked at: one that stands as it was has not changed its fields either.

use std::borrow::Cow;
use std::sync::Arc;

use muara_schemas::page::{Reason, RunKind};

use super::context::Context;
use super::report::Failure;
use crate::definition::Stream;
use crate::definition::model::{Drift as Rules, Policy};
use crate::profile::{Change, Drift, Measure, Profile, compare};
use crate::raw::Fields;
use crate::state::Learned;

mod line;
mod telling;

pub(super) use telling::notes;

/// Watches the records of one run.
pub(super) struct Watch {
    stream: Arc<Stream>,
    baseline: Option<Profile>,
    /// What was seen since the baseline and before this run; while there is none, what it is made of.
    before: Profile,
    /// What this run has seen.
    run: Profile,
    /// Whether what this run sees is of use: changed records alone do not say what all of them look like.
    is_of_use: bool,
    /// Whether something is to be kept.
    is_new: bool,
}

/// What is done with a record for the sake of drift.
pub(super) enum Treatment {
    /// It goes on, to quarantine where there are reasons.
    Taken(Vec<Reason>),
    /// The run ends before anything of it is published.
    Ends(Failure),
}

impl Watch {
    /// Goes on from what was learned with the same definition.
    pub(super) fn new(context: &Context, learned: Option<Learned>, kind: RunKind) -> Self {
        let learned = learned.filter(|learned| learned.definition == context.stream.digest);
        let read = |text: &str| Profile::from_text(text);
        let baseline = learned.as_ref().and_then(|learned| read(learned.baseline.as_deref()?));
        let before = learned.and_then(|learned| read(&learned.seen)).unwrap_or_default();
        let is_of_use = baseline.is_some() || kind == RunKind::Full;
        let stream = context.stream.clone();
        Self { stream, baseline, before, run: Profile::default(), is_of_use, is_new: false }
    }

    /// Looks at a record before it is mapped.
    pub(super) fn see(&mut self, record: &Fields<'_>) -> Treatment {
        if !self.is_of_use {
            return Treatment::Taken(Vec::new());
        }
        self.is_new = true;
        self.run.see(record, &self.stream.zero);
        let rules = &self.stream.drift;
        let is_strict = [rules.added, rules.removed, rules.retyped].iter().any(|policy| policy.is_strict());
        let Some(baseline) = self.baseline.as_ref().filter(|_| is_strict) else {
            return Treatment::Taken(Vec::new());
        };
        let mut reasons = Vec::new();
        for (change, path) in Measure::new(baseline, &self.stream.zero).look(record) {
            if change == Change::Added && self.is_known(&path) {
                continue;
            }
            match policy(rules, change) {
                Policy::Ignore | Policy::Warn => {}
                Policy::Quarantine => reasons.push(telling::reason(change, path)),
                Policy::Stop => {
                    let message =
                        format!("record {} of those that changed {}", self.run.records(), telling::what(change, &path));
                    return Treatment::Ends(Failure::new("E0280", message));
                }
            }
        }
        Treatment::Taken(reasons)
    }

    /// The source was read whole, and had so many records.
    pub(super) fn read_whole(&mut self, read: u64) {
        // A record that stood as it was when the program was another one has never been looked at.
        let is_all = |profile: &Profile| profile.records() >= read && read > 0;
        if self.baseline.is_some() {
            if is_all(&self.run) {
                self.before = std::mem::take(&mut self.run).is_whole();
                self.is_new = true;
            }
            return;
        }
        let seen = self.seen().into_owned();
        self.baseline = is_all(&seen).then_some(seen);
        (self.before, self.run) = (Profile::default(), Profile::default());
        self.is_new = true;
    }

    /// What has changed since the baseline and is to be told.
    pub(super) fn drifts(&self) -> Vec<Drift> {
        let Some(baseline) = &self.baseline else { return Vec::new() };
        let rules = &self.stream.drift;
        let mut drifts = compare(baseline, &self.seen());
        drifts.retain(|drift| {
            let is_known = drift.change == Change::Added && self.is_known(&drift.path);
            policy(rules, drift.change) != Policy::Ignore && !is_known
        });
        drifts
    }

    /// What is to be kept, when that has changed.
    pub(super) fn learned(&mut self) -> Option<Learned> {
        if !std::mem::take(&mut self.is_new) {
            return None;
        }
        Some(Learned {
            definition: self.stream.digest.clone(),
            baseline: self.baseline.as_ref().map(Profile::to_text),
            seen: self.seen().to_text(),
        })
    }

    /// Whether nobody needs to hear of a new field: it is named, or the field table waited for it.
    fn is_known(&self, path: &str) -> bool {
        self.stream.drift.is_known(path) || !telling::targets(&self.stream.map, path).is_empty()
    }

    fn seen(&self) -> Cow<'_, Profile> {
        if self.run.records() == 0 {
            return Cow::Borrowed(&self.before);
        }
        let mut seen = self.before.clone();
        seen.merge(&self.run);
        Cow::Owned(seen)
    }
}

const fn policy(rules: &Rules, change: Change) -> Policy {
    match change {
        Change::Added => rules.added,
        Change::Removed => rules.removed,
        Change::Retyped => rules.retyped,
    }
}
