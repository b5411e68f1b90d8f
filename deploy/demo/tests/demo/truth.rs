//! `truth.json` against a second count over what the systems serve, by code that shares nothing with the world.

use std::collections::BTreeMap;

use muara_demo::Measure;
use serde_json::Value;

use crate::client::{Town, sen, text, wire};

type Sums = BTreeMap<String, [i128; 3]>;

/// The absorption sums over the raw records, broken ones included where agency, year and amount can be read.
async fn served(town: &Town) -> Sums {
    let mut sums = Sums::new();
    let lines = town.sipd("dpa").await;
    let mut newest: BTreeMap<&str, i64> = BTreeMap::new();
    for line in lines.iter().filter(|line| line["is_locked"] == "1") {
        if let Some(agency) = text(line, "kode_skpd") {
            let version: i64 = text(line, "versi").unwrap().parse().unwrap();
            newest.entry(agency).and_modify(|newest| *newest = version.max(*newest)).or_insert(version);
        }
    }
    for line in &lines {
        // The list was asked for by its year, so a line whose own year is unreadable is of that year all the same.
        let (Some(agency), Some(amount)) = (text(line, "kode_skpd"), text(line, "rincian").and_then(sen)) else {
            continue;
        };
        if newest.get(agency).map(ToString::to_string).as_deref() == text(line, "versi") {
            sums.entry(agency.to_owned()).or_default()[0] += amount;
        }
    }
    for payment in &town.sipd("sp2d").await {
        let spending = matches!(text(payment, "jenis_sp_2_d"), Some("LS" | "GU"))
            && text(payment, "transfer_sp_2_d_at") != Some("0001-01-01 00:00:00");
        if let (true, Some(agency), Some(amount)) =
            (spending, text(payment, "kode_sub_skpd"), text(payment, "nilai_sp_2_d").and_then(sen))
        {
            sums.entry(agency.to_owned()).or_default()[1] += amount;
        }
    }
    for line in &town.sipd("lra").await {
        if let (Some(agency), Some(amount)) = (text(line, "kode_skpd"), text(line, "nilai_realisasi").and_then(sen)) {
            sums.entry(agency.to_owned()).or_default()[2] += amount;
        }
    }
    sums
}

fn told(town: &Town) -> Sums {
    let amounts = |row: &muara_demo::Absorption| {
        [&row.budget, &row.realized_sp2d, &row.realized_lra].map(|amount| sen(amount).unwrap())
    };
    town.demo.truth().absorption.iter().map(|row| (row.agency.to_owned(), amounts(row))).collect()
}

#[tokio::test]
async fn truth_is_what_the_systems_serve() {
    let town = Town::new(7).await;
    let at_first = told(&town);
    assert_eq!(served(&town).await, at_first);
    for _ in 0..40 {
        town.demo.advance().await.unwrap();
    }
    assert_ne!(told(&town), at_first);
    assert_eq!(served(&town).await, told(&town));
    let file: Value = serde_json::from_slice(&std::fs::read(town.folder.path().join("truth.json")).unwrap()).unwrap();
    assert_eq!(file, serde_json::to_value(town.demo.truth()).unwrap());
}

#[tokio::test]
async fn broken_amounts_are_the_served_ones() {
    let town = Town::new(7).await;
    let truth = town.demo.truth();
    let mut checked = 0;
    for (list, key, amount, agency, measure) in [
        ("dpa", "id_rinci_sub_bl", "rincian", "kode_skpd", Measure::Budget),
        ("sp2d", "id_spp", "nilai_sp_2_d", "kode_sub_skpd", Measure::RealizedSp2d),
        ("lra", "id_realisasi", "nilai_realisasi", "kode_skpd", Measure::RealizedLra),
    ] {
        let rows = town.sipd(list).await;
        for broken in truth.broken.iter().filter(|broken| (broken.system, broken.stream) == ("sipd", list)) {
            // Of twins the later one is the broken one.
            let row = rows.iter().rfind(|row| text(row, key).unwrap_or_default() == broken.key).unwrap();
            assert_eq!(broken.amount, text(row, amount).and_then(sen).map(wire), "{broken:?}");
            assert_eq!(broken.agency, text(row, agency), "{broken:?}");
            assert!(broken.measure == Some(measure) || text(row, "tahun") != Some("2026"), "{broken:?}");
            checked += 1;
        }
    }
    assert!(checked >= 20);
}

#[tokio::test]
async fn counts_are_what_is_served() {
    let town = Town::new(7).await;
    let truth = town.demo.truth();
    for list in ["skpd", "renja", "dpa", "rak", "sp2d", "lra", "rfk"] {
        let count = truth.records[&format!("sipd/{list}")];
        assert_eq!(town.sipd(list).await.len(), count.valid + count.broken, "{list}");
    }
    for (list, stream) in [
        ("rup/paket-penyedia-terumumkan", "paket-penyedia"),
        ("tender/pengumuman", "tender"),
        ("tender/tender-ekontrak-kontrak", "kontrak"),
    ] {
        let count = truth.records[&format!("inaproc/{stream}")];
        assert_eq!(town.inaproc(list, 1000).await.len(), count.valid + count.broken, "{list}");
    }
    let valid: usize = truth.records.values().map(|count| count.valid).sum();
    assert!(valid >= 65_000, "{valid} valid records");
    assert_eq!(truth.records.values().map(|count| count.broken).sum::<usize>(), truth.broken.len());
}

#[tokio::test]
async fn a_payment_is_the_sum_of_its_lines() {
    let town = Town::new(7).await;
    let broken: Vec<String> = town
        .demo
        .truth()
        .broken
        .into_iter()
        .filter(|broken| broken.stream == "sp2d")
        .map(|broken| broken.key)
        .collect();
    for payment in &town.sipd("sp2d").await {
        if payment["jenis_sp_2_d"] == "UP" || broken.iter().any(|key| text(payment, "id_spp") == Some(key)) {
            continue;
        }
        let lines: i128 = payment["detail_belanja"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| text(line, "jumlah").and_then(sen).unwrap())
            .sum();
        assert_eq!(text(payment, "nilai_sp_2_d").and_then(sen), Some(lines), "{payment}");
    }
}
