//! Pushes of a stream: one after the other, and filled up from what is kept of them when the hub wants them again.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::super::key::key;
use super::super::push::{Act, Fate, Push, Sifted, Taken, Untaken};
use super::super::report::{Failure, StreamReport};
use super::super::run::{Handed, Reading};
use super::Worker;
use crate::definition::SourceSpec;
use crate::definition::model::of_parent;
use crate::json::Path;
use crate::raw::{Pluck, Raw};
use crate::state::Pushed;

impl Worker {
    /// Whether the system calls us, so that there is nothing to pull.
    pub(super) fn is_pushed(&self) -> bool {
        matches!(*self.context.access.source, SourceSpec::Push(_))
    }

    /// Takes a push. One that nobody waits for any more comes again: its sender was told so.
    pub(super) async fn push(&mut self, push: Push, done: oneshot::Sender<Result<Taken, Untaken>>) {
        if done.is_closed() {
            return;
        }
        self.heard = Some(self.context.post.clock.now());
        let taken = match self.is_paused().await {
            true => Err(Untaken::Paused),
            false if push.act == Act::Gone => self.take_back(push).await,
            false => self.take(push).await,
        };
        // Whoever asked may have gone.
        drop(done.send(taken));
    }

    async fn take(&mut self, push: Push) -> Result<Taken, Untaken> {
        let Push { records, list, act, place: _place } = push;
        let kept = kept(&records, &self.fields());
        let whole = act == Act::Whole;
        let (report, sifted) = self.run(Reading::Push(Handed { records, list, whole, gone: Vec::new() })).await;
        let taken = taken(report, sifted)?;
        // Before the answer: what was called taken is there to be sent again.
        let (state, now) = (&self.context.state, self.context.post.clock.now());
        state.keep_pushed(self.context.id, &kept, whole, now).await.map_err(of_state)?;
        Ok(taken)
    }

    /// Deletes what the system takes back. More than the guards let through is for a person to look at.
    async fn take_back(&mut self, push: Push) -> Result<Taken, Untaken> {
        let (fields, mut pluck) = (self.context.stream.key.clone(), Pluck::new(self.context.stream.key.clone()));
        let (mut gone, mut sifted) = (Vec::new(), Vec::new());
        let mut met = HashSet::new();
        for (index, raw) in (0..).zip(&push.records) {
            sifted.push(match key(raw, &mut pluck, &fields, |_| ()) {
                Ok(key) => {
                    let result = if met.insert(key.clone()) { Fate::Gone } else { Fate::Unchanged };
                    if result == Fate::Gone {
                        gone.push(key.clone().into_boxed_str());
                    }
                    Sifted { index, item: None, key: Some(key.into()), result, errors: Vec::new() }
                }
                Err(reason) => Sifted { index, item: None, key: None, result: Fate::LeftOut, errors: vec![reason] },
            });
        }
        let known = self.context.state.count(self.context.id).await.map_err(of_state)?;
        let count = gone.len() as u64;
        if self.context.stream.full_read.limits.hold(count, known) {
            return Err(Untaken::TooManyGone(count));
        }
        let reading = Reading::Push(Handed { records: Vec::new(), list: push.list, whole: false, gone });
        let (report, _) = self.run(reading).await;
        let taken = taken(report, sifted)?;
        let keys: Vec<String> =
            push.records.iter().filter_map(|raw| key(raw, &mut pluck, &fields, |_| ()).ok()).collect();
        self.context.state.drop_pushed(self.context.id, &keys).await.map_err(of_state)?;
        Ok(taken)
    }

    /// Sends what was handed over lately once more, as far as the state file does not know it to be there.
    pub(super) async fn fill_up(&mut self) -> StreamReport {
        let kept = match self.context.state.pushed(self.context.id).await {
            Ok(kept) => kept,
            Err(error) => return StreamReport::failed(&self.context.name, Failure::from(error).to_string()),
        };
        let records = kept.into_iter().map(|pushed| Raw::Json(pushed.raw)).collect();
        self.run(Reading::Push(Handed { records, list: String::new(), whole: false, gone: Vec::new() })).await.0
    }

    /// Fills the stream up when its chain of runs begins anew or its definition is another one.
    pub(super) async fn fill_up_when_due(&mut self) {
        self.due = None;
        let Ok(state) = self.context.state.stream(&self.context.name).await else { return };
        let is_due = state.run.is_none() || state.definition != self.context.stream.digest;
        let is_any = is_due && self.context.state.pushed(self.context.id).await.is_ok_and(|kept| !kept.is_empty());
        if is_any {
            self.fill_up().await;
        }
    }

    /// Notices that nothing came for longer than the definition expects, and looks again when that may be so.
    pub(super) async fn notice_silence(&mut self) {
        self.due = None;
        let (stream, clock) = (&self.context.stream, &self.context.post.clock);
        if !stream.says_when {
            return;
        }
        let last = match self.heard {
            Some(heard) => heard,
            // What came before this process began is known as long as it is kept.
            None => self.context.state.pushed_at(self.context.id).await.ok().flatten().unwrap_or(self.begun),
        };
        let patience = stream.schedule.longest_gap(last, &self.context.access.system.timezone);
        let until = last.micros().saturating_add(i64::try_from(patience.as_micros()).unwrap_or(i64::MAX));
        let left = u64::try_from(until.saturating_sub(clock.now().micros())).ok().filter(|left| *left > 0);
        let silence = if let Some(left) = left {
            self.due = Some(tokio::time::Instant::now() + Duration::from_micros(left));
            None
        } else {
            let secs = patience.as_secs();
            let what = format!("nothing was pushed since {last}, but `schedule` expects something within {secs} s");
            Some(Failure::new("E0236", what).to_string())
        };
        self.ends.status.send_modify(|status| status.silence = silence);
    }

    /// The fields that tell what was handed over apart: the key, or what identifies a parent.
    fn fields(&self) -> Vec<Path> {
        let stream = &self.context.stream;
        if stream.each.is_some() { stream.key.iter().filter_map(of_parent).collect() } else { stream.key.clone() }
    }
}

/// What is kept of a push; of two records with one key the first, which is the one that was taken.
fn kept(records: &[Raw], fields: &[Path]) -> Vec<Pushed> {
    let (mut pluck, mut met) = (Pluck::new(fields.to_vec()), HashSet::new());
    let mut kept = Vec::with_capacity(records.len());
    for raw in records {
        let Ok(key) = key(raw, &mut pluck, fields, |_| ()) else { continue };
        let key: Arc<str> = key.into();
        if met.insert(key.clone()) {
            kept.push(Pushed { key: key.to_string(), raw: raw.to_text().into() });
        }
    }
    kept
}

fn taken(report: StreamReport, sifted: Vec<Sifted>) -> Result<Taken, Untaken> {
    match report.failure {
        None => Ok(Taken { report, sifted }),
        Some(failure) => Err(Untaken::Failed(failure)),
    }
}

fn of_state(error: crate::state::Error) -> Untaken {
    Untaken::Failed(Failure::from(error).to_string())
}
