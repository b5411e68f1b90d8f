//! The asking half: a worker process that is started when it is first needed, and anew when it had to be ended.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::message::{Given, MAX_LINE_BYTES, Request};
use crate::jq::{self, Answer, Fault, Program};
use crate::json::Json;

/// How long the expressions of one record may take together.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a fresh worker may take to come up, on a machine that is busy.
const STARTING: Duration = Duration::from_secs(20);

/// How a worker is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// What makes it a worker.
    pub arguments: Vec<OsString>,
}

impl Launch {
    /// This very program, started again as a worker; `None` where it cannot be found.
    pub fn again() -> Option<Self> {
        Some(Self { program: std::env::current_exe().ok()?, arguments: vec![super::ARGUMENT.into()] })
    }
}

/// Evaluates expressions. Blocks while it does, for a bounded time.
#[derive(Debug)]
pub struct Evaluator {
    launch: Option<Launch>,
    worker: Option<Worker>,
    /// How many workers ran away.
    lost: u32,
}

/// A worker process and what it has learnt.
#[derive(Debug)]
struct Worker {
    child: Child,
    input: ChildStdin,
    /// Locked by nobody: a receiver alone cannot be shared between threads, and a run is.
    lines: Mutex<Receiver<Vec<u8>>>,
    learnt: Vec<(String, String)>,
    /// Whether it has answered once.
    is_up: bool,
}

impl Evaluator {
    /// Evaluates in workers that are started so.
    pub const fn beside(launch: Launch) -> Self {
        Self { launch: Some(launch), worker: None, lost: 0 }
    }

    /// Evaluates in this very process, which a runaway expression then takes with it.
    pub const fn here() -> Self {
        Self { launch: None, worker: None, lost: 0 }
    }

    /// Evaluates in this program, started again.
    pub fn own() -> Self {
        Launch::again().map_or_else(Self::here, Self::beside)
    }

    /// For records that are parsed already, as the tests of definitions are.
    pub fn asker(mut self) -> impl FnMut(&[Program], &Json) -> Vec<Answer> {
        move |programs, record| if programs.is_empty() { Vec::new() } else { self.ask(programs, &record.to_text()) }
    }

    /// How many workers ran away so far.
    pub const fn lost(&self) -> u32 {
        self.lost
    }

    /// What some expressions give for a record, which is JSON text; an answer for each.
    pub fn ask(&mut self, programs: &[Program], record: &str) -> Vec<Answer> {
        if programs.is_empty() {
            return Vec::new();
        }
        let Some(launch) = &self.launch else {
            return match Json::parse(record.as_bytes()) {
                Ok(record) => jq::evaluate(programs, &record),
                Err(error) => programs.iter().map(|_| Err(Fault::Raised(error.to_string()))).collect(),
            };
        };
        if self.worker.is_none() {
            self.worker = Worker::start(launch);
        }
        if let Some(answers) = self.worker.as_mut().and_then(|worker| worker.ask(programs, record)) {
            return answers;
        }
        // Whatever it does, it does not do it for us any more.
        self.worker = None;
        self.lost += 1;
        programs.iter().map(|_| Err(Fault::Runaway)).collect()
    }
}

impl Worker {
    fn start(launch: &Launch) -> Option<Self> {
        let mut child = Command::new(&launch.program)
            .args(&launch.arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .inspect_err(|error| tracing::error!("could not start a worker for expressions: {error}"))
            .ok()?;
        let (input, output) = (child.stdin.take()?, child.stdout.take()?);
        let (out, lines) = sync_channel(1);
        // The reader ends with the worker's output, at the latest when the worker is killed.
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            loop {
                let mut line = Vec::new();
                let read = (&mut output).take(MAX_LINE_BYTES as u64).read_until(b'\n', &mut line);
                if !matches!(read, Ok(1..)) || out.send(line).is_err() {
                    return;
                }
            }
        });
        Some(Self { child, input, lines: Mutex::new(lines), learnt: Vec::new(), is_up: false })
    }

    /// `None` when it gave no answer in time, or none that is one.
    fn ask(&mut self, programs: &[Program], record: &str) -> Option<Vec<Answer>> {
        let mut numbers = Vec::with_capacity(programs.len());
        for program in programs {
            let known = (program.from().as_str().to_owned(), program.text().to_owned());
            let number = self.learnt.iter().position(|learnt| *learnt == known);
            let number = if let Some(number) = number { number } else { self.learn(known)? };
            numbers.push(number);
        }
        self.send(&Request::Evaluate { programs: numbers, record: record.to_owned() })?;
        let patience = if self.is_up { PATIENCE } else { STARTING };
        let lines = self.lines.get_mut().unwrap_or_else(PoisonError::into_inner);
        let line = match lines.recv_timeout(patience) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
        };
        self.is_up = true;
        let given: Vec<Given> = serde_json::from_slice(&line).ok()?;
        let answers = given.into_iter().map(|given| match given {
            Given::Values(texts) => jq::read(&texts),
            Given::Raised(why) => Err(Fault::Raised(why)),
            Given::TooMuch => Err(Fault::TooMuch),
        });
        let answers: Vec<Answer> = answers.collect();
        (answers.len() == programs.len()).then_some(answers)
    }

    /// Teaches it an expression; returns its number.
    fn learn(&mut self, (from, text): (String, String)) -> Option<usize> {
        self.send(&Request::Learn { from: from.clone(), text: text.clone() })?;
        self.learnt.push((from, text));
        Some(self.learnt.len() - 1)
    }

    fn send(&mut self, request: &Request) -> Option<()> {
        let mut line = serde_json::to_vec(request).ok()?;
        line.push(b'\n');
        // A worker that died has closed its end.
        self.input.write_all(&line).ok()?;
        self.input.flush().ok()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
