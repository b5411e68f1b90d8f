//! `kind: exec` – a program that reads the source: a Singer tap as it is, or a script that speaks `muara-jsonl/1`.
//!
//! One process for each run of each stream, so that trouble with one stream costs no other its state. The process gets
//! its bounds from itself ([`guard`]), stands in a group of its own and never outlives its run.

use std::ffi::OsString;
use std::process::ExitCode;

use async_trait::async_trait;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::definition::model::{Exec as Spec, ExecRead, Protocol, Read};
use crate::definition::{SourceSpec, Stream};
use crate::kind::{Access, Cursor, Kind, MAX_PAGE_BYTES, OpenError, Page, PullError, Source};
use crate::raw::{Part, Place, Raw, Standing};

mod batch;
mod catalog;
mod folder;
pub(crate) mod guard;
pub(crate) mod jsonl;
pub(crate) mod process;
pub(crate) mod said;
mod settings;
mod singer;

use batch::Batch;
use folder::Folder;
use process::{MAX_LINE_BYTES, Process, Silence, Start};
use said::{Class, Said};
use settings::{resolved, value};

/// Most records of a page.
const MAX_RECORDS: usize = 2_000;
/// Most lines that are no message before a tap is not believed any more; a script has none.
const MAX_NOISE: u32 = 100;
/// The longest catalog that a tap may discover.
const MAX_CATALOG_BYTES: usize = 64 * 1024 * 1024;

/// The kind `exec`.
pub(super) struct Exec;

/// Bounds itself and becomes the program that is named.
pub(super) fn guard(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    guard::main(arguments)
}

/// A program, open for one run of one stream.
struct Program {
    spec: Spec,
    read: ExecRead,
    guard: std::path::PathBuf,
    config: serde_json::Value,
    env: Vec<(String, String)>,
    secrets: Vec<String>,
    /// What pointers begin with.
    base: String,
    under_way: Option<UnderWay>,
}

/// What has come so far.
struct UnderWay {
    process: Process,
    /// Its files go when it is over.
    _folder: Option<Folder>,
    /// What the stream is called.
    names: Vec<String>,
    batch: Batch,
    /// A record that has to wait for the next page, because of what goes before it.
    held_over: Option<Box<str>>,
    state: Option<Box<str>>,
    noise: u32,
    count: u64,
    pages: u64,
    begun: bool,
    complete: bool,
    ended: bool,
}

impl Kind for Exec {
    fn name(&self) -> &'static str {
        "exec"
    }

    fn open(&self, stream: &Stream, access: &Access) -> Result<Box<dyn Source>, OpenError> {
        let (SourceSpec::Exec(spec), Read::Exec(read)) = (&*access.source, &stream.read) else {
            return Err(OpenError("the stream is not one of kind exec".to_owned()));
        };
        let mut secrets = Vec::new();
        let config = resolved(access, &spec.config, &mut secrets)?;
        let mut env = Vec::new();
        for (name, setting) in &spec.env {
            env.push((name.clone(), value(access, name, setting, &mut secrets)?));
        }
        let program = spec.command.first().map_or("", |program| program.rsplit('/').next().unwrap_or_default());
        Ok(Box::new(Program {
            base: format!("{program}:{}", read.stream),
            spec: spec.clone(),
            read: read.clone(),
            guard: access.reader.program.clone(),
            config,
            env,
            secrets,
            under_way: None,
        }))
    }
}

#[async_trait]
impl Source for Program {
    async fn pull(&mut self, cursor: &Cursor) -> Result<Page, PullError> {
        if let Cursor::Start { from, .. } = cursor {
            self.under_way = None;
            let until = Instant::now() + self.spec.longest;
            self.under_way = Some(match self.spec.protocol {
                Protocol::Singer => self.tap(from.as_deref(), until).await?,
                Protocol::Jsonl => self.script(from.as_deref(), until).await?,
            });
        }
        let Some(mut under_way) = self.under_way.take() else {
            return Err(PullError::Failed { code: "E0261", why: "the program is not running any more".to_owned() });
        };
        match self.page(&mut under_way).await {
            Ok(page) => {
                if page.more {
                    self.under_way = Some(under_way);
                }
                Ok(page)
            }
            Err(error) => {
                under_way.process.stop().await;
                Err(error)
            }
        }
    }

    fn plan(&mut self, from: Option<&str>) -> Vec<String> {
        let told = match self.spec.protocol {
            Protocol::Singer if self.spec.legacy => " --config … --properties …",
            Protocol::Singer => " --config … --catalog …",
            Protocol::Jsonl => "",
        };
        let state = if from.is_some() { " from its state" } else { "" };
        vec![format!("{}{told} # stream {}{state}", self.spec.command.join(" "), self.read.stream)]
    }
}

impl Program {
    /// Starts a tap: its catalog is discovered, the stream selected in it.
    async fn tap(&self, from: Option<&str>, until: Instant) -> Result<UnderWay, PullError> {
        let unable =
            |error: std::io::Error| PullError::Config(format!("could not write what the tap is told: {error}"));
        let folder = Folder::new().map_err(unable)?;
        let config = folder.write("config.json", &self.config.to_string()).map_err(unable)?.display().to_string();
        let mut arguments = vec!["--config".to_owned(), config];
        let discovered = self.discover(&arguments, until).await?;
        let selected = catalog::select(&discovered, &self.read.stream, &self.read.select, from.is_some());
        let selected = selected.map_err(PullError::Config)?;
        let catalog = folder.write("catalog.json", &selected.catalog.to_string()).map_err(unable)?;
        arguments.push(if self.spec.legacy { "--properties" } else { "--catalog" }.to_owned());
        arguments.push(catalog.display().to_string());
        if let Some(state) = from {
            let state = folder.write("state.json", state).map_err(unable)?;
            arguments.extend(["--state".to_owned(), state.display().to_string()]);
        }
        let process = self.start(&arguments, None, until).await?;
        Ok(UnderWay::new(process, Some(folder), selected.names))
    }

    /// What a tap says it can read.
    async fn discover(&self, arguments: &[String], until: Instant) -> Result<String, PullError> {
        let mut arguments = arguments.to_vec();
        arguments.push("--discover".to_owned());
        let mut process = self.start(&arguments, None, until).await?;
        let mut catalog = String::new();
        loop {
            match process.line().await {
                Ok(Some(line)) if catalog.len() + line.len() <= MAX_CATALOG_BYTES => {
                    catalog.push_str(&line);
                    catalog.push('\n');
                }
                Ok(Some(_)) => return Err(self.silent(&mut process, Silence::Flood).await),
                Ok(None) => break,
                Err(silence) => return Err(self.silent(&mut process, silence).await),
            }
        }
        self.over(&mut process, true).await?;
        // Some taps talk before they answer.
        let begin = catalog.find("\n{").map_or(0, |at| at + 1);
        Ok(if catalog.trim_start().starts_with('{') { catalog } else { catalog.split_off(begin) })
    }

    /// Starts a script and tells it what is wanted.
    async fn script(&self, from: Option<&str>, until: Instant) -> Result<UnderWay, PullError> {
        let state = from.and_then(|state| RawValue::from_string(state.to_owned()).ok());
        let request =
            jsonl::Request { protocol: "muara-jsonl/1", stream: &self.read.stream, state, config: &self.config };
        let mut line = serde_json::to_string(&request).map_err(|error| PullError::Config(error.to_string()))?;
        line.push('\n');
        let process = self.start(&[], Some(line), until).await?;
        Ok(UnderWay::new(process, None, vec![self.read.stream.clone()]))
    }

    async fn start(&self, arguments: &[String], input: Option<String>, until: Instant) -> Result<Process, PullError> {
        let command: Vec<String> = self.spec.command.iter().chain(arguments).cloned().collect();
        let start = Start {
            guard: &self.guard,
            command: &command,
            memory: self.spec.memory,
            env: &self.env,
            input,
            idle: self.spec.idle,
            until,
        };
        let failed = |error| PullError::Config(format!("could not start `{}`: {error}", self.program()));
        Process::start(start).await.map_err(failed)
    }

    fn program(&self) -> &str {
        self.spec.command.first().map_or("", String::as_str)
    }

    /// The next page of what the program gives.
    async fn page(&self, at: &mut UnderWay) -> Result<Page, PullError> {
        let (mut records, mut bytes, mut gone, mut state) = (Vec::new(), 0, Vec::new(), None);
        let first = at.count;
        let more = loop {
            if records.len() >= MAX_RECORDS || bytes >= MAX_PAGE_BYTES || gone.len() >= MAX_RECORDS {
                break true;
            }
            let Some(said) = self.next(at).await? else { break false };
            if self.spec.protocol == Protocol::Jsonl
                && (!at.begun || at.ended)
                && !matches!(said, Said::Begin { .. } | Said::Trouble { .. } | Said::Noise(_))
            {
                return Err(wrong("a script says BEGIN first and nothing after END"));
            }
            match said {
                Said::Record(record) if !gone.is_empty() => {
                    at.held_over = Some(record);
                    break true;
                }
                Said::Record(record) => {
                    at.count += 1;
                    bytes += record.len();
                    records.push(Raw::Json(record));
                }
                Said::Gone(key) => gone.push(Raw::Json(key)),
                Said::State(value) => state = Some(value),
                Said::Begin { .. } if at.begun => return Err(wrong("a script says BEGIN once")),
                Said::Begin { complete } => (at.begun, at.complete) = (true, complete),
                Said::End { count } if count == at.count => at.ended = true,
                Said::End { count } => {
                    return Err(wrong(&format!("END tells of {count} records, and {} came", at.count)));
                }
                Said::Files(files) => at.batch.add(files),
                Said::Trouble { class, why } => return Err(self.trouble(class, &why, at.pages == 0)),
                Said::Noise(why) => self.noise(at, why)?,
                Said::Aside => {}
            }
        };
        if !more {
            self.over(&mut at.process, at.count == 0).await?;
            if self.spec.protocol == Protocol::Jsonl && !at.ended {
                return Err(wrong("the script ended well without END: nobody knows whether that was all"));
            }
        }
        at.pages += 1;
        if let Some(state) = state {
            at.state = Some(state);
        }
        Ok(Page {
            records,
            place: self.place(at.complete),
            first,
            next: Cursor::At(at.pages.to_string()),
            more,
            snapshot: at.complete,
            total: None,
            checkpoint: at.state.take().map(String::from),
            gone,
        })
    }

    /// Where records stand. What a script gives that is not everything only adds.
    fn place(&self, complete: bool) -> Place {
        let place = Place::table(self.base.as_str());
        if self.spec.protocol == Protocol::Singer || complete {
            return place;
        }
        place.in_part(Part { name: self.read.stream.as_str().into(), standing: Standing::Growing })
    }

    async fn next(&self, at: &mut UnderWay) -> Result<Option<Said>, PullError> {
        if let Some(record) = at.held_over.take() {
            return Ok(Some(Said::Record(record)));
        }
        if let Some(said) = at.batch.next().await {
            return Ok(Some(said));
        }
        match at.process.line().await {
            Ok(None) => Ok(None),
            Ok(Some(line)) if line.is_empty() => Ok(Some(Said::Aside)),
            Ok(Some(line)) => Ok(Some(match self.spec.protocol {
                Protocol::Singer => singer::said(&line, &at.names),
                Protocol::Jsonl => jsonl::said(&line, &self.read.stream),
            })),
            Err(silence) => Err(self.silent(&mut at.process, silence).await),
        }
    }

    /// A tap may talk between its messages, within bounds; a script may not.
    fn noise(&self, at: &mut UnderWay, why: String) -> Result<(), PullError> {
        at.noise += 1;
        tracing::debug!("`{}` says what is no message", self.program());
        if at.noise > MAX_NOISE || self.spec.protocol == Protocol::Jsonl || why.starts_with("a BATCH") {
            return Err(PullError::Failed {
                code: "E0264",
                why: format!("`{}` does not keep to its protocol: {why}", self.program()),
            });
        }
        Ok(())
    }

    fn trouble(&self, class: Class, why: &str, nothing_came: bool) -> PullError {
        let why = format!("`{}` says: {why}", self.program());
        match class {
            Class::Config => PullError::Config(why),
            Class::Transient if nothing_came => PullError::retry(why),
            Class::Transient => PullError::Failed { code: "E0202", why },
            Class::Data => PullError::malformed(why, ""),
        }
    }

    /// Ends a program that does not go on.
    async fn silent(&self, process: &mut Process, silence: Silence) -> PullError {
        process.stop().await;
        let program = self.program();
        let (code, why) = match silence {
            Silence::Idle(idle) => {
                ("E0266", format!("`{program}` said nothing for {} s and was ended", idle.as_secs()))
            }
            Silence::Late => {
                ("E0267", format!("`{program}` took longer than {} s and was ended", self.spec.longest.as_secs()))
            }
            Silence::Flood => (
                "E0268",
                format!("`{program}` wrote a line or a catalog longer than {} MiB and was ended", MAX_LINE_BYTES >> 20),
            ),
            Silence::Pipe(error) => ("E0261", format!("could not read what `{program}` says: {error}")),
        };
        PullError::Failed { code, why: format!("{why}{}", self.last_words(process)) }
    }

    /// How it ended. A program that could not be started at all is for a person to mend.
    async fn over(&self, process: &mut Process, nothing_came: bool) -> Result<(), PullError> {
        let status = match process.end().await {
            Ok(status) => status,
            Err(silence) => return Err(self.silent(process, silence).await),
        };
        if status.success() {
            return Ok(());
        }
        let why = format!("`{}` ended with {status}{}", self.program(), self.last_words(process));
        if nothing_came && status.code() == Some(i32::from(guard::NOT_STARTED)) {
            return Err(PullError::Config(why));
        }
        Err(PullError::Failed { code: "E0261", why })
    }

    fn last_words(&self, process: &Process) -> String {
        let tail = process.tail(&self.secrets);
        if tail.is_empty() { String::new() } else { format!("; its last words: {tail}") }
    }
}

fn wrong(why: &str) -> PullError {
    PullError::Failed { code: "E0265", why: why.to_owned() }
}

impl UnderWay {
    fn new(process: Process, folder: Option<Folder>, names: Vec<String>) -> Self {
        Self {
            process,
            _folder: folder,
            names,
            batch: Batch::default(),
            held_over: None,
            state: None,
            noise: 0,
            count: 0,
            pages: 0,
            begun: false,
            complete: false,
            ended: false,
        }
    }
}
