//! The program as a child process: run to its end, or started, frozen and killed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a command that ends by itself may take.
const LONGEST_RUN: Duration = Duration::from_mins(5);
const STEP: Duration = Duration::from_millis(20);
static STARTED: AtomicU32 = AtomicU32::new(0);

/// How to run the program: which one, in which folder, with which variables.
#[derive(Debug, Clone)]
pub struct Muara {
    program: PathBuf,
    folder: PathBuf,
    variables: Vec<(String, String)>,
}

/// What a finished run left.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: String,
    /// What it said beside that.
    pub stderr: String,
}

/// A running program; killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Muara {
    /// The program at this path, which a test knows as `env!("CARGO_BIN_EXE_muara-under-test")`, run in a folder that
    /// also takes its output.
    pub fn new(program: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), folder: folder.into(), variables: Vec::new() }
    }

    /// The same with a variable in its environment, which has none of ours that begin with `MUARA_`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// The same, dying at the `pass`-th time (from 1) that it comes to this place of `muara_schemas::fault`.
    #[must_use]
    pub fn dying_at(self, point: &str, pass: u32) -> Self {
        assert!(muara_schemas::fault::POINTS.contains(&point), "there is no place {point}");
        self.with("FAILPOINTS", format!("{point}={}*off->return", pass.saturating_sub(1)))
    }

    /// The folder that it runs in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let [stdout, stderr] = ["out", "err"].map(|kind| self.folder.join(format!("muara-{number}.{kind}")));
        let file = |path: &Path| {
            File::create(path).unwrap_or_else(|error| panic!("could not make {}: {error}", path.display()))
        };
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(file(&stdout)).stderr(file(&stderr));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MUARA_") {
                command.env_remove(name);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let child =
            command.spawn().unwrap_or_else(|error| panic!("could not start {}: {error}", self.program.display()));
        Running { child, stdout, stderr }
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it does not end within five minutes.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        self.start(arguments).finish(LONGEST_RUN)
    }
}

impl Running {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its resident memory in MB; `None` where the system does not tell.
    pub fn resident(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()? / 1024)
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it printed so far.
    pub fn stdout(&self) -> String {
        text(&self.stdout)
    }

    /// What it said so far.
    pub fn stderr(&self) -> String {
        text(&self.stderr)
    }

    /// Waits for a line on standard output or error that contains `part`; answers the line.
    ///
    /// # Panics
    /// When it does not come in time, or the program ends before.
    pub fn wait_for_line(&mut self, part: &str, deadline: Duration) -> String {
        let end = Instant::now() + deadline;
        loop {
            let was_running = self.is_running();
            let said = format!("{}\n{}", self.stdout(), self.stderr());
            if let Some(line) = said.lines().find(|line| line.contains(part)) {
                return line.to_owned();
            }
            assert!(was_running && Instant::now() < end, "no line with `{part}`; it said:\n{said}");
            pause();
        }
    }

    /// Stops it in its tracks (SIGSTOP): it holds what it holds and does nothing.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on (SIGCONT).
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    /// Tells it to look at its definitions again (SIGHUP).
    pub fn hang_up(&self) {
        self.signal("HUP");
    }

    /// Kills it (SIGKILL) and waits until it is gone.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        self.child.kill().expect("our own child can be killed");
        self.child.wait().expect("our own child can be waited for");
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn stop(self, deadline: Duration) -> Finished {
        self.signal("TERM");
        self.finish(deadline)
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn finish(mut self, deadline: Duration) -> Finished {
        let end = Instant::now() + deadline;
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() < end => pause(),
                Ok(None) => panic!("it did not end within {} s; it said:\n{}", deadline.as_secs(), self.stderr()),
                Err(error) => panic!("could not wait for the program: {error}"),
            }
        };
        Finished { status, stdout: self.stdout(), stderr: self.stderr() }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status();
        assert!(matches!(&sent, Ok(status) if status.success()), "could not send SIG{name}: {sent:?}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A frozen process dies of this too; one that is gone needs nothing.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Finished {
    /// Itself, if it ended well.
    ///
    /// # Panics
    /// With what it said, otherwise.
    #[must_use]
    pub fn well(self) -> Self {
        assert!(self.status.success(), "it ended with {}:\n{}\n{}", self.status, self.stdout, self.stderr);
        self
    }

    /// Its output as one JSON document.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON: {error}:\n{}", self.stdout))
    }
}

/// Between two looks at a child process, whose end cannot be awaited with a deadline.
#[expect(clippy::disallowed_methods, reason = "not a task: a test's own thread, which waits for another process")]
fn pause() {
    std::thread::sleep(STEP);
}

fn text(path: &Path) -> String {
    match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => panic!("could not read {}: {error}", path.display()),
    }
}
