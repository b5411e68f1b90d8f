//! The process that reads one file: a file that nobody has checked may fill the memory or never end, and then it ends
//! this process and nothing else.
//!
//! It is one of the things that [`crate::worker::main`] does.

use std::path::PathBuf;
use std::time::Duration;

/// The argument that makes a program this process instead of what else it is.
pub(crate) const ARGUMENT: &str = "file-reader";
/// How long the process may think about one piece of a file.
const PATIENCE: Duration = Duration::from_mins(2);

/// How to start the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The program.
    pub program: PathBuf,
    /// What it is called with.
    pub arguments: Vec<String>,
    /// It is killed when it says nothing for so long while somebody waits.
    pub patience: Duration,
}

impl Reader {
    /// The program that runs now, by the file that it runs from: that one may have been replaced meanwhile.
    pub fn this_program() -> Self {
        let image = PathBuf::from("/proc/self/exe");
        let program = if image.exists() { image } else { std::env::current_exe().unwrap_or(image) };
        Self { program, arguments: vec![ARGUMENT.to_owned()], patience: PATIENCE }
    }

    /// Another program, which does as this module says.
    pub fn at(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), ..Self::this_program() }
    }
}
