//! The 34 agencies of the fictional regency, two of them BLUD hospitals.
//!
//! Codes have the form of Permendagri 90/2019: three slots of urusan and bidang, number, unit.

use jiff::civil::{DateTime, date};

/// What an agency is, in SIPD's words and in ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Skpd,
    Blud,
    Kecamatan,
}

/// One perangkat daerah or unit.
#[derive(Debug)]
pub(crate) struct Agency {
    /// SIPD's own number, also its key there.
    pub(crate) id: i64,
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) short: &'static str,
    pub(crate) kind: Kind,
    /// Urusan and bidang under which its sub-activities are numbered.
    pub(crate) bidang: &'static str,
    /// Code of the agency above, for the hospitals.
    pub(crate) parent: Option<&'static str>,
    /// Its share of the regency's budget, in no unit.
    pub(crate) weight: i64,
    /// The number that the procurement portal gives it.
    pub(crate) satker: i64,
    /// Whether the second stage of its budget is locked, so that it counts.
    pub(crate) revision_locked: bool,
    /// Whether the old bookkeeping system holds its budget too.
    pub(crate) in_simda: bool,
    pub(crate) updated: DateTime,
}

type Row = (&'static str, &'static str, &'static str, &'static str, i64);

/// Code, name, short name, bidang, weight. A row added here becomes an agency with everything that belongs to it.
const TABLE: [Row; 34] = [
    ("1.01.0.00.0.00.01.0000", "Dinas Pendidikan", "Disdik", "1.01", 190),
    ("1.02.0.00.0.00.01.0000", "Dinas Kesehatan", "Dinkes", "1.02", 120),
    ("1.02.0.00.0.00.01.0001", "RSUD Muara Contoh", "RSUD Muara", "1.02", 80),
    ("1.02.0.00.0.00.01.0002", "RSUD Hulu Contoh", "RSUD Hulu", "1.02", 45),
    ("1.03.0.00.0.00.01.0000", "Dinas Pekerjaan Umum dan Penataan Ruang", "DPUPR", "1.03", 140),
    ("1.04.0.00.0.00.01.0000", "Dinas Perumahan dan Kawasan Permukiman", "Perkim", "1.04", 50),
    ("1.05.0.00.0.00.01.0000", "Satuan Polisi Pamong Praja", "Satpol PP", "1.05", 20),
    ("1.05.0.00.0.00.02.0000", "Badan Penanggulangan Bencana Daerah", "BPBD", "1.05", 18),
    ("1.06.0.00.0.00.01.0000", "Dinas Sosial", "Dinsos", "1.06", 24),
    ("2.07.0.00.0.00.01.0000", "Dinas Tenaga Kerja", "Disnaker", "2.07", 14),
    ("2.08.0.00.0.00.01.0000", "Dinas Pemberdayaan Perempuan dan Perlindungan Anak", "DP3A", "2.08", 12),
    ("2.09.0.00.0.00.01.0000", "Dinas Ketahanan Pangan", "DKP", "2.09", 13),
    ("2.11.0.00.0.00.01.0000", "Dinas Lingkungan Hidup", "DLH", "2.11", 32),
    ("2.12.0.00.0.00.01.0000", "Dinas Kependudukan dan Pencatatan Sipil", "Dukcapil", "2.12", 16),
    ("2.13.0.00.0.00.01.0000", "Dinas Pemberdayaan Masyarakat dan Desa", "DPMD", "2.13", 22),
    ("2.15.0.00.0.00.01.0000", "Dinas Perhubungan", "Dishub", "2.15", 26),
    ("2.16.0.00.0.00.01.0000", "Dinas Komunikasi dan Informatika", "Diskominfo", "2.16", 20),
    ("2.17.0.00.0.00.01.0000", "Dinas Koperasi dan Usaha Kecil Menengah", "Diskop", "2.17", 12),
    ("2.18.0.00.0.00.01.0000", "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu", "DPMPTSP", "2.18", 13),
    ("2.19.0.00.0.00.01.0000", "Dinas Kepemudaan, Olahraga dan Pariwisata", "Disporapar", "2.19", 20),
    ("2.23.0.00.0.00.01.0000", "Dinas Perpustakaan dan Kearsipan", "Dispusip", "2.23", 10),
    ("3.27.0.00.0.00.01.0000", "Dinas Pertanian", "Distan", "3.27", 40),
    ("3.30.0.00.0.00.01.0000", "Dinas Perdagangan", "Disdag", "3.30", 18),
    ("4.01.0.00.0.00.01.0000", "Sekretariat Daerah", "Setda", "4.01", 60),
    ("4.02.0.00.0.00.01.0000", "Sekretariat DPRD", "Setwan", "4.02", 42),
    ("5.01.0.00.0.00.01.0000", "Badan Perencanaan Pembangunan Daerah", "Bappeda", "5.01", 18),
    ("5.02.0.00.0.00.01.0000", "Badan Pengelolaan Keuangan dan Aset Daerah", "BPKAD", "5.02", 36),
    ("5.02.0.00.0.00.02.0000", "Badan Pendapatan Daerah", "Bapenda", "5.02", 26),
    ("5.03.0.00.0.00.01.0000", "Badan Kepegawaian dan Pengembangan Sumber Daya Manusia", "BKPSDM", "5.03", 18),
    ("6.01.0.00.0.00.01.0000", "Inspektorat Daerah", "Inspektorat", "6.01", 16),
    ("7.01.0.00.0.00.01.0000", "Kecamatan Contoh Hilir", "Kec. Hilir", "7.01", 9),
    ("7.01.0.00.0.00.02.0000", "Kecamatan Contoh Tengah", "Kec. Tengah", "7.01", 9),
    ("7.01.0.00.0.00.03.0000", "Kecamatan Contoh Hulu", "Kec. Hulu", "7.01", 8),
    ("8.01.0.00.0.00.01.0000", "Badan Kesatuan Bangsa dan Politik", "Kesbangpol", "8.01", 12),
];

/// Agencies whose second budget stage is still open, so that the first counts.
const REVISION_OPEN: [&str; 4] =
    ["1.03.0.00.0.00.01.0000", "2.12.0.00.0.00.01.0000", "3.27.0.00.0.00.01.0000", "7.01.0.00.0.00.02.0000"];

/// Agencies whose budget the old bookkeeping system holds again.
const IN_SIMDA: [&str; 8] = [
    "1.01.0.00.0.00.01.0000",
    "1.06.0.00.0.00.01.0000",
    "2.11.0.00.0.00.01.0000",
    "2.12.0.00.0.00.01.0000",
    "2.16.0.00.0.00.01.0000",
    "3.30.0.00.0.00.01.0000",
    "5.02.0.00.0.00.01.0000",
    "6.01.0.00.0.00.01.0000",
];

/// Every agency of the regency, in the order of its code.
pub(crate) fn all() -> Vec<Agency> {
    TABLE
        .into_iter()
        .zip(1001..)
        .map(|((code, name, short, bidang, weight), id)| {
            let kind = if name.starts_with("RSUD") {
                Kind::Blud
            } else if bidang == "7.01" {
                Kind::Kecamatan
            } else {
                Kind::Skpd
            };
            Agency {
                id,
                code,
                name,
                short,
                kind,
                bidang,
                parent: (kind == Kind::Blud).then_some("1.02.0.00.0.00.01.0000"),
                weight,
                satker: 260_000 + id,
                revision_locked: !REVISION_OPEN.contains(&code),
                in_simda: IN_SIMDA.contains(&code),
                updated: date(2026, 1, 2).at(9, 0, 0, 0),
            }
        })
        .collect()
}
