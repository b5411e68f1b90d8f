//! The one program: the only crate that sees both connectors and hub.
//!
//! [`cli`] says what can be asked for, [`config`] how the installation is set up, and each command has its file under
//! `commands`. Data goes to standard output, talk and progress to standard error.

pub mod cli;
pub mod config;
pub mod failure;

mod commands;
mod installation;
mod output;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use failure::Failure;

/// Runs the program with the arguments and the environment of this process.
pub fn main_entry() -> ExitCode {
    // What may run away runs in this program started again, which then does nothing else.
    if let Some(code) = muara_connectors::worker::main(std::env::args_os().nth(1).as_deref()) {
        return code;
    }
    muara_schemas::fault::arm();
    let cli = Cli::parse();
    // Both a TLS server and client need to be told once which cryptography to use.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("muara: the runtime does not start: {error}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(commands::run(cli)) {
        Ok(code) => code,
        Err(failure) => report(&failure),
    }
}

fn report(failure: &Failure) -> ExitCode {
    eprintln!("{failure}");
    ExitCode::from(failure.exit_code())
}
