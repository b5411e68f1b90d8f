//! References to values that do not stand in a definition: `{env: NAME}`, `{file: PATH}`, `{cmd: "…"}`.
//!
//! [`Setting::resolve`] is the only place where a definition touches the outside world.
//! What it returns is a secret whatever it is, so that nothing prints it by accident.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use secrecy::SecretString;

/// How long a command may take.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(10);
/// The longest value that a file or command may give.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;

/// A text of a definition, or a reference to one.
#[derive(Clone, PartialEq, Eq)]
pub enum Setting {
    /// Stands in the file itself.
    Plain(String),
    /// Stands elsewhere.
    Reference(Reference),
}

/// Where a value stands that the file only names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// `{env: NAME}`, an environment variable.
    Env(String),
    /// `{file: PATH}`, the content of a file without its last line break.
    File(String),
    /// `{cmd: "…"}`, what a command prints, without its last line break.
    Cmd(String),
}

/// Why a reference has no value. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The variable is not set, or is empty.
    #[error("environment variable `{0}` is not set")]
    Unset(String),
    /// The file cannot be read.
    #[error("could not read file `{path}`: {why}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// The command failed, or took too long.
    #[error("the command of a reference {0}")]
    Command(String),
    /// Nothing came, or too much, or no text.
    #[error("the value of {reference} is {why}")]
    Value {
        /// Which reference.
        reference: String,
        /// What is wrong with its value.
        why: &'static str,
    },
}

/// Variables laid over the process environment, so that a demo or a test need not change the environment.
#[derive(Clone, Default)]
pub struct Variables {
    over: BTreeMap<String, String>,
    closed: bool,
}

impl Variables {
    /// Only the process environment.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only what is set here; the process environment is not looked at.
    pub fn closed() -> Self {
        Self { closed: true, ..Self::default() }
    }

    /// Sets a variable.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a variable.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.over.insert(name.into(), value.into());
    }

    /// The value of a variable; an empty one counts as not set.
    #[expect(clippy::disallowed_methods, reason = "the one place where references of definitions are resolved")]
    pub fn get(&self, name: &str) -> Option<String> {
        let value = match self.over.get(name) {
            Some(value) => Some(value.clone()),
            None if self.closed => None,
            None => std::env::var(name).ok(),
        };
        value.filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.over.keys()).finish()
    }
}

impl Setting {
    /// The value now. Reads a file or runs a command (at most 10 s), so call it where blocking is allowed.
    pub fn resolve(&self, variables: &Variables) -> Result<SecretString, Error> {
        let reference = match self {
            Self::Plain(text) => return Ok(text.clone().into()),
            Self::Reference(reference) => reference,
        };
        let text = match reference {
            Reference::Env(name) => {
                return variables.get(name).map(Into::into).ok_or_else(|| Error::Unset(name.clone()));
            }
            Reference::File(path) => read_file(path)?,
            Reference::Cmd(command) => run(command)?,
        };
        let bad = |why| Error::Value { reference: reference.to_string(), why };
        if text.len() > MAX_VALUE_BYTES {
            return Err(bad("longer than 64 KiB"));
        }
        let text = String::from_utf8(text).map_err(|_| bad("not UTF-8"))?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() { Err(bad("empty")) } else { Ok(text.to_owned().into()) }
    }

    /// The text, when it stands in the file itself.
    pub fn plain(&self) -> Option<&str> {
        if let Self::Plain(text) = self { Some(text) } else { None }
    }
}

/// Shows references by name; a plain text as it is, for lint refuses secrets in clear.
impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => fmt::Debug::fmt(text, f),
            Self::Reference(reference) => fmt::Display::fmt(reference, f),
        }
    }
}

/// A command is not shown: its arguments may hold what it is meant to hide.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "{{env: {name}}}"),
            Self::File(path) => write!(f, "{{file: {path}}}"),
            Self::Cmd(_) => f.write_str("{cmd: …}"),
        }
    }
}

fn read_file(path: &str) -> Result<Vec<u8>, Error> {
    let failed = |error: std::io::Error| Error::File { path: path.to_owned(), why: error.to_string() };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(MAX_VALUE_BYTES as u64 + 2).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn run(command: &str) -> Result<Vec<u8>, Error> {
    let failed = |error: std::io::Error| Error::Command(format!("could not be run: {error}"));
    let started = Instant::now();
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let mut output = child.stdout.take().ok_or_else(|| Error::Command("has no output".to_owned()))?;
    let (done, waiting) = mpsc::channel();
    // The reader ends with the command's output; when the command is killed below, with its pipe.
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = (&mut output).take(MAX_VALUE_BYTES as u64 + 2).read_to_end(&mut bytes);
        let _ = done.send(read.map(|_| bytes));
    });
    let answer = waiting.recv_timeout(COMMAND_LIMIT);
    let too_much = matches!(&answer, Ok(Ok(bytes)) if bytes.len() > MAX_VALUE_BYTES);
    let status = match &answer {
        Ok(Ok(_)) if !too_much => ended(&mut child, started).map_err(failed)?,
        _ => None,
    };
    if status.is_none() {
        let _ = child.kill();
        child.wait().map_err(failed)?;
    }
    match (answer, status) {
        (Ok(Ok(bytes)), _) if too_much => Ok(bytes),
        (Ok(Ok(bytes)), Some(status)) if status.success() => Ok(bytes),
        (Ok(Ok(_)), Some(status)) => Err(Error::Command(format!("failed: {status}"))),
        (Ok(Err(error)), _) => Err(failed(error)),
        _ => Err(Error::Command("did not end within 10 s".to_owned())),
    }
}

/// How the command ended; `None` when it has closed its output but goes on past the limit.
#[expect(
    clippy::disallowed_methods,
    reason = "runs where blocking is allowed; a child's end has no event with a deadline"
)]
fn ended(child: &mut Child, started: Instant) -> std::io::Result<Option<ExitStatus>> {
    loop {
        match child.try_wait()? {
            None if started.elapsed() < COMMAND_LIMIT => std::thread::sleep(Duration::from_millis(5)),
            status => return Ok(status),
        }
    }
}
