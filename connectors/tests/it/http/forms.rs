//! Lists in the forms in which the systems of regions give them.

use super::{page, rig};

/// A stream with another field table: DataTables name nothing.
fn rows(records: &[(u64, &str)]) -> String {
    let rows: Vec<String> = records.iter().map(|(id, nilai)| format!(r#"["{id}","Jalan <b>A</b>",{nilai}]"#)).collect();
    rows.join(",")
}

#[tokio::test(flavor = "multi_thread")]
async fn data_tables_name_no_cells() {
    let (mut rig, server) = rig(
        "",
        "    read: {post: /dt/lelang, query: {tahun: \"2026\"}, form: {draw: 1, start: \"{{offset}}\", length: \"{{size}}\", \"search[value]\": \"\"}, records: data, columns: [id, nama, nilai]}
    page: {by: offset, size: {value: 2}, total: {path: recordsFiltered}}\n",
    )
    .await;
    let body = |records: &[(u64, &str)]| format!(r#"{{"draw":"1","recordsFiltered":3,"data":[{}]}}"#, rows(records));
    server.say(200, body(&[(9_007_199_254_740_993, "1250000000.50"), (2, "7")])).say(200, body(&[(3, "1")]));

    assert_eq!(rig.run(false).await.counts.published, 3);
    assert_eq!(
        server.asked(),
        [
            "POST /api/dt/lelang?tahun=2026 draw=1&start=0&length=2&search%5Bvalue%5D=",
            "POST /api/dt/lelang?tahun=2026 draw=1&start=2&length=2&search%5Bvalue%5D="
        ]
    );
    assert_eq!(rig.hub.keep().body("dpa", "9007199254740993").unwrap()["amount"], "1250000000.50");
    server.say(200, r#"{"draw":"1","recordsFiltered":1,"data":[["1","x"]]}"#);
    assert!(rig.try_run(false).await.failure.unwrap().starts_with("E0203"), "a cell is missing");
    // Beyond its end such a list gives its last page again and again.
    for _ in 0..3 {
        server.say(200, r#"{"draw":"1","recordsFiltered":9,"data":[["1","x",1]]}"#);
    }
    assert!(rig.try_run(false).await.failure.unwrap().starts_with("E0205"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_array_with_a_byte_order_mark_is_a_year() {
    let (mut rig, server) = rig(
        "  values: {kunci: {env: TOKEN}, klpd: D1}",
        "    read: {get: \"/{{kunci}}/json/7/RUP/tipe/4:12/parameter/2026:{{klpd}}\", records: \"\"}\n",
    )
    .await;
    server.say(200, "\u{feff}[ {\"id\":1,\"nilai\":9007199254740993}\n, {\"id\":2,\"nilai\":0.10}]");

    assert_eq!(rig.run(false).await.counts.published, 2);
    assert_eq!(server.asked(), ["/api/rahasia/json/7/RUP/tipe/4:12/parameter/2026:D1"]);
    let pointer = rig.hub.keep().pages[0].records[0].pointer.clone();
    assert!(pointer.ends_with("/api/***/json/7/RUP/tipe/4:12/parameter/2026:D1#/0"), "{pointer}");
    assert_eq!(rig.hub.keep().body("dpa", "1").unwrap()["amount"], "9007199254740993.00");
    for (status, body) in [(200, ""), (200, "<html>Login</html>"), (200, "null")] {
        server.say(status, body);
        assert!(rig.try_run(false).await.failure.unwrap().starts_with("E0203"), "{body}");
    }
    assert_eq!(rig.hub.keep().keys("dpa").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_answered_in_an_envelope_that_may_say_no() {
    // As WP-SIPD's admin-ajax.php answers, always with status 200.
    let (mut rig, server) = rig(
        "  errors:
    - {path: status, is: [error], do: fail, message: message}
    - {body: \"Error establishing a database connection\", do: retry}",
        "    read: {post: /wp-admin/admin-ajax.php, form: {action: get_sp2d_sipd, api_key: {env: TOKEN}, tahun_anggaran: 2026}, records: data}\n",
    )
    .await;
    server
        .say(200, "<html>Error establishing a database connection</html>")
        .say(200, page(1..3, r#","status":"success""#));
    assert_eq!(rig.run(false).await.counts.published, 2);
    let asked = server.asked();
    assert_eq!(
        asked,
        ["POST /api/wp-admin/admin-ajax.php action=get_sp2d_sipd&api_key=rahasia&tahun_anggaran=2026"; 2]
    );
    server.say(200, r#"{"status":"error","message":"Api Key tidak sesuai!","data":[]}"#);
    let failure = rig.try_run(false).await.failure.unwrap();
    assert!(failure.starts_with("E0220") && failure.ends_with("failure: Api Key tidak sesuai!"), "{failure}");
    server.say(200, "0");
    assert!(rig.try_run(false).await.failure.unwrap().starts_with("E0203"), "an action that WordPress does not know");
    assert_eq!(rig.hub.keep().keys("dpa").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_of_inaproc_pages_by_cursor() {
    let (mut rig, server) = rig(
        "  auth: {bearer: {env: TOKEN}}
  errors: [{path: success, is: [\"false\"], do: fail, message: error.code}]",
        "    read: {get: /rup/paket, query: {kode_klpd: D1, tahun: 2026}, records: data}
    page: {by: cursor, param: cursor, next: meta.cursor, more: meta.has_more, size: {param: limit, value: 2}}\n",
    )
    .await;
    let meta = |rest: &str| format!(r#","success":true,"meta":{{"limit":2,{rest}}}"#);
    server.say(200, page(1..3, &meta(r#""has_more":true,"cursor":"a+b=""#)));
    server.say(200, page(3..4, &meta(r#""has_more":false,"cursor":null"#)));

    assert_eq!(rig.run(false).await.counts.published, 3);
    assert_eq!(
        server.asked(),
        [
            "/api/rup/paket?kode_klpd=D1&tahun=2026&limit=2 Bearer rahasia",
            "/api/rup/paket?kode_klpd=D1&tahun=2026&limit=2&cursor=a%2Bb%3D Bearer rahasia"
        ]
    );
    server.say(200, r#"{"success":false,"error":{"code":"TAHUN_TIDAK_VALID"},"meta":{}}"#);
    assert!(rig.try_run(false).await.failure.unwrap().ends_with("TAHUN_TIDAK_VALID"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envelope_of_soap_is_asked_and_answered() {
    let (mut rig, server) = rig(
        "  auth: {basic: {user: admin, password: {env: TOKEN}}}",
        "    read:
      post: /ws.php
      headers: {SOAPAction: urn:getData}
      format: xml
      records: Envelope.Body.getDataResponse.return.item
      xml: '<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><getData><hal>{{page}}</hal><sejak>{{cursor}}</sejak></getData></s:Body></s:Envelope>'
    page: {by: page, total: {path: Envelope.Body.getDataResponse.jumlah}}
    cursor: {field: diubah}
    full_read: {every: 1d}\n",
    )
    .await;
    let answer = |items: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><SOAP-ENV:Envelope xmlns:SOAP-ENV=\"x\"><SOAP-ENV:Body><ns1:getDataResponse xmlns:ns1=\"urn:y\"><jumlah xsi:type=\"xsd:int\">2</jumlah><return>{items}</return></ns1:getDataResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>"
        )
    };
    let item = |id: u32| {
        format!(
            "<item><id>{id}</id><nilai>1250000000.50</nilai><uraian>R\u{e9}alisasi &amp; lain</uraian><diubah>2026-01-0{id}</diubah></item>"
        )
    };
    let latin = |text: String| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>();
    server.say(200, latin(answer(&item(1)))).say(200, latin(answer(&item(2)))).say(200, latin(answer("")));

    assert_eq!(rig.run(false).await.counts.published, 2);
    let asked = server.asked();
    assert!(
        asked[1].starts_with("POST /api/ws.php Basic YWRtaW46cmFoYXNpYQ== urn:getData <s:Envelope"),
        "{}",
        asked[1]
    );
    assert!(asked[1].contains("<hal>2</hal><sejak></sejak>"), "{}", asked[1]);
    let kept = rig.hub.keep().body("dpa", "1").unwrap();
    assert_eq!((&kept["amount"], &kept["description"]), (&"1250000000.50".into(), &"Réalisasi & lain".into()));
    let fault = "<s:Envelope xmlns:s='x'><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>basis data mati</faultstring></s:Fault></s:Body></s:Envelope>";
    server.say(200, fault);
    let failure = rig.try_run(true).await.failure.unwrap();
    assert!(failure.starts_with("E0220") && failure.ends_with("s:Server: basis data mati"), "{failure}");
    for bad in [
        "",
        "<html><body>Login</body></html>",
        "<s:Envelope xmlns:s='x'><s:Body><galat/></s:Body></s:Envelope>",
        "{\"data\":[]}",
    ] {
        server.say(200, bad);
        assert!(rig.try_run(true).await.failure.unwrap().starts_with("E0203"), "{bad}");
    }
    assert_eq!(rig.hub.keep().keys("dpa").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_and_json_lines_are_lists_too() {
    let (mut rig, server) = rig("", "    read: {get: /ekspor.csv, format: csv, delimiter: \";\"}\n").await;
    let latin = b"id;nilai;uraian\r\n1;1250000000.50;R\xe9alisasi\r\n2;7;\"a;b\"\r\n".to_vec();
    server.say_with(200, &[("content-type", "text/csv; charset=iso-8859-1")], latin);

    assert_eq!(rig.run(false).await.counts.published, 2);
    assert_eq!(rig.hub.keep().body("dpa", "1").unwrap()["description"], "Réalisasi");
    for bad in ["", "<html>Login</html>", r#"{"galat":"x"}"#] {
        server.say(200, bad);
        assert!(rig.try_run(false).await.failure.unwrap().starts_with("E0203"), "{bad}");
    }
    server.say(200, "nomor;nilai\n1;2\n");
    assert!(rig.try_run(false).await.failure.unwrap().starts_with("E0208"), "the column of the key is gone");
    server.say(200, "Error: session expired\n");
    let failure = rig.try_run(false).await.failure.unwrap_or_default();
    assert!(failure.starts_with("E0208") && failure.contains("no column `id`"), "no list without rows: {failure}");
    server.say(200, "id;nilai;uraian\r\n1;\"1250000000.50;R\r\n2;7;\"a;b\"\r\n");
    assert!(rig.try_run(false).await.failure.unwrap_or_default().starts_with("E0203"), "a quote is not closed");
    server.say(200, "id;nilai;uraian\r\n1;1250000000.50;a\r\n2;\"7\"0;b\r\n");
    let report = rig.run(false).await;
    assert_eq!((report.counts.quarantined, report.counts.gone, rig.hub.keep().keys("dpa").len()), (1, 0, 2));
    rig.stop().await;
    rig.define("  kind: http\n  base_url: {env: URL}", "    read: {get: /ekspor.jsonl, format: jsonl}\n");
    server.say(200, "{\"id\":1,\"nilai\":1250000000.50}\n{\"id\":3,\"nilai\":1}\n");
    assert_eq!(rig.run(false).await.counts.read, 2);
    server.say(200, "{\"id\":1,\"nilai\":1250000000.50}\n{\"id\":3,\"ni");
    assert!(rig.try_run(false).await.failure.unwrap().starts_with("E0203"), "it was cut off");
}
