//! Pages: nothing skipped, nothing twice, also while the world moves; and the manners of a busy service.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::StatusCode;
use serde_json::Value;

use crate::client::{Town, text};

/// Keys of a list with how often each comes; the broken twins come twice by intent.
fn keys(rows: &[Value], field: &str) -> BTreeMap<String, usize> {
    let mut keys = BTreeMap::new();
    for row in rows {
        *keys.entry(row[field].to_string()).or_default() += 1;
    }
    keys
}

#[tokio::test]
async fn pages_of_a_moving_list_neither_skip_nor_repeat() {
    let town = Town::new(7).await;
    let before = keys(&town.sipd("sp2d").await, "id_spp");
    let mut seen = Vec::new();
    let mut stamps = Vec::new();
    for page in 1.. {
        let (total, body) = town.ask("SIPD", &format!("/sp2d?page={page}&limit=97")).await;
        assert_eq!(total, Some(before.values().sum()));
        let data = body["data"].as_array().unwrap().clone();
        if data.is_empty() {
            break;
        }
        stamps.extend(data.iter().map(|row| row["updated_at"].as_str().unwrap().to_owned()));
        seen.extend(data);
        town.demo.advance().await.unwrap();
    }
    assert_eq!(keys(&seen, "id_spp"), before);
    assert!(stamps.is_sorted(), "a list is ordered by updated_at");
    assert!(keys(&town.sipd("sp2d").await, "id_spp").len() > before.len(), "ticks bring new payments");
}

#[tokio::test]
async fn what_changed_since_is_found_with_its_ties() {
    let town = Town::new(7).await;
    let everything = town.sipd("rfk").await;
    let stamp = everything[everything.len() / 2]["updated_at"].as_str().unwrap().to_owned();
    let later: BTreeSet<_> = everything
        .iter()
        .filter(|row| row["updated_at"].as_str().unwrap() >= stamp.as_str())
        .map(|row| text(row, "id_rfk").unwrap())
        .collect();
    for form in [stamp.replace(' ', "%20"), stamp.replace(' ', "T"), format!("{}%2B07:00", stamp.replace(' ', "T"))] {
        let mut found = BTreeSet::new();
        for page in 1.. {
            let (_, body) = town.ask("SIPD", &format!("/rfk?updated_since={form}&page={page}&limit=500")).await;
            let data = body["data"].as_array().unwrap();
            found.extend(data.iter().map(|row| text(row, "id_rfk").unwrap().to_owned()));
            if data.len() < 500 {
                break;
            }
        }
        assert_eq!(found.iter().map(String::as_str).collect::<BTreeSet<_>>(), later, "{form}");
    }
}

#[tokio::test]
async fn a_tick_shows_among_the_changes() {
    let town = Town::new(7).await;
    let last = |rows: &[Value]| rows.last().unwrap()["updated_at"].as_str().unwrap().to_owned();
    for _ in 0..5 {
        let before = last(&town.sipd("rfk").await);
        town.demo.advance().await.unwrap();
        let (_, body) = town.ask("SIPD", &format!("/rfk?updated_since={}&limit=500", before.replace(' ', "T"))).await;
        let changed = body["data"].as_array().unwrap();
        assert!(last(changed) > before, "a tick moves a progress report");
    }
}

#[tokio::test]
async fn the_gateway_hands_out_cursors_and_envelopes() {
    let town = Town::new(7).await;
    let small = town.inaproc("rup/paket-penyedia-terumumkan", 91).await;
    let large = town.inaproc("rup/paket-penyedia-terumumkan", 1000).await;
    assert_eq!(small, large);
    assert_eq!(keys(&small, "kd_rup").len(), small.len());
    assert!(small.iter().all(|row| row["pagu"].is_i64()), "amounts are JSON numbers");

    for (path, bearer, status, code) in [
        ("/tender/pengumuman?kode_klpd=D902&tahun=2026", Some("wrong"), StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
        ("/tender/pengumuman?tahun=2026", None, StatusCode::BAD_REQUEST, "INVALID_PARAMETER"),
        ("/tender/pengumuman?kode_klpd=D902&tahun=2026&cursor=x", None, StatusCode::BAD_REQUEST, "INVALID_CURSOR"),
        ("/tender/nothing?kode_klpd=D902&tahun=2026", None, StatusCode::NOT_FOUND, "NOT_FOUND"),
    ] {
        let response = town.get("INAPROC", path, bearer).await;
        assert_eq!(response.status(), status, "{path}");
        let body: Value = response.json().await.unwrap();
        assert_eq!((&body["success"], &body["error"]["code"]), (&Value::Bool(false), &Value::from(code)), "{path}");
    }
    let response = town.get("INAPROC", "/tender/pengumuman?kode_klpd=D902&tahun=2026", None).await;
    assert!(
        ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]
            .iter()
            .all(|name| response.headers().contains_key(*name))
    );
}

#[tokio::test]
async fn a_busy_service_says_so_and_serves_who_asks_again() {
    let town = Town::new(7).await;
    let refused = town.get("SIPD", "/skpd", Some("wrong")).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let (mut refusals, mut bodies, mut in_a_row) = (0, 0, 0);
    for _ in 0..240 {
        let response = town.get("SIPD", "/skpd?limit=1", None).await;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(response.headers()["retry-after"], "1");
            refusals += 1;
            in_a_row += 1;
        } else if response.text().await.unwrap() == "Too Many Requests" {
            bodies += 1;
            in_a_row += 1;
        } else {
            in_a_row = 0;
        }
        assert!(in_a_row < 2, "asking again helps");
    }
    assert_eq!((refusals, bodies), (6, 4));
    for path in ["/skpd?page=0", "/skpd?limit=1001", "/skpd?updated_since=kemarin", "/skpd?tahun=2019"] {
        assert_eq!(town.get("SIPD", path, None).await.status(), StatusCode::BAD_REQUEST, "{path}");
    }
}
