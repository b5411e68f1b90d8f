//! The program with the places where a test can kill it; otherwise what everybody runs.

fn main() -> std::process::ExitCode {
    muara::main_entry()
}
