//! The first moment of a program of somebody else: bounds that it cannot take off, then the program itself.
//!
//! It is one of the things that [`crate::worker::main`] does: a process can bound only itself.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use rustix::process::{Resource, Rlimit, setrlimit};

/// The hidden argument that makes the program this; the memory in bytes and the command follow.
pub(crate) const ARGUMENT: &str = "exec-guard";
/// How it ends when the program cannot be started.
pub(super) const NOT_STARTED: u8 = 127;

/// Takes the bounds upon itself and becomes the program.
pub(crate) fn main(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let memory = arguments.next().and_then(|text| text.to_str()?.parse::<u64>().ok());
    let (Some(memory), Some(program)) = (memory, arguments.next()) else { return ExitCode::from(NOT_STARTED) };
    // Memory that is filled, not addresses that are set aside: runtimes such as Java's set aside much more.
    for (resource, most) in [(Resource::Data, memory), (Resource::Core, 0)] {
        if let Err(error) = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }) {
            eprintln!("could not be bounded: {error}");
            return ExitCode::from(NOT_STARTED);
        }
    }
    let error = Command::new(&program).args(arguments).exec();
    eprintln!("{}: {error}", program.display());
    ExitCode::from(NOT_STARTED)
}
