//! The process that reads one file, from its first line to its last: it takes the job, bounds itself, and speaks.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::os::fd::AsFd as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::frame::{Job, Problem};
use super::rows::Rows;
use super::{book, records, table};
use crate::definition::model::Form;

/// The memory that reading one file may take, the program itself included.
pub(super) const MEMORY: u64 = 512 << 20;
/// The work that reading one file may be.
pub(super) const CPU_SECS: u64 = 600;
/// The largest file that is read.
const MAX_FILE_BYTES: u64 = 2 << 30;
/// The longest job.
const MAX_JOB_BYTES: usize = 1 << 20;

/// Reads the file that standard input names.
pub(crate) fn read_one_file() -> ExitCode {
    // What a library says when it panics may hold a value of the file.
    std::panic::set_hook(Box::new(|_| {}));
    let Some(job) = job() else { return ExitCode::FAILURE };
    if bound().is_err() {
        return ExitCode::FAILURE;
    }
    // Whoever started this process keeps its end open; when that one is gone, nobody wants to know any more.
    std::thread::spawn(|| {
        let gone = io::stdin().read(&mut [0]).is_ok();
        std::process::exit(i32::from(!gone));
    });
    let Ok(out) = io::stdout().as_fd().try_clone_to_owned() else { return ExitCode::FAILURE };
    let mut rows = Rows::new(File::from(out), job.groups.clone(), job.needed.clone());
    let read = catch_unwind(AssertUnwindSafe(|| read(&job, &mut rows)));
    let read = read.unwrap_or_else(|_| Err(Problem::damaged("it is damaged: reading it broke off")));
    if rows.end(read).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What standard input says.
fn job() -> Option<Job> {
    let mut length = [0; 4];
    io::stdin().read_exact(&mut length).ok()?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_JOB_BYTES {
        return None;
    }
    let mut job = vec![0; length];
    io::stdin().read_exact(&mut job).ok()?;
    serde_json::from_slice(&job).ok()
}

/// Takes away what reading a file does not need: much memory, much time, writing to files, traces of a crash.
fn bound() -> rustix::io::Result<()> {
    for (resource, most) in [
        (Resource::As, MEMORY),
        (Resource::Cpu, CPU_SECS),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nofile, 32),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

/// Reads a file that nobody changes meanwhile.
pub(super) fn read<W: Write>(job: &Job, rows: &mut Rows<W>) -> Result<(), Problem> {
    let (path, layout) = (&within(&job.path, &job.root)?, &job.layout);
    let before = stamp(path)?;
    match layout.format {
        Some(Form::Csv) => table::read(path, layout, rows)?,
        Some(Form::Xlsx) => book::xlsx(path, layout, rows)?,
        Some(Form::Xls) => book::xls(path, layout, rows)?,
        Some(Form::Ods) => book::ods(path, layout, rows)?,
        Some(Form::Json) => records::json(path, layout, rows)?,
        Some(Form::Jsonl) => records::jsonl(path, layout, rows)?,
        Some(Form::Xml) => records::xml(path, layout, rows)?,
        None => return Err(Problem::damaged("its form is not known")),
    }
    // Half of an old file and half of a new one are no snapshot.
    if stamp(path)? == before {
        Ok(())
    } else {
        Err(Problem::damaged("it was changed while it was read; the next run reads it again"))
    }
}

/// Where a file really lies, which must be in the folder; the folder itself may be a link.
///
/// Who may put files there could otherwise have read what only this program may.
fn within(path: &Path, root: &Path) -> Result<PathBuf, Problem> {
    let real = path.canonicalize()?;
    if real.starts_with(root.canonicalize()?) {
        Ok(real)
    } else {
        Err(Problem::outside("it is a link that leads out of the folder"))
    }
}

/// Size and time of a file, to see whether it was changed.
fn stamp(path: &Path) -> Result<(u64, Option<SystemTime>), Problem> {
    let about = std::fs::metadata(path)?;
    if about.len() > MAX_FILE_BYTES {
        return Err(Problem::too_large(format!("it is larger than {} MiB", MAX_FILE_BYTES >> 20)));
    }
    Ok((about.len(), about.modified().ok()))
}
