//! The counter that calls us.

use std::net::SocketAddr;

use muara_connectors::ingest;

use super::{broken, rig};

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_reports_its_files() {
    let mut rig = rig("service-counter.yaml", &[]);
    rig.set("MUARA_COUNTER_TOKEN", "a-token-of-the-counter");
    let router = ingest::router(rig.start().await);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .post(format!("http://{address}/api/v1/ingest/service-counter/cases"))
        .bearer_auth("a-token-of-the-counter")
        .header("content-type", "application/json");
    let step = r#"{"urut":1,"nama":"Penerimaan SPM","peran":"Verifikator","mulai":"2026-03-10 10:30:00"}"#;
    let case = |id: &str, kind: &str| {
        format!(
            r#"{{"id":"{id}","layanan":"{kind}","diterima":"2026-03-10 10:30:00","selesai":"-","status":"PROSES","langkah":[{step}]}}"#
        )
    };

    let body = format!(r#"{{"berkas":[{},{}]}}"#, case("K-1", "SPM"), case("K-2", "NIKAH"));
    let answer = request.body(body).send().await.unwrap();

    assert_eq!(answer.status(), 200);
    assert_eq!(broken(&rig, "cases"), ["K-2 /kind"]);
    let case = rig.hub.keep().body("cases", "K-1").unwrap();
    assert_eq!((&case["kind"], &case["steps"][0]["role"]), (&"spm".into(), &"verifikator".into()));
}
