//! The words of the field: what sources call a target, and what their values mean.
//!
//! To add one: a phrase behind its target in [`PHRASES`], a word behind its value in [`MEANINGS`].

mod phrases;

use phrases::PHRASES;

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
