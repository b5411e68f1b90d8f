//! The program `muara`; everything it does is in the library beside it, so that tests can start it too.

fn main() -> std::process::ExitCode {
    muara::main_entry()
}
