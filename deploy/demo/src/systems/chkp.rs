//! CHKP, the work log: CSV exports with semicolons, as an administrator drops them into a shared folder.
//!
//! The file of entries has 50,000 rows, so its lines are kept ready and only those that a tick touched are made anew.

use std::path::Path;

use crate::error::{Error, Result};
use crate::folder::replace;
use crate::systems::raw::{Cells, break_cells};
use crate::world::{ACTIVITIES, Change, LogStatus, Stream, World};

/// The export of work-log entries.
const LOGS: &str = "chkp/chkp_2026.csv";

/// The export of employees.
const EMPLOYEES: &str = "chkp/pegawai.csv";

/// The file of entries is written again at every so manyth tick, because it is large.
const EVERY: u64 = 10;

/// The lines of the export of entries, the header first.
pub(crate) struct Chkp {
    lines: Vec<Vec<u8>>,
    changed: bool,
}

impl Chkp {
    /// The export for a world as it stands.
    pub(crate) fn new(world: &World) -> Result<Self> {
        let header = entry(world, 0).into_iter().map(|(name, _)| name.to_owned());
        let mut lines = vec![line(header)?];
        for row in 0..world.logs.len() {
            lines.push(log_line(world, row)?);
        }
        Ok(Self { lines, changed: true })
    }

    /// Takes over the entries that a tick touched.
    pub(crate) fn update(&mut self, world: &World, changes: &[Change]) -> Result<()> {
        for change in changes {
            if let Change::Log(row) = *change
                && let Some(place) = self.lines.get_mut(row + 1)
            {
                *place = log_line(world, row)?;
                self.changed = true;
            }
        }
        Ok(())
    }

    /// The bytes of the export when it is time to write it again.
    pub(crate) fn due(&mut self, tick: u64) -> Option<Vec<u8>> {
        (self.changed && tick.is_multiple_of(EVERY)).then(|| self.take())
    }

    /// The bytes of the export as it stands.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.changed = false;
        self.lines.concat()
    }
}

/// Writes the export of entries.
pub(crate) fn write_logs(folder: &Path, bytes: &[u8]) -> Result<()> {
    replace(&folder.join(LOGS), bytes)
}

/// Writes the export of employees.
pub(crate) fn write_employees(folder: &Path, world: &World) -> Result<()> {
    let mut bytes = line(employee(world, 0).into_iter().map(|(name, _)| name.to_owned()))?;
    for row in 0..world.employees.len() {
        let mut cells = employee(world, row);
        break_cells(&mut cells, world.defects.get(&(Stream::Employees, row)));
        bytes.extend(line(cells.into_iter().map(|(_, text)| text.unwrap_or_default()))?);
    }
    replace(&folder.join(EMPLOYEES), &bytes)
}

fn log_line(world: &World, row: usize) -> Result<Vec<u8>> {
    let mut cells = entry(world, row);
    break_cells(&mut cells, world.defects.get(&(Stream::Logs, row)));
    line(cells.into_iter().map(|(_, text)| text.unwrap_or_default()))
}

fn line(cells: impl Iterator<Item = String>) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    writer.write_record(cells).map_err(Error::Csv)?;
    writer.into_inner().map_err(|error| Error::Csv(error.into_error().into()))
}

fn entry(world: &World, row: usize) -> Cells {
    let entry = &world.logs[row];
    let employee = &world.employees[entry.employee];
    let (activity, unit) = ACTIVITIES[entry.activity];
    let status = match entry.status {
        LogStatus::Draft => "draf",
        LogStatus::Submitted => "diajukan",
        LogStatus::Approved => "disetujui",
        LogStatus::Rejected => "ditolak",
    };
    let comment = (entry.status == LogStatus::Rejected).then(|| "Uraian belum jelas; mohon diperbaiki".to_owned());
    vec![
        ("id", Some(entry.id.to_string())),
        ("id_pegawai", Some(employee.id())),
        ("kode_skpd", Some(world.agencies[employee.agency].code.to_owned())),
        ("tahun", Some(entry.date.year().to_string())),
        ("tanggal", Some(entry.date.strftime("%d/%m/%Y").to_string())),
        ("uraian", Some(activity.to_owned())),
        ("hasil", Some(format!("{} {unit}", entry.count))),
        ("menit", Some(entry.minutes.to_string())),
        ("status", Some(status.to_owned())),
        ("tanggal_putusan", entry.decided_on.map(|date| date.strftime("%d/%m/%Y").to_string())),
        ("komentar", comment),
    ]
}

fn employee(world: &World, row: usize) -> Cells {
    let employee = &world.employees[row];
    let supervisor = employee.supervisor.map(|number| format!("P{number:04}"));
    vec![
        ("id_pegawai", Some(employee.id())),
        ("nip", Some(employee.nip())),
        ("nama", Some(employee.name())),
        ("jabatan", Some(employee.position.to_owned())),
        ("kode_skpd", Some(world.agencies[employee.agency].code.to_owned())),
        ("tahun", Some("2026".to_owned())),
        ("id_atasan", supervisor),
        ("status", Some(if employee.active { "aktif" } else { "nonaktif" }.to_owned())),
    ]
}
