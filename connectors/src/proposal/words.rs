//! The words of the field: what sources call a target, and what their values mean.
//!
//! To add one: a phrase behind its target in [`PHRASES`], a word behind its value in [`MEANINGS`].

/// What sources call a target, the plainest first. A target is named with its type where types differ. Phrases and names
/// are compared in the form of [`normal`], so that `kd_rek`, `Kode Rekening` and `kodeAkun` are one.
const PHRASES: &[(&str, &[&str])] = &[
    (
        "agency",
        &[
            "kode skpd",
            "kode opd",
            "kode sub skpd",
            "kode unit",
            "kode unit kerja",
            "kode satker str",
            "kode satker",
            "kode perangkat daerah",
            "kode instansi",
            "skpd",
            "unit kerja",
            "satuan kerja",
        ],
    ),
    ("agency/name", &["nama skpd", "nama satker", "nama unit", "nama instansi", "nama perangkat daerah"]),
    ("agency/short_name", &["nama singkat", "singkatan"]),
    ("agency/kind", &["jenis skpd", "jenis satker"]),
    ("agency/parent", &["kode skpd induk", "kode induk", "induk"]),
    ("agency/blud", &["is blud", "blud"]),
    ("active", &["is aktif", "aktif", "status aktif", "status aktif rup"]),
    ("fiscal_year", &["tahun", "tahun anggaran", "thn"]),
    ("sub_activity", &["kode sub kegiatan", "sub kegiatan", "kode sub giat", "kode kegiatan", "kode sbl"]),
    ("sub_activity_name", &["nama sub kegiatan", "nama sub giat", "uraian sub kegiatan"]),
    ("account", &["kode rekening", "kode akun", "rekening", "kode rekening belanja", "kode rekening 6"]),
    ("account_name", &["nama rekening", "nama akun", "uraian rekening", "uraian akun"]),
    ("fund", &["kode dana", "sumber dana", "kode sumber dana", "dana"]),
    ("amount", &["nilai", "jumlah", "total", "nominal", "nilai rupiah", "jumlah rupiah"]),
    (
        "budget-line/amount",
        &[
            "anggaran",
            "nilai anggaran",
            "jumlah anggaran",
            "rincian",
            "pagu",
            "pagu anggaran",
            "total",
            "total harga",
            "nilai",
            "jumlah",
        ],
    ),
    ("budget-line/stage", &["tahap", "tahapan", "status tahap", "kode perubahan", "tahap apbd", "status tahap apbd"]),
    ("budget-line/stage_version", &["versi", "kode perubahan", "tahap ke"]),
    ("budget-line/stage_locked", &["is locked", "kunci", "terkunci", "is final", "disahkan"]),
    ("description", &["uraian", "keterangan", "deskripsi", "untuk keperluan", "ket", "keperluan"]),
    ("disbursement/description", &["keterangan sp2d", "keterangan dokumen", "uraian", "keterangan", "keperluan"]),
    ("disbursement/document_id", &["id spp", "id sp2d", "id dokumen", "nomor spp"]),
    ("disbursement/kind", &["jenis sp2d", "jenis spm", "jenis spp", "jenis dokumen", "jenis transaksi", "jenis"]),
    ("disbursement/ls_kind", &["jenis ls sp2d", "jenis ls"]),
    (
        "disbursement/amount",
        &["nilai sp2d", "nilai spm", "nilai spp", "nilai", "jumlah", "nilai bruto", "bruto", "nilai realisasi"],
    ),
    ("disbursement/status", &["status", "status sp2d", "status dokumen"]),
    ("disbursement/return_reason", &["alasan ditolak", "alasan"]),
    ("disbursement/payee", &["nama penerima", "penerima", "nm penerima", "nama rekanan", "pihak ketiga"]),
    ("disbursement/payee_account", &["nomor rekening penerima", "rekening penerima", "nomor rekening"]),
    ("disbursement/contract_number", &["nomor kontrak"]),
    (
        "disbursement/transferred_on",
        &["tanggal cair", "tanggal transfer", "tanggal sp2d transfer", "tanggal pencairan"],
    ),
    ("disbursement/transferred_at", &["transfer sp2d at", "transfer at"]),
    ("disbursement/lines.0.account", &["kode rekening"]),
    ("disbursement/lines.0.sub_activity", &["kode sub kegiatan"]),
    ("disbursement/lines", &["detail belanja", "rincian belanja", "rincian"]),
    ("disbursement/spp.number", &["nomor spp"]),
    ("disbursement/spp.date", &["tanggal spp"]),
    ("disbursement/spp.submitted_at", &["spp diajukan at", "tanggal pengajuan spp"]),
    ("disbursement/spp.verified_at", &["verifikasi spp at", "tanggal verifikasi spp"]),
    ("disbursement/spm.number", &["nomor spm"]),
    ("disbursement/spm.date", &["tanggal spm"]),
    ("disbursement/spm.issued_at", &["spm terbit at"]),
    ("disbursement/spm.received_at", &["spm diterima at", "tanggal terima spm"]),
    ("disbursement/sp2d.number", &["nomor sp2d"]),
    ("disbursement/sp2d.date", &["tanggal sp2d"]),
    ("disbursement/sp2d.issued_at", &["verifikasi sp2d at", "sp2d terbit at"]),
    ("realization/document", &["nomor dokumen", "nomor sp2b", "nomor spj", "nomor bukti", "nomor sp2d"]),
    ("realization/period", &["periode", "bulan"]),
    ("realization/recognised_on", &["tanggal dokumen", "tanggal", "tanggal pengakuan", "tanggal bukti"]),
    (
        "realization/amount",
        &["nilai realisasi", "realisasi", "jumlah realisasi", "realisasi anggaran", "realisasi bulan ini"],
    ),
    ("realization/direction", &["jenis", "jenis transaksi"]),
    ("cash-plan/total", &["total akb", "total", "jumlah", "total rak", "nilai rak", "anggaran"]),
    (
        "plan-activity/sub_activity",
        &["kode sub kegiatan", "kode program str", "kode kegiatan str", "kode", "kode program", "kode kegiatan"],
    ),
    ("plan-activity/name", &["nama", "nama program", "nama kegiatan", "nama sub kegiatan", "uraian", "nomenklatur"]),
    ("plan-activity/level", &["tingkat", "level"]),
    ("plan-activity/location", &["lokasi"]),
    ("plan-activity/starts_on", &["tanggal mulai", "waktu mulai"]),
    ("plan-activity/ends_on", &["tanggal selesai", "waktu selesai"]),
    (
        "ceiling",
        &["pagu", "pagu indikatif", "nilai pagu", "pagu program", "pagu kegiatan", "pagu paket", "pagu anggaran"],
    ),
    ("procurement-package/rup_code", &["kode rup", "id sirup", "kode paket", "id rup"]),
    ("procurement-package/name", &["nama paket", "paket"]),
    ("procurement-package/kind", &["jenis pengadaan", "kode jenis pengadaan"]),
    ("method", &["metode pengadaan", "kode metode pengadaan", "metode pemilihan", "metode"]),
    ("procurement-package/provider", &["cara pengadaan", "penyedia atau swakelola"]),
    ("procurement-package/lines.0.mak", &["mak"]),
    ("procurement-package/lines.0.amount", &["pagu", "nilai"]),
    ("procurement-package/lines/amount", &["pagu", "nilai", "jumlah"]),
    ("procurement-package/lines.0.sub_activity", &["kode sub kegiatan str"]),
    ("procurement-package/selection_starts_on", &["tanggal awal pemilihan"]),
    ("procurement-package/selection_ends_on", &["tanggal akhir pemilihan"]),
    (
        "procurement-package/contract_starts_on",
        &["tanggal awal kontrak", "tanggal awal pelaksanaan kontrak", "tanggal awal pelaksanaan"],
    ),
    (
        "procurement-package/contract_ends_on",
        &["tanggal akhir kontrak", "tanggal akhir pelaksanaan kontrak", "tanggal akhir pelaksanaan"],
    ),
    ("procurement-package/announced_at", &["tanggal pengumuman paket", "tanggal pengumuman", "tanggal umumkan"]),
    ("procurement-package/officer_nip", &["nip ppk"]),
    ("procurement-package/officer_name", &["nama ppk"]),
    ("tender/tender_code", &["kode tender", "kode lelang", "kode nontender", "id lelang"]),
    ("tender/rup_codes.0", &["kode rup"]),
    ("tender/name", &["nama paket", "nama tender", "nama lelang"]),
    ("tender/status", &["status tender", "status lelang", "status"]),
    ("tender/version", &["versi tender", "versi lelang"]),
    ("tender/estimate", &["hps", "nilai hps", "harga perkiraan sendiri"]),
    ("tender/announced_at", &["tanggal pengumuman tender", "tanggal pengumuman"]),
    ("tender/winner.vendor_id", &["kode penyedia"]),
    ("tender/winner.name", &["nama penyedia", "nama pemenang", "pemenang"]),
    ("tender/winner.amount", &["nilai kontrak", "nilai negosiasi", "nilai penawaran", "harga terkoreksi"]),
    ("tender/stages/order", &["kode tahapan", "urutan"]),
    ("tender/stages/name", &["nama tahapan", "tahapan"]),
    ("tender/stages/planned_starts_at", &["tanggal awal"]),
    ("tender/stages/planned_ends_at", &["tanggal akhir"]),
    ("tender/stages/version", &["perubahan"]),
    ("contract/contract_number", &["nomor kontrak", "nomor spk"]),
    ("contract/name", &["nama paket", "nama pekerjaan", "nama kontrak", "pekerjaan", "uraian pekerjaan"]),
    ("contract/rup_code", &["kode rup"]),
    ("contract/tender_code", &["kode tender"]),
    ("contract/vendor.name", &["nama penyedia", "penyedia", "nama rekanan", "nama perusahaan", "rekanan"]),
    ("contract/vendor.npwp", &["npwp penyedia", "npwp"]),
    ("contract/vendor.account", &["nomor rekening bank", "nomor rekening"]),
    ("contract/value", &["nilai kontrak", "nilai", "nilai spk", "harga kontrak"]),
    ("contract/signed_on", &["tanggal kontrak", "tanggal spk", "tanggal tanda tangan kontrak"]),
    (
        "contract/starts_on",
        &["tanggal kontrak awal", "tanggal mulai", "tanggal mulai kontrak", "tanggal mulai pekerjaan", "mulai"],
    ),
    (
        "contract/ends_on",
        &[
            "tanggal kontrak akhir",
            "tanggal selesai",
            "tanggal selesai kontrak",
            "tanggal selesai pekerjaan",
            "tanggal akhir kontrak",
            "selesai",
        ],
    ),
    ("contract/spmk.number", &["nomor spmk", "nomor spmk spp"]),
    ("contract/spmk.date", &["tanggal spmk", "tanggal spmk spp"]),
    ("contract/status", &["status kontrak"]),
    ("employee/employee_id", &["id pegawai", "nip", "id"]),
    ("employee/nip", &["nip"]),
    ("employee/name", &["nama", "nama pegawai", "nama lengkap"]),
    ("employee/position", &["jabatan", "nama jabatan"]),
    ("employee/supervisor_id", &["id atasan", "nip atasan"]),
    ("employee/status", &["status", "status pegawai", "status kepegawaian"]),
    ("work-log/entry_id", &["id", "id kegiatan", "id log", "id laporan"]),
    ("work-log/employee_id", &["id pegawai", "nip", "user id"]),
    ("work-log/date", &["tanggal", "hari tanggal"]),
    (
        "work-log/activity",
        &["rincian kegiatan", "kegiatan", "uraian", "uraian kegiatan", "aktivitas", "uraian pekerjaan"],
    ),
    ("work-log/output", &["hasil", "hasil kegiatan", "output", "realisasi"]),
    ("work-log/minutes", &["menit", "durasi menit", "durasi", "lama"]),
    ("work-log/status", &["status", "status log", "status persetujuan"]),
    ("work-log/decided_on", &["tanggal putusan", "tanggal persetujuan", "tanggal disetujui"]),
    ("work-log/comment", &["komentar", "komentar atasan", "catatan", "catatan atasan"]),
    ("progress-report/subject", &["kode sub kegiatan", "nomor kontrak", "kode rup"]),
    ("progress-report/date", &["tanggal", "tanggal laporan", "tanggal ukur"]),
    ("progress-report/planned", &["target fisik", "rencana", "rencana fisik", "target", "bobot rencana"]),
    (
        "progress-report/actual",
        &["realisasi fisik", "realisasi", "fisik", "progres", "progres pekerjaan", "bobot realisasi"],
    ),
    ("progress-report/problem", &["permasalahan", "masalah", "kendala", "hambatan"]),
    ("indicator/indicator", &["kode indikator", "id indikator"]),
    ("indicator/name", &["indikator", "nama indikator", "uraian indikator"]),
    ("indicator/unit", &["satuan"]),
    ("indicator/period", &["periode", "tahun"]),
    ("indicator/target", &["target", "target tahunan"]),
    ("indicator/value", &["nilai", "capaian", "realisasi", "realisasi kinerja"]),
    ("indicator/source", &["sumber", "sumber data"]),
    ("service-case/case_id", &["id permohonan", "nomor permohonan", "nomor registrasi", "nomor antrian", "id"]),
    ("service-case/kind", &["jenis layanan", "jenis izin"]),
    ("service-case/opened_at", &["tanggal masuk", "waktu masuk", "tanggal permohonan", "diterima"]),
    ("service-case/closed_at", &["tanggal selesai", "waktu selesai"]),
    ("service-case/status", &["status", "status permohonan"]),
    ("service-case/applicant", &["nama pemohon", "pemohon"]),
];

/// The months of a cash plan.
const MONTHS: [[&str; 3]; 12] = [
    ["bulan 1", "jan", "januari"],
    ["bulan 2", "feb", "februari"],
    ["bulan 3", "mar", "maret"],
    ["bulan 4", "apr", "april"],
    ["bulan 5", "mei", "mei"],
    ["bulan 6", "jun", "juni"],
    ["bulan 7", "jul", "juli"],
    ["bulan 8", "agt", "agustus"],
    ["bulan 9", "sep", "september"],
    ["bulan 10", "okt", "oktober"],
    ["bulan 11", "nov", "november"],
    ["bulan 12", "des", "desember"],
];

/// Words by which sources write a value of a target.
const MEANINGS: &[(&str, &[&str])] = &[
    ("true", &["aktif", "ya", "terkunci", "final", "sudah"]),
    ("false", &["tidak aktif", "nonaktif", "non aktif", "tidak", "belum", "terbuka"]),
    ("murni", &["apbd murni", "penetapan", "apbd"]),
    ("pergeseran", &["apbd pergeseran", "pergeseran anggaran"]),
    ("perubahan", &["apbd perubahan", "p apbd", "apbdp", "apbd p"]),
    ("draft", &["draf", "konsep"]),
    ("submitted", &["diajukan", "pengajuan", "menunggu", "menunggu persetujuan"]),
    ("returned", &["ditolak", "dikembalikan", "perbaikan"]),
    ("spm", &["spm terbit", "diterima"]),
    ("sp2d", &["final", "sp2d terbit", "terbit"]),
    ("transferred", &["ditransfer", "transfer", "cair", "dicairkan", "sudah cair"]),
    ("void", &["dihapus", "batal", "dibatalkan"]),
    ("approved", &["disetujui", "setuju"]),
    ("rejected", &["ditolak", "tolak"]),
    ("active", &["aktif", "berjalan", "kontrak sedang berjalan", "sedang berjalan"]),
    ("finished", &["selesai", "kontrak selesai"]),
    ("terminated", &["putus kontrak", "pemutusan kontrak", "diputus"]),
    ("open", &["proses", "dalam proses", "baru", "diproses"]),
    ("done", &["selesai"]),
    ("withdrawn", &["ditarik", "batal", "dibatalkan"]),
    ("konstruksi", &["pekerjaan konstruksi"]),
    ("konsultansi", &["jasa konsultansi", "jasa konsultan", "jasa konsultansi badan usaha"]),
    ("barang-jasa", &["barang jasa", "barang dan jasa"]),
    ("gaji", &["gaji tunjangan", "gaji dan tunjangan"]),
    ("penyedia", &["pds", "penyedia dalam swakelola"]),
    ("expenditure", &["belanja", "pengeluaran"]),
    ("revenue", &["pendapatan", "penerimaan"]),
    ("skpd", &["opd", "dinas", "badan"]),
    ("blud", &["rsud", "blu blud"]),
    ("activity", &["kegiatan"]),
    ("sub-activity", &["sub kegiatan", "subkegiatan"]),
    ("contract", &["kontrak"]),
    ("package", &["paket"]),
    ("input", &["masukan"]),
    ("output", &["keluaran"]),
    ("outcome", &["hasil"]),
    ("benefit", &["manfaat"]),
    ("impact", &["dampak"]),
    ("macro", &["makro"]),
];

/// Values by the numbers that LKPP gives them, which no word tells.
const NUMBERS: &[(&str, &str)] = &[("barang", "1"), ("konstruksi", "2"), ("konsultansi", "3"), ("jasa-lainnya", "4")];

/// What the values of a shared definition are, for people.
const FORMS: &[(&str, &str)] = &[
    ("account", "account codes of six levels"),
    ("account_level", "account codes"),
    ("agency", "codes of agencies"),
    ("fiscal_year", "fiscal years"),
    ("fund", "codes of funds"),
    ("mak", "MAK"),
    ("month", "months"),
    ("money", "amounts"),
    ("nip", "NIP of 18 digits"),
    ("percent", "percentages"),
    ("plan_code", "codes of programs, activities or sub-activities"),
    ("rup_code", "RUP codes"),
    ("sub_activity", "codes of sub-activities"),
    ("tender_code", "tender codes"),
];

/// Short forms of words, and other words for the same.
const SAME: &[(&str, &str)] = &[
    ("kd", "kode"),
    ("no", "nomor"),
    ("nmr", "nomor"),
    ("tgl", "tanggal"),
    ("nm", "nama"),
    ("thn", "tahun"),
    ("th", "tahun"),
    ("jml", "jumlah"),
    ("jlh", "jumlah"),
    ("ket", "keterangan"),
    ("rek", "rekening"),
    ("akun", "rekening"),
    ("giat", "kegiatan"),
    ("keg", "kegiatan"),
    ("prog", "program"),
    ("jns", "jenis"),
    ("jn", "jenis"),
    ("opd", "skpd"),
    ("mtd", "metode"),
    ("jab", "jabatan"),
    ("januari", "jan"),
    ("februari", "feb"),
    ("maret", "mar"),
    ("april", "apr"),
    ("juni", "jun"),
    ("juli", "jul"),
    ("agustus", "agt"),
    ("agu", "agt"),
    ("ags", "agt"),
    ("september", "sep"),
    ("sept", "sep"),
    ("oktober", "okt"),
    ("november", "nov"),
    ("nopember", "nov"),
    ("nop", "nov"),
    ("desember", "des"),
    ("progress", "progres"),
];

/// Words that are written as one.
const JOINED: &[(&str, &[&str])] = &[
    ("subkegiatan", &["sub", "kegiatan"]),
    ("subgiat", &["sub", "kegiatan"]),
    ("subskpd", &["sub", "skpd"]),
    ("sumberdana", &["sumber", "dana"]),
    ("koderekening", &["kode", "rekening"]),
    ("kodeakun", &["kode", "rekening"]),
    ("kdrek", &["kode", "rekening"]),
];

/// What a target of a type goes by in sources.
pub(super) fn phrases<'a>(record_type: &str, path: &'a str) -> Vec<&'a str> {
    let of =
        |wanted: &str| PHRASES.iter().find(|(target, _)| *target == wanted).map(|(_, phrases)| phrases.iter().copied());
    if let Some(month) = path.strip_prefix("months.").and_then(|number| number.parse::<usize>().ok()) {
        return MONTHS.get(month).map_or_else(Vec::new, |month| month.to_vec());
    }
    let own = of(&format!("{record_type}/{path}")).map(Iterator::collect::<Vec<&str>>);
    let shared = || of(path).map(Iterator::collect::<Vec<&str>>);
    let last = || of(path.rsplit('.').next()?).map(Iterator::collect::<Vec<&str>>);
    own.or_else(shared).or_else(last).unwrap_or_default()
}

/// What the values of a shared definition are, for people.
pub(super) fn form(name: &str) -> Option<&'static str> {
    FORMS.iter().find(|(form, _)| *form == name).map(|(_, what)| *what)
}

/// Whether a word of a source means this value of a target.
pub(super) fn means(word: &str, value: &str) -> bool {
    let plain = |text: &str| {
        text.to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let word = plain(word);
    let known = MEANINGS.iter().find(|(known, _)| *known == value).map_or(&[][..], |(_, words)| words);
    let listed =
        |list: &str, column: Option<&str>| {
            let entry = muara_schemas::codes::list(list)?.codes().find(|(code, _)| *code == value)?.1;
            Some(column.map_or_else(
                || plain(&entry.name) == word,
                |column| entry.more.get(column).is_some_and(|c| *c == word),
            ))
        };
    word == plain(value)
        || known.contains(&word.as_str())
        || NUMBERS.contains(&(value, word.as_str()))
        || listed("methods", None) == Some(true)
        || listed("methods", Some("lkpp_code")) == Some(true)
}

/// A name as words in small letters, short forms written out: `KdRek`, `kd_rek` and `Kode Rekening` are one.
pub(crate) fn normal(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    for letter in name.chars() {
        let begins = (last.is_lowercase() && letter.is_uppercase()) || !last.is_alphanumeric();
        if letter.is_alphanumeric() {
            match words.last_mut().filter(|_| !begins) {
                Some(word) => word.extend(letter.to_lowercase()),
                None => words.push(letter.to_lowercase().collect()),
            }
        }
        last = letter;
    }
    // SIPD writes `sp_2_d`.
    for document in ["sp2d", "sp2b", "sp3b"] {
        let parts = [&document[..2], &document[2..3], &document[3..]];
        while let Some(at) = words.windows(3).position(|window| window == parts) {
            words.splice(at..at + 3, [document.to_owned()]);
        }
    }
    words.iter().flat_map(|word| one(word)).filter(|word| word != "str").collect()
}

fn one(word: &str) -> Vec<String> {
    if let Some((_, parts)) = JOINED.iter().find(|(joined, _)| *joined == word) {
        return parts.iter().map(|part| (*part).to_owned()).collect();
    }
    if word.bytes().all(|byte| byte.is_ascii_digit()) {
        return vec![word.trim_start_matches('0').to_owned()];
    }
    let digits = word.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
    if digits >= 3 && digits < word.len() {
        return [one(&word[..digits]), vec![word[digits..].trim_start_matches('0').to_owned()]].concat();
    }
    let same = SAME.iter().find(|(short, _)| *short == word).map_or(word, |(_, long)| long);
    vec![same.to_owned()]
}
