//! `views/absorption`: exact, by the stage and the system that count, within the caller's scope.

use muara_schemas::Rupiah;
use muara_schemas::page::{About, Page, Quarantined, Record};
use serde_json::{Value, json};

use crate::caller::{Site, application, of_agencies};
use crate::engine::on_both;
use crate::feed::{HEALTH, WORKS, announcement, broken, catch_up, example, full, line, line_of, record, send, take};

const VIEW: &str = "/api/v1/views/absorption?fiscal_year=2026";

fn budget(key: &str, amount: &str, stage: &str, version: i64, locked: bool) -> Record {
    let fields = json!({"amount": amount, "stage": stage, "stage_version": version, "stage_locked": locked});
    record(key, &example("budget-line", &fields))
}

fn payment(key: &str, kind: &str, status: &str, amount: &str) -> Record {
    let mut fields = json!({"document_id": key, "kind": kind, "status": status, "amount": amount});
    fields["lines"] = json!([{"sub_activity": "1.02.02.2.02.0008", "account": "5.1.02.01.01.0024", "amount": amount}]);
    let mut body = example("disbursement", &fields);
    if kind != "LS" {
        body.as_object_mut().unwrap().remove("ls_kind");
    }
    if status != "transferred" {
        body.as_object_mut().unwrap().remove("transferred_on");
    }
    record(key, &body)
}

fn spent(key: &str, amount: &str, direction: &str) -> Record {
    record(key, &example("realization", &json!({"amount": amount, "direction": direction})))
}

fn line_in(items: &Value, agency: &str) -> Value {
    items["items"].as_array().unwrap().iter().find(|item| item["agency"] == agency).cloned().unwrap_or(Value::Null)
}

#[tokio::test]
async fn figures_are_exact_and_each_stands_on_its_own_basis() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key(application()).await;
        let lines = vec![
            budget("a0", "100.10", "murni", 0, true),
            budget("a1", "123456789012345678.99", "perubahan", 1, true),
            budget("a2", "0.02", "perubahan", 1, true),
            budget("a3", "999.00", "perubahan", 2, false),
            line_of(WORKS, "b", 7),
        ];
        let payments = vec![
            payment("1", "LS", "transferred", "40.25"),
            payment("2", "GU", "transferred", "0.75"),
            payment("3", "UP", "transferred", "500.00"),
            payment("4", "TU", "transferred", "500.00"),
            payment("5", "LS", "sp2d", "500.00"),
        ];
        let sheet = vec![spent("m1", "33.33", "expenditure"), spent("m2", "900.00", "revenue")];
        let of = |record_type: &str, stream: &str, run, records| Page {
            record_type: record_type.into(),
            stream: stream.into(),
            ..full(run, None, records)
        };
        let mut broken_lines = full(1, None, lines);
        let about =
            About { agency: Some(HEALTH.into()), fiscal_year: Some(2026), amount: Some(Rupiah::from_cents(501)) };
        let nameless =
            Quarantined { about: About { fiscal_year: Some(2026), ..About::default() }, ..broken(None, "n") };
        let last_year =
            Quarantined { about: About { fiscal_year: Some(2025), ..about.clone() }, ..broken(Some("o"), "o") };
        broken_lines.quarantined = vec![Quarantined { about, ..broken(Some("q"), "q") }, nameless, last_year];
        take(
            &engine.hub,
            vec![broken_lines, of("disbursement", "sp2d", 2, payments), of("realization", "lra", 3, sheet)],
        )
        .await;
        catch_up(&engine.hub).await;

        let all = site.found(&key, VIEW).await;

        let health = line_in(&all, HEALTH);
        assert_eq!(health["budget"], "123456789012345679.01", "{}: the newest locked stage, to the sen", engine.name);
        assert_eq!((&health["realized_sp2d"], &health["realized_lra"]), (&json!("41.00"), &json!("33.33")));
        let none = json!({"records": 0, "without_amount": 0, "amount": "0.00"});
        assert_eq!(health["not_counted"], json!({"records": 1, "without_amount": 0, "amount": "5.01"}));
        assert_eq!((&health["complete"], &health["discarded"]), (&json!(false), &none));
        let works = line_in(&all, WORKS);
        assert_eq!((&works["budget"], &works["complete"]), (&json!("7.00"), &json!(true)));
        let nameless = json!({"records": 1, "without_amount": 1, "amount": "0.00"});
        assert_eq!(all["unplaced"], json!({"not_counted": nameless, "discarded": none}), "in no agency's line");
        assert_eq!(all["items"].as_array().unwrap().len(), 2);

        let narrow = site.key(of_agencies(&[WORKS])).await;
        let own = site.found(&narrow, VIEW).await;
        assert_eq!(own["items"], json!([line_in(&all, WORKS)]));
        assert_eq!(site.found(&key, "/api/v1/views/absorption?fiscal_year=2027").await["items"], json!([]));
        assert_eq!(site.found(&key, &format!("{VIEW}&region=33.02")).await, all);
        let first = site.found(&key, &format!("{VIEW}&limit=1")).await;
        assert_eq!(first["items"], json!([line_in(&all, HEALTH)]));
        let second = site.found(&key, &format!("{VIEW}&limit=2&after={}", first["next"].as_str().unwrap())).await;
        assert_eq!(second["items"], json!([line_in(&all, WORKS)]));
        assert_eq!(second["next"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn of_two_systems_the_lower_rank_counts_until_somebody_decides() {
    on_both(async |engine| {
        let site = Site::of(&engine.hub).await;
        let key = site.key(application()).await;
        let first = full(1, None, vec![line("a", 60)]);
        let second = Page { system: "simda".into(), ..full(2, None, vec![line("a", 70), line_of(WORKS, "b", 9)]) };
        send(&engine.hub, vec![announcement(&first, 10), announcement(&second, 20)]).await;
        take(&engine.hub, vec![first, second]).await;
        catch_up(&engine.hub).await;

        let by_rank = site.found(&key, VIEW).await;
        assert_eq!(line_in(&by_rank, HEALTH)["budget"], "60.00", "{}", engine.name);
        assert_eq!(line_in(&by_rank, WORKS)["budget"], "9.00", "where only one holds it, that one counts");

        let mut tx = engine.hub.db.write().await.unwrap();
        muara_hub::store::rows::Statement::new(
            "insert into authority (record_type, region, agency, fiscal_year, system) values ($1, $2, $3, $4, $5)",
        )
        .bind("budget-line")
        .bind("33.02")
        .bind(HEALTH)
        .bind(2026_i64)
        .bind("simda")
        .execute(&mut tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(line_in(&site.found(&key, VIEW).await, HEALTH)["budget"], "70.00", "and nothing was rebuilt");
    })
    .await;
}
