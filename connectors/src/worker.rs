//! Work that may run away, in a process of its own.
//!
//! A process is the one fence that holds against anything: what loops is ended from outside, what eats memory or stack
//! dies alone. The program starts itself again with a hidden first argument; [`main`] is what it does then.

use std::ffi::OsStr;
use std::process::ExitCode;

mod answering;
mod asking;
mod message;

pub use asking::{Evaluator, Launch};

/// The hidden first argument.
const ARGUMENT: &str = "expression-worker";

/// What the program does when its first argument makes it a worker; `None` when it does not.
pub fn main(argument: Option<&OsStr>) -> Option<ExitCode> {
    match argument?.to_str()? {
        ARGUMENT => Some(answering::main()),
        crate::reader::ARGUMENT => Some(crate::kinds::read_one_file()),
        crate::kinds::GUARD => Some(crate::kinds::guard()),
        _ => None,
    }
}
