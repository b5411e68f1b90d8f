//! A trial of a script that speaks `muara-jsonl`: what it must do, tried out one thing after another.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use muara_schemas::ContentHash;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::json::{Json, Path};
use crate::kinds::exec::jsonl::{self, Request};
use crate::kinds::exec::process::{Process, Silence, Start};
use crate::kinds::exec::said::Said;
use crate::mapping::lookup::find;

/// A stream that no script has.
const NO_STREAM: &str = "muara-conform-no-such-stream";

/// What is tried.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The stream that it is asked for.
    pub stream: String,
    /// What it is told beside that.
    pub config: serde_json::Value,
    /// Fields that identify a record; none leaves that out.
    pub key: Vec<Path>,
    /// The program that bounds itself before it becomes the script: this very one.
    pub guard: PathBuf,
    /// How long the script may say nothing.
    pub idle: Duration,
    /// How long one run of it may take.
    pub longest: Duration,
    /// How much memory it may fill, in bytes.
    pub memory: u64,
}

/// What one thing came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// What was tried.
    pub check: &'static str,
    /// Whether it is as it should be.
    pub passed: bool,
    /// What was seen.
    pub detail: String,
}

/// One run of the script, as far as it came.
#[derive(Debug, Default)]
struct Heard {
    records: BTreeSet<[u8; 16]>,
    keys: BTreeSet<String>,
    count: u64,
    gone: u64,
    complete: bool,
    /// The last state; broken off at the first, that one.
    state: Option<Box<str>>,
}

/// Where a run is broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    End,
    FirstState,
}

/// Tries everything; ends after the first run when that one already fails.
pub async fn conform(trial: &Trial) -> Vec<Checked> {
    let mut checked = Vec::new();
    let mut note = |check, outcome: Result<String, String>| {
        let passed = outcome.is_ok();
        checked.push(Checked { check, passed, detail: outcome.unwrap_or_else(|why| why) });
        passed
    };
    let first = trial.hear(&trial.stream, None, Until::End).await;
    let told = first.as_ref().map(|heard| format!("{} records", heard.count)).map_err(Clone::clone);
    note("it gives a whole stream: BEGIN, records, a true END, exit code 0", told);
    let Ok(first) = first else { return checked };
    if !trial.key.is_empty() {
        let (keys, count) = (first.keys.len() as u64, first.count);
        let outcome =
            if keys == count { Ok(format!("{keys} keys")) } else { Err(format!("{count} records have {keys} keys")) };
        note("every record has a key of its own", outcome);
    }
    note("it gives the same records again", trial.same(&first).await);
    if let Some(state) = &first.state {
        note("it goes on from its last state", trial.goes_on(&first, state).await);
        note("killed after a state, nothing is missing", trial.resumes(&first).await);
    }
    note("it ends when it is told to", trial.obeys().await);
    note("of a stream that it does not have it says so", trial.refuses().await);
    checked
}

impl Trial {
    async fn start(&self, stream: &str, state: Option<&str>) -> Result<Process, String> {
        let state = state.map(|state| RawValue::from_string(state.to_owned())).transpose();
        let request = Request {
            protocol: "muara-jsonl/1",
            stream,
            state: state.map_err(|error| error.to_string())?,
            config: &self.config,
        };
        let mut line = serde_json::to_string(&request).map_err(|error| error.to_string())?;
        line.push('\n');
        let start = Start {
            guard: &self.guard,
            command: &self.command,
            memory: self.memory,
            env: &[],
            input: Some(line),
            idle: self.idle,
            until: Instant::now() + self.longest,
        };
        Process::start(start).await.map_err(|error| format!("it could not be started: {error}"))
    }

    /// One run.
    async fn hear(&self, stream: &str, state: Option<&str>, until: Until) -> Result<Heard, String> {
        let mut process = self.start(stream, state).await?;
        let (mut heard, mut begun, mut ended) = (Heard::default(), false, false);
        loop {
            let line = match process.line().await {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(silence) => {
                    process.stop().await;
                    return Err(told(&silence));
                }
            };
            match jsonl::said(&line, stream) {
                Said::Begin { .. } if begun => return Err("it says BEGIN twice".to_owned()),
                Said::Begin { complete } => (begun, heard.complete) = (true, complete),
                Said::Trouble { why, .. } => return Err(format!("it says ERROR: {why}")),
                Said::Noise(why) => return Err(format!("it writes a line that is no message: {why}")),
                _ if !begun => return Err("it does not say BEGIN first".to_owned()),
                _ if ended => return Err("it says something after END".to_owned()),
                Said::Record(record) => self.take(&record, &mut heard)?,
                Said::Gone(_) => heard.gone += 1,
                Said::State(state) => {
                    heard.state = Some(state);
                    if until == Until::FirstState {
                        // Dropped, it is killed.
                        return Ok(heard);
                    }
                }
                Said::End { count } if count == heard.count => ended = true,
                Said::End { count } => return Err(format!("END tells of {count} records, and {} came", heard.count)),
                Said::Files(_) | Said::Aside => {}
            }
        }
        let status = process.end().await.map_err(|silence| told(&silence))?;
        match (status.success(), ended) {
            (true, true) => Ok(heard),
            (true, false) => Err("it ends well without END".to_owned()),
            (false, _) => Err(format!("it ends with {status}: {}", process.tail(&[]))),
        }
    }

    fn take(&self, record: &str, heard: &mut Heard) -> Result<(), String> {
        heard.count += 1;
        heard.records.insert(*ContentHash::of(record.as_bytes()).as_bytes());
        let json = Json::parse(record.as_bytes()).map_err(|error| format!("record {}: {error}", heard.count))?;
        let mut key = String::new();
        for path in &self.key {
            let value = find(&json, path).filter(|value| !matches!(value, Json::Null));
            let value = value.ok_or_else(|| format!("record {} has no `{path}`", heard.count))?;
            key.push_str(&value.to_text());
            key.push('|');
        }
        heard.keys.insert(key);
        Ok(())
    }

    async fn same(&self, first: &Heard) -> Result<String, String> {
        let again = self.hear(&self.stream, None, Until::End).await?;
        if again.records == first.records {
            return Ok(format!("{} records", again.count));
        }
        let (lost, new) =
            (first.records.difference(&again.records).count(), again.records.difference(&first.records).count());
        Err(format!("a second whole read lacks {lost} of the records and has {new} others; has the source changed?"))
    }

    async fn goes_on(&self, first: &Heard, state: &str) -> Result<String, String> {
        let next = self.hear(&self.stream, Some(state), Until::End).await?;
        if next.complete {
            return Err(
                "it says `complete` although it was given a state: what it leaves out would be deleted".to_owned()
            );
        }
        if first.count > 1 && next.count >= first.count {
            return Err("it gives everything again: the state has no effect".to_owned());
        }
        Ok(format!("{} records and {} deletes", next.count, next.gone))
    }

    async fn resumes(&self, first: &Heard) -> Result<String, String> {
        let before = self.hear(&self.stream, None, Until::FirstState).await?;
        let Some(state) = before.state else { return Err("a second read gives no state".to_owned()) };
        let mut records = before.records;
        let known = records.len();
        records.extend(self.hear(&self.stream, Some(&state), Until::End).await?.records);
        let missing = first.records.difference(&records).count();
        if missing > 0 {
            return Err(format!("{missing} records came neither before its first state nor after it"));
        }
        Ok(format!("{known} records before, the rest after"))
    }

    async fn obeys(&self) -> Result<String, String> {
        let mut process = self.start(&self.stream, None).await?;
        // It may be over already.
        drop(process.line().await);
        let begun = Instant::now();
        if process.stop().await {
            Ok(format!("after {} ms", begun.elapsed().as_millis()))
        } else {
            Err("it takes no notice of SIGTERM and had to be killed".to_owned())
        }
    }

    async fn refuses(&self) -> Result<String, String> {
        match self.hear(NO_STREAM, None, Until::End).await {
            Ok(heard) => Err(format!("it gives {} records of a stream that does not exist", heard.count)),
            Err(why) => Ok(why),
        }
    }
}

fn told(silence: &Silence) -> String {
    match silence {
        Silence::Idle(idle) => format!("it says nothing for {} s", idle.as_secs()),
        Silence::Late => "it takes too long".to_owned(),
        Silence::Flood => "it writes a line that is too long".to_owned(),
        Silence::Pipe(error) => format!("what it says cannot be read: {error}"),
    }
}
