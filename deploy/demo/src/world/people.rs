//! Employees and their work logs (CHKP): 1,000 people, 50,000 entries of October.
//!
//! Nobody here exists: names are numbers, and every NIP claims a birth on 1 January 1900.

use jiff::civil::{Date, date};

use super::agencies::Agency;
use super::calendar::{plus_working_days, working_day};
use super::rng::Rng;

/// One employee.
#[derive(Debug)]
pub(crate) struct Employee {
    /// Running number from 1.
    pub(crate) number: i64,
    pub(crate) agency: usize,
    pub(crate) position: &'static str,
    /// Running number of the supervisor; none for the head of an agency.
    pub(crate) supervisor: Option<i64>,
    pub(crate) active: bool,
}

impl Employee {
    /// The id that the log system gives: `P0001`.
    pub(crate) fn id(&self) -> String {
        format!("P{:04}", self.number)
    }

    /// A NIP of the right form that can belong to nobody.
    pub(crate) fn nip(&self) -> String {
        nip(self.number)
    }

    /// A name that is none.
    pub(crate) fn name(&self) -> String {
        format!("Pegawai {:04}", self.number)
    }
}

/// A NIP for a running number: born 1 January 1900, appointed in January of 2001 to 2020.
pub(crate) fn nip(number: i64) -> String {
    format!("19000101{}01{}{:03}", 2001 + number / 1_000 % 20, number % 2 + 1, number % 1_000)
}

/// Status of an entry in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogStatus {
    Draft,
    Submitted,
    Approved,
    Rejected,
}

/// One entry of a work log.
#[derive(Debug, Clone)]
pub(crate) struct LogEntry {
    pub(crate) id: i64,
    pub(crate) employee: usize,
    pub(crate) date: Date,
    pub(crate) activity: usize,
    pub(crate) count: i64,
    pub(crate) minutes: i64,
    pub(crate) status: LogStatus,
    pub(crate) decided_on: Option<Date>,
}

/// What people do all day, and the unit of what comes of it.
pub(crate) const ACTIVITIES: [(&str, &str); 14] = [
    ("Menyusun laporan bulanan", "laporan"),
    ("Menginput data realisasi anggaran", "dokumen"),
    ("Memverifikasi kelengkapan berkas SPP", "berkas"),
    ("Menghadiri rapat koordinasi bidang", "notulen"),
    ("Melayani permohonan masyarakat di loket", "pemohon"),
    ("Memeriksa fisik pekerjaan di lapangan", "berita acara"),
    ("Menyusun konsep surat dinas", "surat"),
    ("Mengarsipkan dokumen kontrak", "berkas"),
    ("Menyiapkan bahan paparan pimpinan", "paparan"),
    ("Memutakhirkan data barang milik daerah", "data"),
    ("Melakukan perawatan perangkat jaringan", "perangkat"),
    ("Memberikan pendampingan kepada kelompok sasaran", "kelompok"),
    ("Menyusun kerangka acuan kerja", "dokumen"),
    ("Membuat rekapitulasi presensi <b>mingguan</b>", "rekap"),
];

const POSITIONS: [&str; 6] = [
    "Kepala",
    "Sekretaris",
    "Kepala Subbagian Keuangan",
    "Analis Perencanaan",
    "Bendahara Pengeluaran",
    "Pengelola Administrasi",
];

/// Employees of every agency, about as many as its weight suggests; the first of each is its head.
pub(crate) fn employees(seed: u64, agencies: &[Agency]) -> Vec<Employee> {
    let mut rng = Rng::new(seed, "employees");
    let mut numbers = 1..=1_000;
    let whole: i64 = agencies.iter().map(|agency| agency.weight).sum();
    let mut people: Vec<Employee> = Vec::new();
    for (index, agency) in agencies.iter().enumerate() {
        let last = index + 1 == agencies.len();
        let count = if last { 1_000 } else { 8 + agency.weight * 700 / whole };
        let mut head = None;
        for position in 0..count {
            let Some(number) = numbers.next() else { break };
            let at = usize::try_from(position).unwrap_or(0);
            people.push(Employee {
                number,
                agency: index,
                position: POSITIONS[at.min(POSITIONS.len() - 1)],
                supervisor: if position < 3 { head } else { head.map(|head| head + rng.between(1, 2)) },
                active: position < 3 || !rng.chance(2),
            });
            head = head.or(Some(number));
        }
    }
    people
}

/// The entries: fifty of every employee, from 1 October to the world's today.
pub(crate) fn logs(seed: u64, employees: &[Employee]) -> Vec<LogEntry> {
    let mut rng = Rng::new(seed, "logs");
    let mut logs = Vec::with_capacity(employees.len() * 50);
    let mut ids = 1_000_001..;
    let mut day = date(2026, 10, 1);
    // Twenty-two working days: two or three entries a day make fifty.
    for turn in 0..22 {
        for (employee, _) in employees.iter().enumerate() {
            let entries = if turn % 11 < 3 { 3 } else { 2 };
            for _ in 0..entries {
                let Some(id) = ids.next() else { break };
                let (status, decided_on) = decision(day, &mut rng);
                logs.push(LogEntry {
                    id,
                    employee,
                    date: day,
                    activity: rng.below(ACTIVITIES.len()),
                    count: rng.between(1, 12),
                    minutes: rng.between(2, 24) * 10,
                    status,
                    decided_on,
                });
            }
        }
        day = plus_working_days(day, 1);
    }
    logs
}

fn decision(day: Date, rng: &mut Rng) -> (LogStatus, Option<Date>) {
    let decided = working_day(plus_working_days(day, rng.between(1, 4)));
    let status = match rng.between(1, 100) {
        1..=3 => LogStatus::Draft,
        4..=8 => LogStatus::Rejected,
        _ => LogStatus::Approved,
    };
    if status == LogStatus::Draft {
        (status, None)
    } else if decided >= date(2026, 10, 31) {
        (LogStatus::Submitted, None)
    } else {
        (status, Some(decided))
    }
}
