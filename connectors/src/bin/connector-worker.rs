//! The worker alone, for the tests of this crate; the program `muara` is its own worker.

fn main() -> std::process::ExitCode {
    let argument = std::env::args_os().nth(1);
    muara_connectors::worker::main(argument.as_deref()).unwrap_or(std::process::ExitCode::FAILURE)
}
