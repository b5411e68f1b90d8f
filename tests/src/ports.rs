//! Ports on loopback that nobody else takes.

use std::fs::{self, File};
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use muara_schemas::random;

/// Locks of the ports that this process has: they are its own until it ends, also while nobody listens on them.
static OURS: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A port on loopback that nobody listens on, and that stays with this process: whoever asks here or in the script
/// `services` gets another one, also while the program that had it starts again. It lies below the ports that the kernel
/// gives to outgoing connections.
///
/// # Panics
/// When there is none.
pub fn free_port() -> u16 {
    let begin = u16::from_be_bytes(random::bytes()) % 10_000;
    (0..10_000)
        .map(|step| 20_000 + (begin + step) % 10_000)
        .find(|port| is_ours(*port) && TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("loopback has a free port")
}

/// Whether the lock of this port could be taken.
fn is_ours(port: u16) -> bool {
    let folder = std::env::temp_dir().join("muara-test-ports");
    let file = fs::create_dir_all(&folder).and_then(|()| File::create(folder.join(port.to_string())));
    // Files of somebody else keep nobody from testing.
    let Ok(file) = file else { return true };
    let taken = file.try_lock().is_ok();
    if taken {
        OURS.lock().unwrap_or_else(PoisonError::into_inner).push(file);
    }
    taken
}
