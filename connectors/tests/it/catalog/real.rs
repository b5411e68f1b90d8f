//! The catalog on real public files, where they are at hand: `MUARA_SAMPLES` names a folder with them; they are not ours
//! to ship.

use std::path::PathBuf;

use super::site::serve;
use super::{broken, counts, lay, read, rig, sum};

/// A real file below `indonesia`, when somebody has named the folder.
#[expect(clippy::disallowed_methods, reason = "a person names the folder of samples by the environment")]
fn real(file: &str) -> Option<String> {
    let path = std::env::var_os("MUARA_SAMPLES").map(|samples| PathBuf::from(samples).join("indonesia").join(file));
    let Some(path) = path.filter(|path| path.is_file()) else {
        eprintln!("MUARA_SAMPLES names no folder of real files: only files of the same shape are tested");
        return None;
    };
    Some(std::fs::read_to_string(path).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_list_of_tenders_gives_its_sum() {
    for (file, records, total) in
        [("kota-surabaya-2012.json", 398, Some(308_742_900_000_i128)), ("kota-gorontalo.json", 331, None)]
    {
        let Some(list) = real(&format!("spse-lpse/{file}")) else { return };
        let address = serve(move |asked| {
            (200, if asked.query["start"] == "0" { list.clone() } else { r#"{"data":[]}"#.to_owned() })
        });
        // The file holds all rows in one answer.
        let mut rig = rig("spse-datatables.yaml", &[("size: {value: 100}", "size: {value: 1000}")]);
        rig.set("MUARA_SPSE_URL", address.await);

        let reports = read(&mut rig).await;

        assert_eq!(counts(&reports, "tender"), (records, 0, 0), "{file}");
        assert!(total.is_none_or(|total| sum(&rig, "tender", "estimate") == total * 100));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn real_feeds_of_isb_give_their_sums() {
    let (Some(tenders), Some(others)) =
        (real("misc/sibaja/tender-pengumuman.json"), real("misc/sibaja/nontender.json"))
    else {
        return;
    };
    let address = serve(move |asked| match asked.path.as_str() {
        path if path.contains("SPSE-TenderPengumuman") => (200, tenders.clone()),
        path if path.contains("SPSE-NonTenderSelesai") => (200, others.clone()),
        _ => (200, "[]".to_owned()),
    });
    let everywhere = [("    where: {kd_klpd: [D902]}   # change this\n", "")];
    let mut rig = rig("isb-legacy.yaml", &everywhere);
    rig.set("MUARA_ISB_URL", address.await);
    rig.set("MUARA_ISB_KEY", "kunci");

    let reports = read(&mut rig).await;

    // One tender is of six agencies at once, and nobody says whose it is.
    assert_eq!(counts(&reports, "tender-pengumuman"), (24, 1, 0));
    assert_eq!(broken(&rig, "tender-pengumuman"), ["7873119 /agency /agency"]);
    assert_eq!(sum(&rig, "tender-pengumuman", "ceiling"), (17_937_268_000 - 7_140_688_000) * 100);
    assert_eq!(counts(&reports, "non-tender-selesai"), (95, 0, 0));
    assert_eq!(sum(&rig, "non-tender-selesai", "ceiling"), 11_548_713_120 * 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_poverty_of_a_province_has_its_mean() {
    let Some(table) = real("bps/ipm_kemiskinan_sumut.csv") else { return };
    let everywhere = [("norm_name == \"ASAHAN\"", "norm_name != \"\"")];
    let mut rig = rig("bps-indicator.yaml", &everywhere);
    lay(&rig.path("berkas/ipm.csv"), table);
    rig.set("MUARA_BPS_FOLDER", rig.path("berkas").display().to_string());

    let reports = read(&mut rig).await;

    assert_eq!(counts(&reports, "makro"), (165 * 4, 0, 0));
    let kept = rig.hub.keep();
    let poverty: Vec<i64> = kept
        .keys("makro")
        .iter()
        .filter(|key| key.ends_with("|2023|kemiskinan"))
        .map(|key| kept.body("makro", key).unwrap()["value"].as_str().unwrap().to_owned())
        .map(|value| {
            let (whole, rest) = value.split_once('.').unwrap_or((&value, ""));
            format!("{whole}{rest:0<4}").parse::<i64>().unwrap()
        })
        .collect();
    assert_eq!((poverty.len(), (poverty.iter().sum::<i64>() + 16) / 33), (33, 99_255), "9.9255 percent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_poll_of_master_data_is_all_there() {
    let day = "kotawaringin-barat-2026/2026-04-22";
    if real(&format!("{day}/Legacy_rup_master-satker_2026.json")).is_none() {
        return;
    }
    let address = serve(move |asked| (200, real(&format!("{day}{}", asked.path)).unwrap()));
    let mut rig = rig("kobar-rup.yaml", &[]);
    rig.set("MUARA_KOBAR_URL", address.await);

    let reports = read(&mut rig).await;

    let read = ["programs", "satker", "spending", "swakelola"].map(|stream| {
        let (published, quarantined, left_out) = counts(&reports, stream);
        published + quarantined + left_out
    });
    assert_eq!(read, [248, 121, 58, 50]);
}
