//! SIMDA Keuangan from a copy of its tables, behind views.

use sqlx::{ConnectOptions, Connection};

use super::ledger::{bodies, broken, sum};
use super::{counts, read, rig};

const TABLES: &str = "
create table v_muara_belanja (tahun int, kd_perubahan int, kode_simda text, kd_sumber int, terkunci int, kode_skpd text, kode_sub_kegiatan text, kode_rekening text, kode_dana text, total text);
insert into v_muara_belanja values
    (2026, 4, '1.2.1', 1, 1, '1.02.0.00.0.00.01.0000', '1.02.02.2.02.0008', '5.1.02.01.01.0024', '1.1.01', '12500000.50'),
    (2026, 6, '1.2.1', 1, 0, '1.02.0.00.0.00.01.0000', '1.02.02.2.02.0008', '5.1.02.01.01.0024', '1.1.01', '13000000.00'),
    (2026, 6, '1.2.2', 1, 0, '1.02.0.00.0.00.01.0000', '1.02.02.2.02.0008', null, '1.1.01', '1.00'),
    (2025, 4, '1.2.1', 1, 1, '1.02.0.00.0.00.01.0000', '1.02.02.2.02.0008', '5.1.02.01.01.0024', '1.1.01', '99.00');
create table v_muara_rencana (tahun int, kode_simda text, kode_skpd text, kode_sub_kegiatan text, kode_rekening text,
    jan text, feb text, mar text, apr text, mei text, jun text, jul text, agu text, sep text, okt text, nov text, des text, total text);
insert into v_muara_rencana values
    (2026, '1.2.1', '1.02.0.00.0.00.01.0000', '1.02.02.2.02.0008', '5.1.02.01.01.0024', '0.0000', '0', '1250000.5000', '0', '0', '0', '0', '0', '0', '0', '0', '0', '1250000.5000'),
    (2026, '1.2.2', '1.02.0.00.0.00.01.0000', '1.02.02.2.02.0008', '5.1.02.01.01.0025', null, '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0');
create table v_muara_sp2d (tahun int, no_spm text, jn_spm int, tgl_spm text, uraian text, nilai text, rincian text, no_sp2d text, tgl_sp2d text, kode_skpd text);
insert into v_muara_sp2d values
    (2026, '38', 3, '2026-03-10 00:00:00', 'Alat tulis', '3100000.00',
     '[{\"kode_sub_kegiatan\": \"1.02.02.2.02.0008\", \"kode_rekening\": \"5.1.02.01.01.0024\", \"nilai\": 3100000.00}]', '512', '2026-03-11 00:00:00', '1.02.0.00.0.00.01.0000'),
    (2026, '39', 1, '2026-01-10 00:00:00', 'Uang persediaan', '500000000.00', '[]', null, null, '1.02.0.00.0.00.01.0000'),
    (2026, '40', 5, '2026-03-12 00:00:00', 'Nihil', '1.00', '[]', null, null, '1.02.0.00.0.00.01.0000'),
    (2026, '41', 3, '1900-01-01 00:00:00', 'Tanpa tanggal', '1.00', '[]', null, null, '1.02.0.00.0.00.01.0000');
create table v_muara_realisasi (tahun int, asal text, no_dokumen text, no_id int, tanggal text, d_k text, nilai text, kode_skpd text, kode_sub_kegiatan text, kode_rekening text);
insert into v_muara_realisasi values
    (2026, 'sp2d', '512', 1, '2026-03-11 00:00:00', null, '3100000.00', '1.02.0.00.0.00.01.0000', '1.02.02.2.02.0008', '5.1.02.01.01.0024'),
    (2026, 'penyesuaian', '7', 1, '2026-04-30 00:00:00', 'K', '125000.50', '1.02.0.00.0.00.01.0000', '1.02.02.2.02.0008', '5.1.02.01.01.0024'),
    (2026, 'sp2b', '3', 1, '2026-04-30 00:00:00', null, '4200000000.00', '1.02.0.00.0.00.01.0001', null, '4.1.04.16.01.0001'),
    (2026, 'jurnal', '8', 1, '2026-04-30 00:00:00', 'D', '1.00', '1.02.0.00.0.00.01.0000', null, '5.1.02.01.01.0024');
";

#[tokio::test(flavor = "multi_thread")]
async fn the_old_bookkeeping_is_read_from_its_copy() {
    let mut rig = rig("simda-keuangan.yaml", &[]);
    let path = rig.path("simda.db");
    let copy = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut copy = copy.connect().await.unwrap();
    sqlx::raw_sql(TABLES).execute(&mut copy).await.unwrap();
    copy.close().await.unwrap();
    rig.set("MUARA_SIMDA_URL", format!("sqlite:{}", path.display()));

    let reports = read(&mut rig).await;

    assert_eq!((counts(&reports, "belanja"), sum(&rig, "belanja")), ((2, 1, 0), 2_550_000_050));
    let unknown = &rig.hub.keep().quarantine["belanja"]["2026|6|1.2.2|1"].errors[0].target.clone();
    assert_eq!(unknown, "/account", "an account that the mapping does not know keeps its key");
    assert_eq!((counts(&reports, "rencana"), broken(&rig, "rencana").len()), ((1, 1, 0), 1));
    assert_eq!((counts(&reports, "sp2d"), sum(&rig, "sp2d")), ((2, 1, 1), 50_310_000_000));
    let states: Vec<_> = bodies(&rig, "sp2d").iter().map(|body| body["status"].clone()).collect();
    assert_eq!(states, ["sp2d", "spm"]);
    assert_eq!((counts(&reports, "realisasi"), sum(&rig, "realisasi")), ((3, 1, 0), 420_297_499_950));
    rig.stop().await;
}

/// A tap as far as this definition needs one: it has the four views, and two lines in one of them.
const TAP: &str = r#"#!/bin/sh
case "$*" in *--discover*)
  echo '{"streams":['
  for view in belanja rencana sp2d realisasi; do
    echo "{\"tap_stream_id\":\"dbo-v_muara_$view\",\"stream\":\"v_muara_$view\",\"schema\":{}},"
  done
  echo '{"tap_stream_id":"dbo-other","stream":"other","schema":{}}]}'
  exit 0;;
esac
grep -q '"password":"hush-hush"' "$2" || exit 7
record() { echo "{\"type\":\"RECORD\",\"stream\":\"v_muara_belanja\",\"record\":{\"tahun\":$1,\"kd_perubahan\":4,\"kode_simda\":\"1.2.1\",\"kd_sumber\":1,\"terkunci\":1,\"kode_skpd\":\"1.02.0.00.0.00.01.0000\",\"kode_sub_kegiatan\":\"1.02.02.2.02.0008\",\"kode_rekening\":\"5.1.02.01.01.0024\",\"kode_dana\":\"1.1.01\",\"total\":$2}}"; }
record 2026 12500000.50
record 2025 99.0
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_old_bookkeeping_is_read_through_a_tap() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut rig = rig("simda-singer.yaml", &[]);
    let path = rig.path("tap-mssql");
    std::fs::write(&path, TAP).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let text = include_str!("../../../catalog/simda-singer.yaml");
    rig.define_text(&text.replace("command: [tap-mssql]", &format!("command: [{}]", path.display())));
    for name in ["HOST", "DATABASE", "USER"] {
        rig.set(&format!("MUARA_SIMDA_{name}"), "simda");
    }
    rig.set("MUARA_SIMDA_PASSWORD", "hush-hush");

    let reports = read(&mut rig).await;

    assert_eq!(
        (counts(&reports, "belanja"), sum(&rig, "belanja")),
        ((1, 0, 1), 1_250_000_050),
        "one is of another year"
    );
    assert_eq!(counts(&reports, "sp2d"), (0, 0, 0), "a view without a row is no fault");
}
