//! The worker's half: reads requests, evaluates, answers, and ends with its standard input.

use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::message::{Given, MAX_LINE_BYTES, Request};
use crate::jq::Program;
use crate::json::{Json, Path};

/// The address space of a worker: the program itself, its stack, and what records and expressions need.
const MEMORY: u64 = 512 << 20;
/// A recursion of jq needs stack of ours.
const STACK: usize = 64 << 20;
/// When nobody ends a worker that runs away, for its parent is gone, it ends itself after this.
const ALONE: Duration = Duration::from_secs(20);

/// What the program does when it is started as a worker.
pub(super) fn main() -> ExitCode {
    let limit = Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) };
    // Where the system knows no such limit, the parent's clock is the only one.
    let _ = setrlimit(Resource::As, limit);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let working = std::thread::Builder::new().stack_size(STACK).spawn(work);
    match working.map(std::thread::JoinHandle::join) {
        Ok(Ok(Some(()))) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Works until the input ends; `None` when it is not what it should be.
fn work() -> Option<()> {
    static DONE: AtomicU64 = AtomicU64::new(0);
    watch(&DONE)?;
    let (mut input, mut output) = (BufReader::new(std::io::stdin()), BufWriter::new(std::io::stdout()));
    let (mut programs, mut line) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        (&mut input).take(MAX_LINE_BYTES as u64).read_until(b'\n', &mut line).ok()?;
        if line.is_empty() {
            return Some(());
        }
        match serde_json::from_slice(&line).ok()? {
            Request::Learn { from, text } => programs.push(Program::compile(&text, &Path::new(&from)).ok()?),
            Request::Evaluate { programs: wanted, record } => {
                DONE.fetch_add(1, Ordering::Relaxed);
                let record = Json::parse(record.as_bytes());
                let mut given = Vec::with_capacity(wanted.len());
                for number in wanted {
                    given.push(match &record {
                        Ok(record) => Given::from(programs.get(number)?.run(record)),
                        Err(error) => Given::Raised(error.to_string()),
                    });
                }
                serde_json::to_writer(&mut output, &given).ok()?;
                output.write_all(b"\n").ok()?;
                output.flush().ok()?;
                DONE.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Ends the process when one record takes longer than [`ALONE`]. The count is odd while a record is being worked on.
#[expect(clippy::disallowed_methods, reason = "a worker has a thread that only waits, and nothing else to wait on")]
fn watch(done: &'static AtomicU64) -> Option<()> {
    let watching = move || {
        let mut before = 0;
        loop {
            std::thread::sleep(ALONE);
            let now = done.load(Ordering::Relaxed);
            if now == before && now % 2 == 1 {
                std::process::abort();
            }
            before = now;
        }
    };
    std::thread::Builder::new().stack_size(64 * 1024).spawn(watching).ok().map(drop)
}
