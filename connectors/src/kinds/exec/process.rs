//! A program of somebody else while it runs: what it says line by line, and its end, which comes in any case.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::Instant;

use super::guard;

/// The longest line that is taken.
pub(crate) const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;
/// How long a program that was told to end may take for it.
const GRACE: Duration = Duration::from_secs(5);
/// How much of what it said on standard error is kept, from the end.
const TAIL_BYTES: usize = 4 * 1024;
/// Variables of ours that it gets.
const PASSED_ON: [&str; 6] = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ"];

/// How a program is started.
pub(crate) struct Start<'a> {
    /// This very program, which bounds itself and then becomes the other.
    pub(crate) guard: &'a Path,
    pub(crate) command: &'a [String],
    pub(crate) memory: u64,
    pub(crate) env: &'a [(String, String)],
    /// What it finds on standard input.
    pub(crate) input: Option<String>,
    pub(crate) idle: Duration,
    /// When it has to be over.
    pub(crate) until: Instant,
}

/// A running program, in a process group of its own. Dropped, the whole group is killed.
pub(crate) struct Process {
    child: Child,
    group: Option<Pid>,
    out: BufReader<ChildStdout>,
    err: ChildStderr,
    line: Vec<u8>,
    tail: VecDeque<u8>,
    is_err_open: bool,
    idle: Duration,
    until: Instant,
}

/// Why no line comes.
#[derive(Debug)]
pub(crate) enum Silence {
    /// It says nothing for too long.
    Idle(Duration),
    /// It takes too long in all.
    Late,
    /// A line is too long.
    Flood,
    /// The pipe broke.
    Pipe(io::Error),
}

impl Process {
    /// Starts it.
    pub(crate) async fn start(start: Start<'_>) -> io::Result<Self> {
        let mut command = Command::new(start.guard);
        command.arg(guard::ARGUMENT).arg(start.memory.to_string()).args(start.command);
        command.env_clear().envs(passed_on()).envs(start.env.iter().map(|(name, value)| (name, value)));
        command.stdin(if start.input.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        let mut child = command.spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let pipes = (child.stdout.take(), child.stderr.take());
        let (Some(out), Some(err)) = pipes else { return Err(io::Error::other("it has no pipes")) };
        let stdin = child.stdin.take();
        let process = Self {
            child,
            group,
            out: BufReader::with_capacity(64 * 1024, out),
            err,
            line: Vec::new(),
            tail: VecDeque::new(),
            is_err_open: true,
            idle: start.idle,
            until: start.until,
        };
        if let (Some(mut stdin), Some(input)) = (stdin, start.input) {
            // One that does not listen has closed its end, which is its own affair.
            match tokio::time::timeout(start.idle, stdin.write_all(input.as_bytes())).await {
                Ok(Ok(()) | Err(_)) => {}
                Err(_) => return Err(io::Error::other("it does not read its standard input")),
            }
        }
        Ok(process)
    }

    /// Its next line, without the end of the line; `None` when it says nothing more.
    pub(crate) async fn line(&mut self) -> Result<Option<String>, Silence> {
        loop {
            let deadline = (Instant::now() + self.idle).min(self.until);
            let mut noise = [0; 1024];
            tokio::select! {
                biased;
                // What is read so far stays in `line`, so nothing is lost when the other side is first.
                read = more(&mut self.out, &mut self.line) => match read.map_err(Silence::Pipe)? {
                    More::Line => return Ok(Some(self.take())),
                    More::Part if self.line.len() > MAX_LINE_BYTES => return Err(Silence::Flood),
                    More::Part => {}
                    More::End if self.line.is_empty() => return Ok(None),
                    More::End => return Ok(Some(self.take())),
                },
                read = self.err.read(&mut noise), if self.is_err_open => match read {
                    Ok(0) | Err(_) => self.is_err_open = false,
                    Ok(length) => self.keep(&noise[..length]),
                },
                () = tokio::time::sleep_until(deadline) => {
                    return Err(if Instant::now() >= self.until { Silence::Late } else { Silence::Idle(self.idle) });
                }
            }
        }
    }

    fn take(&mut self) -> String {
        let line = String::from_utf8_lossy(self.line.trim_ascii_end()).into_owned();
        self.line.clear();
        line
    }

    fn keep(&mut self, noise: &[u8]) {
        self.tail.extend(noise);
        let beyond = self.tail.len().saturating_sub(TAIL_BYTES);
        self.tail.drain(..beyond);
    }

    /// Waits for its end, once it says nothing more; what of its group is left is killed.
    pub(crate) async fn end(&mut self) -> Result<ExitStatus, Silence> {
        let deadline = (Instant::now() + self.idle).min(self.until);
        let ended = async {
            let mut rest = [0; 1024];
            while self.is_err_open {
                match self.err.read(&mut rest).await {
                    Ok(0) | Err(_) => self.is_err_open = false,
                    Ok(length) => {
                        self.tail.extend(&rest[..length]);
                        let beyond = self.tail.len().saturating_sub(TAIL_BYTES);
                        self.tail.drain(..beyond);
                    }
                }
            }
            self.child.wait().await
        };
        let ended = tokio::time::timeout_at(deadline, ended).await;
        let status = match ended {
            Ok(status) => status.map_err(Silence::Pipe),
            Err(_) => Err(Silence::Idle(self.idle)),
        };
        self.signal(Signal::KILL);
        status
    }

    /// Tells it to end, waits a little, and kills what is left of its group; answers whether it ended by itself.
    pub(crate) async fn stop(&mut self) -> bool {
        self.signal(Signal::TERM);
        let ended = tokio::time::timeout(GRACE, self.child.wait()).await.is_ok();
        self.signal(Signal::KILL);
        ended
    }

    /// The end of what it said on standard error, without these texts.
    pub(crate) fn tail(&self, secrets: &[String]) -> String {
        let bytes: Vec<u8> = self.tail.iter().copied().collect();
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        for secret in secrets {
            text = text.replace(secret.as_str(), "***");
        }
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(3)..].join(" / ")
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // It is gone already, with all that it started.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// What came of reading on.
enum More {
    Line,
    Part,
    End,
}

/// Reads on, up to the end of the line; may be dropped at any time.
async fn more(out: &mut BufReader<ChildStdout>, line: &mut Vec<u8>) -> io::Result<More> {
    let buffer = out.fill_buf().await?;
    if buffer.is_empty() {
        return Ok(More::End);
    }
    let end = buffer.iter().position(|byte| *byte == b'\n');
    let length = end.map_or(buffer.len(), |end| end + 1);
    line.extend_from_slice(&buffer[..length]);
    out.consume(length);
    Ok(if end.is_some() { More::Line } else { More::Part })
}

fn passed_on() -> impl Iterator<Item = (&'static str, std::ffi::OsString)> {
    PASSED_ON.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)))
}
