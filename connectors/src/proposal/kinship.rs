//! How well a source as a whole fits a record type.

use super::SourceField;
use super::assignment::{Given, Line};
use super::target::Target;
use super::words::normal;

/// Words by which the names of tables and files, and the names of fields, tell a type from the others.
const TELLING: &[(&str, &[&str], &[&str])] = &[
    ("agency", &["skpd", "satker", "instansi", "unit"], &["singkatan", "induk"]),
    (
        "budget-line",
        &["dpa", "rka", "belanja", "anggaran", "rba", "apbd"],
        &["rincian", "rka", "dpa", "rba", "tahap", "perubahan", "kunci"],
    ),
    ("cash-plan", &["rak", "akb", "kas"], &["akb", "rak", "bulan", "jan", "feb", "jul", "des"]),
    ("contract", &["kontrak", "spk"], &["kontrak", "spmk", "addendum", "spk"]),
    ("disbursement", &["sp2d", "spm", "spp", "pencairan"], &["sp2d", "spm", "spp"]),
    ("employee", &["pegawai", "asn", "pns", "karyawan"], &["jabatan", "pangkat", "golongan", "atasan"]),
    ("indicator", &["indikator", "iku", "kinerja", "ipm"], &["indikator", "capaian", "satuan"]),
    ("plan-activity", &["program", "renja", "rkpd", "renstra"], &["program", "indikatif"]),
    ("procurement-package", &["rup", "paket", "swakelola", "sirup"], &["rup", "pengadaan", "pemilihan", "paket"]),
    ("progress-report", &["fisik", "progres", "rfk"], &["fisik", "progres", "deviasi"]),
    ("realization", &["realisasi", "lra", "sp2b", "spj"], &["realisasi", "lra", "sp2b"]),
    ("service-case", &["layanan", "izin", "permohonan", "antrian"], &["permohonan", "pemohon", "layanan", "izin"]),
    ("tender", &["tender", "lelang"], &["tender", "hps", "lelang"]),
    ("work-log", &["chkp", "harian", "log", "ekinerja"], &["menit", "hasil", "komentar", "durasi", "rincian"]),
];

/// Up to 100: half for what is required, a quarter for how much of the source finds a place, a quarter for names.
pub(super) fn score(
    record_type: &str,
    targets: &[Target],
    lines: &[(usize, Line)],
    fields: &[SourceField],
    given: &Given,
) -> u8 {
    let worth = |target: &Target| {
        let line = lines.iter().map(|(_, line)| line).find(|line| line.proposal.target == target.path);
        line.map_or(
            0,
            |line| if line.source.is_none() && line.confirm { 20 } else { u32::from(line.proposal.confidence) },
        )
    };
    let required: Vec<u32> = targets.iter().filter(|t| t.required && t.list.is_none()).map(worth).collect();
    let whole = required.iter().sum::<u32>() / u32::try_from(required.len().max(1)).unwrap_or(1);
    let placed: u32 = lines
        .iter()
        .filter(|(_, line)| line.source.is_some())
        .map(|(_, line)| u32::from(line.proposal.confidence))
        .sum();
    let most = u32::try_from(fields.len().clamp(1, 20)).unwrap_or(20);
    let covered = (placed / most).min(100);
    let (_, of_names, of_fields) = TELLING.iter().find(|(name, ..)| *name == record_type).unwrap_or(&("", &[], &[]));
    let has = |names: &[String], word: &str| names.iter().any(|name| normal(name).iter().any(|known| known == word));
    let paths: Vec<String> = fields.iter().map(|field| field.path.clone()).collect();
    let by_names = if of_names.iter().any(|word| has(&given.names, word)) { 50 } else { 0 };
    let by_fields = 25 * u32::try_from(of_fields.iter().filter(|word| has(&paths, word)).count()).unwrap_or(0);
    let telling = (by_names + by_fields).min(100);
    u8::try_from((2 * whole + covered + telling) / 4).unwrap_or(100)
}
