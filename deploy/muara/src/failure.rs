//! Why a command failed: code, place, cause, cure, and the exit code that scripts see.

use std::fmt;

/// A command that could not do what it was asked for.
#[derive(Debug)]
pub struct Failure {
    code: &'static str,
    what: String,
    cure: String,
    exit: u8,
}

/// Finished, but with failures or with more in quarantine than was planned.
pub const EXIT_FAILURES: u8 = 1;
/// The command or the configuration is at fault.
pub const EXIT_USAGE: u8 = 2;
/// Something that is needed cannot be reached.
pub const EXIT_UNREACHABLE: u8 = 3;

/// A definition was written, and some of its lines need a person's decision.
pub const EXIT_UNDECIDED: u8 = 4;

impl Failure {
    /// The configuration or the command line is at fault.
    pub fn usage(code: &'static str, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { code, what: what.into(), cure: cure.into(), exit: EXIT_USAGE }
    }

    /// Something cannot be reached, or did not do its work.
    pub fn unreachable(code: &'static str, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { code, what: what.into(), cure: cure.into(), exit: EXIT_UNREACHABLE }
    }

    /// The database failed.
    pub fn store(error: &muara_hub::store::Error) -> Self {
        Self::unreachable("E0710", error.to_string(), "check `database` in muara.toml, and `muara doctor`")
    }

    /// What was attempted and what came.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do about it.
    pub fn cure(&self) -> &str {
        &self.cure
    }

    /// The code for the shell.
    pub const fn exit_code(&self) -> u8 {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {}: {}\n  cure: {}\n  more: muara explain {}", self.code, self.what, self.cure, self.code)
    }
}

impl From<muara_hub::store::Error> for Failure {
    fn from(error: muara_hub::store::Error) -> Self {
        Self::store(&error)
    }
}
