//! Every way of telling a system who asks.

use super::server::Server;
use super::{page, rig};
use crate::rig::Rig;

const PLAIN: &str = "    read: {get: /dpa, records: data}\n";

/// What was told of a failed run, which must hold no secret.
async fn failure(rig: &mut Rig) -> String {
    let failure = rig.try_run(false).await.failure.unwrap_or_default();
    for secret in ["rahasia", "kunci-1", "kunci-2", "sesi=1"] {
        assert!(!failure.contains(secret), "{failure}");
    }
    failure
}

fn token(number: u32, rest: &str) -> String {
    format!(r#"{{"access_token":"kunci-{number}","token_type":"Bearer"{rest}}}"#)
}

fn ok(server: &Server) {
    server.say(200, page(1..3, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_goes_into_a_header_or_a_parameter() {
    let (mut rig, server) = rig("  auth: {api_key: {header: X-Api-Key, value: {env: TOKEN}}}", PLAIN).await;
    ok(&server);
    rig.run(false).await;
    assert_eq!(server.asked(), ["/api/dpa rahasia"]);
    server.say(401, "");
    assert!(failure(&mut rig).await.starts_with("E0201"));
    assert_eq!(server.asked().len(), 1, "a key that is refused is not tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_client_credentials_is_kept_and_fetched_anew_once_it_is_refused() {
    let auth = "  auth: {oauth2: {token_url: {env: TOKEN_URL}, client_id: kami, client_secret: {env: TOKEN}, scope: baca, audience: rup}}";
    let (mut rig, server) = rig(auth, PLAIN).await;
    let login = "POST /oauth Basic a2FtaTpyYWhhc2lh grant_type=client_credentials&scope=baca&audience=rup";
    server.say(200, token(1, r#","expires_in":3600"#));
    ok(&server);
    ok(&server);

    rig.run(false).await;
    rig.run(false).await;

    assert_eq!(server.asked(), [login, "/api/dpa Bearer kunci-1", "/api/dpa Bearer kunci-1"], "one token for all runs");
    server.say(401, "").say(200, token(2, r#","expires_in":"3600""#));
    ok(&server);
    rig.run(false).await;
    assert_eq!(server.asked(), ["/api/dpa Bearer kunci-1", login, "/api/dpa Bearer kunci-2"]);
    server.say(401, "").say(200, token(1, "")).say(401, "");
    assert!(failure(&mut rig).await.starts_with("E0201"), "once, and not for ever");
    assert_eq!(server.asked().len(), 3);
    // The token that was refused is thrown away; of those whose life is over none is used.
    for _ in 0..2 {
        server.say(200, token(1, r#","expires_in":0"#));
        ok(&server);
        rig.run(false).await;
        assert_eq!(server.asked().last().unwrap(), "/api/dpa Bearer kunci-1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_fails_says_how() {
    let auth = "  auth: {oauth2: {token_url: {env: TOKEN_URL}, client_id: kami, client_secret: {env: TOKEN}, secret_in: body}}";
    let (mut rig, server) = rig(auth, PLAIN).await;
    server.say(400, r#"{"error":"invalid_client","error_description":"rahasia"}"#);
    let denied = failure(&mut rig).await;
    assert!(denied.starts_with("E0201") && denied.contains("400 (invalid_client)"), "{denied}");
    assert_eq!(server.asked(), ["POST /oauth grant_type=client_credentials&client_id=kami&client_secret=rahasia"]);
    server.say(200, r#"{"token":"kunci-1"}"#);
    assert!(failure(&mut rig).await.starts_with("E0221"));
    server.say(302, "");
    assert!(failure(&mut rig).await.starts_with("E0221"));
    server.say(503, "").say(503, "").say(503, "");
    assert!(failure(&mut rig).await.starts_with("E0202"), "trouble that passes is waited for");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_was_exchanged_is_used_from_then_on() {
    let auth = "  auth: {oauth2: {token_url: {env: TOKEN_URL}, client_id: kami, refresh_token: {env: TOKEN}}}";
    let (mut rig, server) = rig(auth, PLAIN).await;
    server.say(200, token(1, r#","refresh_token":"segar-2""#));
    ok(&server);
    server.say(401, "").say(200, token(2, ""));
    ok(&server);

    rig.run(false).await;
    rig.run(false).await;

    let login = |refresh: &str| format!("POST /oauth grant_type=refresh_token&refresh_token={refresh}&client_id=kami");
    let bearer = |number: u32| format!("/api/dpa Bearer kunci-{number}");
    assert_eq!(server.asked(), [login("rahasia"), bearer(1), bearer(1), login("segar-2"), bearer(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_in_two_steps_hands_on_what_the_first_one_gave() {
    // As SIPD has it: who may be what is asked first, and then one of it is chosen.
    let auth = r#"  auth:
    login:
      - post: /auth/pre-login
        json: {username: operator, password: {env: TOKEN}, tahun: 2026}
        token: token
        take: {pegawai: data.0.id_pegawai}
      - post: /auth/login
        headers: {Authorization: "Bearer {{token}}"}
        json: {id_pegawai: "{{pegawai}}", id_daerah: 11, password: {env: TOKEN}}
        token: token
"#;
    let (mut rig, server) = rig(auth, PLAIN).await;
    let steps = || {
        server.say(200, r#"{"token":"kunci-1","data":[{"id_pegawai":77,"nama_role":"Verifikator"}]}"#);
        server.say(200, r#"{"token":"kunci-2"}"#);
    };
    steps();
    ok(&server);

    rig.run(false).await;

    let asked = [
        r#"POST /api/auth/pre-login {"username":"operator","password":"rahasia","tahun":2026}"#,
        r#"POST /api/auth/login Bearer kunci-1 {"id_pegawai":"77","id_daerah":11,"password":"rahasia"}"#,
        "/api/dpa Bearer kunci-2",
    ];
    assert_eq!(server.asked(), asked);
    server.say(401, "");
    steps();
    ok(&server);
    rig.run(false).await;
    assert_eq!(server.asked().len(), 4, "refused, both steps, and the page");
    server.say(401, "").say(200, r#"{"token":"kunci-1","data":[]}"#);
    let told = failure(&mut rig).await;
    assert!(told.starts_with("E0221") && told.contains("without `data.0.id_pegawai`"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_of_a_form_are_kept_and_a_rule_says_when_to_log_in_again() {
    let auth = "  auth: {login: {post: /masuk, form: {user: admin, sandi: {env: TOKEN}}}}
  errors: [{body: \"<title>Masuk\", do: login}]";
    let (mut rig, server) = rig(auth, PLAIN).await;
    let form = || server.say_with(302, &[("location", "/beranda"), ("set-cookie", "sesi=1; HttpOnly")], "");
    form();
    server.say_with(200, &[("set-cookie", "sesi=2")], page(1..3, ""));
    ok(&server);

    rig.run(false).await;
    rig.run(false).await;

    let login = "POST /api/masuk user=admin&sandi=rahasia";
    assert_eq!(server.asked(), [login, "/api/dpa sesi=1", "/api/dpa sesi=2"]);
    server.say(200, "<html><title>Masuk</title></html>");
    form();
    ok(&server);
    rig.run(false).await;
    assert_eq!(server.asked(), ["/api/dpa sesi=2", login, "/api/dpa sesi=1"]);
    server.say(200, "<html><title>Masuk</title></html>").say(200, "<form>sandi salah</form>");
    let told = failure(&mut rig).await;
    assert!(told.starts_with("E0221") && told.contains("neither a token nor a cookie"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_where_the_definition_names_it() {
    let auth = "  auth: {login: {post: /masuk, json: {}, token: t}}\n  headers: {X-Api-Key: \"Token {{token}}\"}";
    let (mut rig, server) = rig(auth, "    read: {get: /dpa, records: data, query: {k: \"{{token}}\"}}\n").await;
    server.say(200, r#"{"t":"kunci-1"}"#);
    ok(&server);

    rig.run(false).await;

    assert_eq!(server.asked(), ["POST /api/masuk {}", "/api/dpa?k=kunci-1 Token kunci-1"]);
    assert!(!rig.hub.keep().pages[0].records[0].pointer.contains("kunci-1"));
}
