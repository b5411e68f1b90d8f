//! The other end of the process that reads one file: starts it, hears what it says, and kills it when it goes astray.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::frame::{HEADER, Job, Listener, Problem, Said};
use super::serve::{CPU_SECS, MEMORY};
use crate::reader::Reader;

/// A file being read. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Reading {
    process: Child,
    /// Held open for as long as somebody listens: when it closes, the process ends.
    _job: ChildStdin,
    out: ChildStdout,
    listener: Listener,
    patience: Duration,
}

impl Reading {
    /// Starts the process in a group of its own, with nothing of ours but three pipes.
    pub(super) async fn start(reader: &Reader, job: &Job) -> Result<Self, Problem> {
        let mut command = Command::new(&reader.program);
        command.args(&reader.arguments).env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.process_group(0).kill_on_drop(true);
        let broken = |error: io::Error| stopped(format!("the process that reads it does not start: {error}"));
        let mut process = command.spawn().map_err(broken)?;
        let pipes = (process.stdin.take(), process.stdout.take());
        let (Some(mut stdin), Some(out)) = pipes else {
            return Err(stopped("the process that reads it has no pipes"));
        };
        let job = serde_json::to_vec(job).map_err(|error| stopped(error.to_string()))?;
        let mut message = u32::try_from(job.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
        message.extend_from_slice(&job);
        stdin.write_all(&message).await.map_err(broken)?;
        Ok(Self { process, _job: stdin, out, listener: Listener::default(), patience: reader.patience })
    }

    /// The next thing that it says about records.
    pub(super) async fn hear(&mut self) -> Result<Said, Problem> {
        loop {
            let patience = self.patience;
            match tokio::time::timeout(patience, self.frame()).await {
                Ok(Ok(Some(Said::Head))) => {}
                Ok(Ok(Some(said))) => return Ok(said),
                Ok(Ok(None)) => return Err(stopped("the process that reads it says what nobody understands")),
                Ok(Err(_)) => return Err(self.post_mortem().await),
                Err(_) => {
                    let secs = patience.as_secs();
                    return Err(Problem::too_large(format!("nothing of it could be read within {secs} s")));
                }
            }
        }
    }

    async fn frame(&mut self) -> io::Result<Option<Said>> {
        let mut header = [0; HEADER];
        self.out.read_exact(&mut header).await?;
        let Some((mark, length)) = Listener::header(header) else { return Ok(None) };
        let mut payload = vec![0; length];
        self.out.read_exact(&mut payload).await?;
        Ok(self.listener.hear(mark, &payload))
    }

    /// Why it ended without saying so.
    async fn post_mortem(&mut self) -> Problem {
        match tokio::time::timeout(self.patience, self.process.wait()).await {
            Ok(Ok(status)) => verdict(status),
            _ => stopped("the process that reads it says nothing more"),
        }
    }
}

/// What a process died of.
fn verdict(status: ExitStatus) -> Problem {
    /// Signals by their number, which is the same on every Linux that we run on.
    const ABORTED: i32 = 6;
    const KILLED: i32 = 9;
    const SEGMENT: i32 = 11;
    const TIME: i32 = 24;
    match status.signal() {
        Some(ABORTED) => Problem::too_large(format!("it takes more than {} MiB of memory to be read", MEMORY >> 20)),
        Some(TIME | KILLED) => {
            Problem::too_large(format!("reading it was killed; it may take {} min of work", CPU_SECS / 60))
        }
        Some(SEGMENT) => Problem::too_large("things stand too deep in each other in it to be read"),
        _ => stopped(format!("the process that reads it ended with {status}")),
    }
}

fn stopped(why: impl Into<String>) -> Problem {
    Problem { code: "E0233".to_owned(), why: why.into() }
}
