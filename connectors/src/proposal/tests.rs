//! Fields as the systems of the field name and fill them.

use muara_schemas::Catalog;

use super::*;

mod doubt;

fn best(record_type: &str, name: &str, values: &[&str]) -> Option<(String, String)> {
    let field = SourceField::of(name, values.iter().map(|value| Some(*value)));
    let found = for_field(&field, Catalog::embedded().get(record_type).unwrap(), &[]);
    found.into_iter().next().map(|first| (first.target, first.rule))
}

#[test]
fn fields_find_their_targets() {
    let long = "1.02.0.00.0.00.01.0000";
    for (record_type, name, values, target, rule) in [
        ("budget-line", "kode_skpd", &[long][..], "agency", "kode_skpd"),
        ("budget-line", "kd_rek", &["5.1.02.01.01.0024"], "account", "kd_rek"),
        ("budget-line", "Kode Rekening", &["5 .1.02.01.01.0024"], "account", "{from: Kode Rekening, as: code}"),
        ("budget-line", "x7", &["5.1.02.01.01.0024", "5.2.02.10.01.0002"], "account", "x7"),
        ("budget-line", "kodeSubGiat", &["1.02.02.2.02.0008"], "sub_activity", "kodeSubGiat"),
        ("budget-line", "pagu", &["1250000", "99000"], "amount", "pagu"),
        ("budget-line", "Jumlah (Rp)", &["1.250.000,50"], "amount", "{from: \"Jumlah (Rp)\", as: money_id}"),
        ("budget-line", "tahun", &["2026"], "fiscal_year", "tahun"),
        (
            "budget-line",
            "tahap",
            &["APBD Murni", "APBD Perubahan"],
            "stage",
            "{from: tahap, via: {APBD Murni: murni, APBD Perubahan: perubahan}}",
        ),
        ("budget-line", "sumberdana", &["1.1.01", "1.2.02"], "fund", "sumberdana"),
        (
            "contract",
            "tgl_kontrak",
            &["07/03/2026", "28/02/2026"],
            "signed_on",
            "{from: tgl_kontrak, as: date(\"dd/MM/yyyy\")}",
        ),
        (
            "contract",
            "tgl_kontrak_akhir",
            &["7 Maret 2026"],
            "ends_on",
            "{from: tgl_kontrak_akhir, as: date(\"d MMMM yyyy\")}",
        ),
        ("contract", "nm_penyedia", &["CV Contoh"], "vendor.name", "nm_penyedia"),
        ("disbursement", "nomor_sp_2_d", &["33.02/04.0/000003/LS/1/2026"], "sp2d.number", "nomor_sp_2_d"),
        (
            "disbursement",
            "tanggal_sp_2_d",
            &["2026-02-07 00:00:00", "0001-01-01 00:00:00"],
            "sp2d.date",
            "tanggal_sp_2_d",
        ),
        ("disbursement", "jenis_sp_2_d", &["LS", "GU"], "kind", "jenis_sp_2_d"),
        (
            "procurement-package",
            "kd_jenis_pengadaan",
            &["1", "3"],
            "kind",
            "{from: kd_jenis_pengadaan, via: {\"1\": barang, \"3\": konsultansi}}",
        ),
        (
            "procurement-package",
            "kd_metode_pengadaan",
            &["9", "13"],
            "method",
            "{from: kd_metode_pengadaan, via: {\"13\": tender, \"9\": e-purchasing}}",
        ),
        ("cash-plan", "bulan_11", &["100000"], "months.10", "bulan_11"),
        ("employee", "NIP", &["190001012001011012"], "nip", "NIP"),
        ("work-log", "rincian_kegiatan", &["Menyusun laporan"], "activity", "rincian_kegiatan"),
    ] {
        assert_eq!(
            best(record_type, name, values),
            Some((target.to_owned(), rule.to_owned())),
            "{name} of {record_type}"
        );
    }
}

#[test]
fn a_field_that_is_like_nothing_is_left_alone() {
    for (name, values) in [("warna", &["biru"][..]), ("is_gaji", &["x"]), ("created_by", &["7"])] {
        assert_eq!(best("budget-line", name, values), None, "{name}");
    }
}

#[test]
fn what_is_taken_is_not_proposed_again() {
    let record_type = Catalog::embedded().get("disbursement").unwrap();
    let field = SourceField::of("nomor_spm", [Some("1/SPM/2026")]);

    let free = for_field(&field, record_type, &[]);
    let taken = for_field(&field, record_type, &["/spm/number"]);

    assert_eq!(free[0].target, "spm.number");
    assert!(free[0].confidence >= 90 && free[0].reasons.iter().any(|reason| reason.contains("nomor spm")), "{free:?}");
    assert!(taken.iter().all(|proposal| proposal.target != "spm.number"));
}

#[test]
fn values_that_do_not_fit_cost_confidence_and_are_told_by_their_form() {
    let record_type = Catalog::embedded().get("budget-line").unwrap();
    let of = |values: &[&str]| {
        let field = SourceField::of("nilai", values.iter().map(|value| Some(*value)));
        for_field(&field, record_type, &[]).remove(0)
    };

    let (good, mixed) = (of(&["1000000", "2000000", "3000000"]), of(&["1000000", "2000000", "Budi 12"]));

    assert!(good.confidence > mixed.confidence + 10, "{good:?} {mixed:?}");
    assert!(mixed.reasons.iter().any(|reason| reason.contains("`aaaa 99`")), "{mixed:?}");
}

#[test]
fn a_list_of_objects_becomes_a_list_of_the_target() {
    let record = r#"{"kd_rup": 1, "anggaran": [{"mak": "1.02.02.2.02.0008.5.1.02.01.01.0024", "pagu": 1000000}]}"#;
    let mut sample = Sample::default();
    sample.take(&crate::raw::Raw::Json(record.into()).parse().unwrap());

    let field = &sample.fields()[1];
    let found = for_field(field, Catalog::embedded().get("procurement-package").unwrap(), &[]);

    assert_eq!(found[0].rule, "{each: anggaran, map: {mak: mak, amount: pagu}}");
}

#[test]
fn names_are_compared_by_their_words() {
    for name in ["kd_rek", "KdRek", "Kode Rekening", "kodeAkun", "KODE_AKUN"] {
        assert_eq!(words::normal(name), ["kode", "rekening"], "{name}");
    }
    assert_eq!(words::normal("tanggal_sp_2_d"), ["tanggal", "sp2d"]);
    assert_eq!(words::normal("bulan_01"), words::normal("Bulan1"));
}

/// The fields of records that are given as names and values.
fn fields(record: &[(&str, &[&str])]) -> Vec<SourceField> {
    record.iter().map(|(name, values)| SourceField::of(name, values.iter().map(|value| Some(*value)))).collect()
}

#[test]
fn the_records_of_known_systems_find_their_types() {
    let skpd: &[&str] = &["1.02.0.00.0.00.01.0000"];
    let sub: &[&str] = &["1.02.02.2.02.0008"];
    let account: &[&str] = &["5.1.02.01.01.0024", "5.2.02.10.01.0002"];
    let realisation = fields(&[
        ("id_realisasi", &["900001"]),
        ("kode_skpd", skpd),
        ("nama_skpd", &["Dinas Kesehatan"]),
        ("tahun", &["2026"]),
        ("nomor_dokumen", &["33.02/LRA/1017/03/2026"]),
        ("periode", &["2026-03"]),
        ("tanggal_dokumen", &["2026-03-31 00:00:00"]),
        ("kode_sub_giat", sub),
        ("kode_rekening", account),
        ("kode_dana", &["1.1.01"]),
        ("nilai_realisasi", &["116338787"]),
    ]);
    let simda = fields(&[
        ("no_id", &["300001"]),
        ("tahun", &["2026"]),
        ("kode_skpd", skpd),
        ("kode_sub_kegiatan", sub),
        ("kode_rekening", account),
        ("kode_dana", &["1.1.01"]),
        ("kunci", &["1"]),
        ("keterangan", &["Alat tulis"]),
        ("total", &["12500000.00"]),
    ]);
    let sp2d = fields(&[
        ("id_spp", &["13902"]),
        ("nomor_spp", &["1/SPP/2026"]),
        ("tanggal_spp", &["2026-02-01"]),
        ("nomor_spm", &["1/SPM/2026"]),
        ("tanggal_spm", &["2026-02-02"]),
        ("nomor_sp_2_d", &["1/SP2D/2026"]),
        ("tanggal_sp_2_d", &["2026-02-07"]),
        ("jenis_sp_2_d", &["LS"]),
        ("nilai_sp_2_d", &["116338787"]),
        ("kode_sub_skpd", skpd),
        ("tahun", &["2026"]),
    ]);
    let rup = fields(&[
        ("kd_rup", &["64480001"]),
        ("kd_satker_str", skpd),
        ("tahun_anggaran", &["2026"]),
        ("nama_paket", &["Belanja Modal"]),
        ("pagu", &["150000000"]),
        ("metode_pengadaan", &["E-Purchasing"]),
        ("jenis_pengadaan", &["Barang"]),
        ("status_aktif_rup", &["true"]),
    ]);
    let log = fields(&[
        ("id", &["1000001"]),
        ("id_pegawai", &["P0012"]),
        ("kode_skpd", skpd),
        ("tahun", &["2026"]),
        ("tanggal", &["01/10/2026"]),
        ("rincian_kegiatan", &["Menyusun laporan"]),
        ("hasil", &["1 laporan"]),
        ("menit", &["120"]),
        ("status", &["disetujui"]),
    ]);
    for (fields, record_type, lines) in [
        (
            realisation,
            "realization",
            &[
                ("amount", "nilai_realisasi"),
                ("account", "kode_rekening"),
                ("period", "periode"),
                ("document", "nomor_dokumen"),
                ("agency", "kode_skpd"),
            ][..],
        ),
        (
            simda,
            "budget-line",
            &[
                ("amount", "total"),
                ("account", "kode_rekening"),
                ("sub_activity", "kode_sub_kegiatan"),
                ("fund", "kode_dana"),
                ("stage_locked", "kunci"),
            ],
        ),
        (
            sp2d,
            "disbursement",
            &[
                ("amount", "nilai_sp_2_d"),
                ("document_id", "id_spp"),
                ("sp2d.number", "nomor_sp_2_d"),
                ("spm.date", "tanggal_spm"),
                ("spp.number", "nomor_spp"),
                ("kind", "jenis_sp_2_d"),
            ],
        ),
        (
            rup,
            "procurement-package",
            &[("rup_code", "kd_rup"), ("ceiling", "pagu"), ("name", "nama_paket"), ("active", "status_aktif_rup")],
        ),
        (
            log,
            "work-log",
            &[
                ("entry_id", "id"),
                ("employee_id", "id_pegawai"),
                ("activity", "rincian_kegiatan"),
                ("minutes", "menit"),
            ],
        ),
    ] {
        let best = best_of(&fields);
        assert_eq!(best.record_type, record_type, "{best:#?}");
        assert_eq!(best.missing, Vec::<String>::new(), "{record_type}");
        for (target, source) in lines {
            let line = best.lines.iter().find(|line| line.proposal.target == *target);
            assert_eq!(line.and_then(|line| line.source.as_deref()), Some(*source), "{target} of {record_type}");
        }
    }
}

fn best_of(fields: &[SourceField]) -> Assignment {
    super::best(fields, &Given::default()).remove(0)
}

#[test]
fn a_key_is_an_id_before_a_number_of_a_document_and_else_what_is_unique_together() {
    let of = |record: &[(&str, &[&str])]| {
        let fields = fields(record);
        let rows: Vec<Vec<Option<String>>> = (0..record[0].1.len())
            .map(|at| record.iter().map(|(_, values)| Some(values[at].to_owned())).collect())
            .collect();
        key(&fields, &rows).unwrap().fields
    };

    assert_eq!(of(&[("nomor_sp2d", &["1", "2"]), ("id_spp", &["7", "8"]), ("nilai", &["1", "2"])]), ["id_spp"]);
    assert_eq!(of(&[("nomor_kontrak", &["a/1", "a/2"]), ("nilai", &["1", "2"])]), ["nomor_kontrak"]);
    assert_eq!(of(&[("tahun", &["2025", "2026", "2026"]), ("kode", &["x", "x", "y"])]), ["kode", "tahun"]);
    assert_eq!(of(&[("No", &["1", "2"]), ("kode", &["x", "y"])]), ["kode"], "the number of a row is none");
}
