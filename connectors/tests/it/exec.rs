//! Programs as sources: real processes, good ones and bad ones.

mod conform;
mod script;
mod tap;

use std::os::unix::fs::PermissionsExt as _;

use crate::rig::Rig;

/// A rig whose source is a shell script in its folder; `source` are more lines of `source:`, `stream` of the stream.
fn rig(protocol: &str, body: &str, source: &str, stream: &str) -> Rig {
    let lines = |folder: &str| format!("  kind: exec\n  command: [{folder}/program]\n  protocol: {protocol}\n{source}");
    let mut rig = Rig::new(&lines("/nowhere"), stream);
    rig.define(&lines(&rig.folder.path().display().to_string()), stream);
    write(&rig, body);
    rig
}

/// Puts another program in the place of the one that is there.
fn write(rig: &Rig, body: &str) {
    let path = rig.path("program");
    // A new file: one that is being run cannot be written to.
    drop(std::fs::remove_file(&path));
    std::fs::write(&path, format!("#!/bin/sh\nset -u\n{body}")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Whether a process with this id is there and not only waiting to be buried.
fn is_alive(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.trim())).unwrap_or_default();
    !status.is_empty() && !status.contains("State:\tZ")
}
