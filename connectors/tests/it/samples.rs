//! A real dump and a real list, where they are at hand: `MUARA_SAMPLES` names a folder with public files that are not ours to ship.

use std::path::PathBuf;
use std::process::Command;

use crate::database::Brand;
use crate::http;
use crate::rig::MAP;

/// Codes of provinces, regencies, districts and villages, as a list of `kode` and `nama`.
const REGIONS: &str = "    read: {table: wilayah}
    target: budget-line
    key: [kode]
    map:
      agency: {const: 1.02.0.00.0.00.01.0000}
      fiscal_year: {const: 2026}
      sub_activity: {const: 1.02.02.2.02.0008}
      account: {const: 5.1.02.01.01.0024}
      fund: {const: 1.1.01}
      ledger: {const: apbd}
      stage: {const: murni}
      stage_version: {const: 0}
      stage_locked: {const: true}
      amount: {const: 0}
      description: nama
";

fn real(file: &str) -> Option<PathBuf> {
    let samples = std::env::var_os("MUARA_SAMPLES").map(|samples| PathBuf::from(samples).join("indonesia").join(file));
    let found = samples.filter(|file| file.is_file());
    if found.is_none() {
        eprintln!("MUARA_SAMPLES names no folder of real files");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_list_of_tenders_sums_to_the_rupiah() {
    let Some(list) = real("spse-lpse/kota-surabaya-2012.json") else { return };
    let (mut rig, server) = http::rig("", "    read: {get: /dt/lelang, records: data}\n").await;
    let map = MAP.replace("amount: nilai", "amount: {from: nilai, as: money_id}");
    let read = "    read: {get: /dt/lelang, records: data, columns: [id, uraian, klpd, tahap, nilai]}\n";
    rig.define_stream("  kind: http\n  base_url: {env: URL}", &format!("{read}{map}"));
    server.say(200, std::fs::read(list).unwrap());

    let report = rig.run(false).await;

    assert_eq!((report.counts.published, report.counts.quarantined), (398, 0));
    let kept = rig.hub.keep();
    let rupiah = |key: &String| {
        let body = kept.body("dpa", key).unwrap();
        body["amount"].as_str().and_then(|amount| amount.strip_suffix(".00")).unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(kept.keys("dpa").iter().map(|key| rupiah(&key.to_string())).sum::<u64>(), 308_742_900_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_regions_of_a_real_dump_are_all_there() {
    let Some(dump) = real("wilayah/wilayah.sql.gz") else { return };
    let dump = Command::new("gzip").arg("-dc").arg(dump).output().expect("gzip is there");
    let (mut rig, mut database) = Brand::Mysql.rig("    read: {table: wilayah}\n").await;
    rig.define_stream("  kind: sql\n  url: {env: DB}", REGIONS);
    database.exec(std::str::from_utf8(&dump.stdout).expect("the dump is text")).await;

    let report = rig.run(false).await;

    assert_eq!((report.counts.published, report.counts.quarantined), (91_599, 0));
    let keys = rig.hub.keep().keys("dpa");
    let of_length = |length: usize| keys.iter().filter(|key| key.len() == length).count();
    assert_eq!((of_length(2), of_length(5)), (38, 514), "provinces; regencies and cities");
    assert_eq!(rig.hub.keep().body("dpa", "33.02").unwrap()["description"], "Kabupaten Banyumas");
    assert_eq!(rig.run(false).await.counts.unchanged, 91_599);
    rig.stop().await;
    database.drop().await;
}
