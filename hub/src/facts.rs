//! What a record says in numbers: pure. A read model adds the facts of the new body and takes back those of the old.

use muara_schemas::Rupiah;
use serde_json::Value;

/// One number of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// `budget`, `realized-sp2d`, `realized-lra`, `recognised-sp2b` or `realized-spj`.
    pub measure: &'static str,
    /// `apbd` or `blud-internal`.
    pub ledger: String,
    /// Budget stage; 0 where there is none.
    pub stage: i64,
    /// Sub-activity, or empty.
    pub sub_activity: String,
    /// Fund source, or empty.
    pub fund: String,
    /// Month 1 to 12, or 0.
    pub month: i64,
    /// The amount.
    pub amount: Rupiah,
    /// 1 on the first fact of a record, 0 on the others, so that records can be counted.
    pub records: i64,
}

/// Record types that hold facts; others need not be read.
pub const TYPES: &[&str] = &["budget-line", "disbursement", "realization"];

/// Whether a budget line's stage is locked; `None` for other records.
pub fn stage_lock(record_type: &str, body: &Value) -> Option<(i64, bool)> {
    let stage = body.get("stage_version").and_then(Value::as_i64).unwrap_or(0);
    let locked = body.get("stage_locked").and_then(Value::as_bool).unwrap_or(false);
    (record_type == "budget-line" && text(body, "ledger") == "apbd").then_some((stage, locked))
}

/// The facts of a record.
pub fn of(record_type: &str, body: &Value) -> Vec<Fact> {
    match record_type {
        "budget-line" => vec![Fact {
            measure: "budget",
            ledger: text(body, "ledger").to_owned(),
            stage: body.get("stage_version").and_then(Value::as_i64).unwrap_or(0),
            sub_activity: text(body, "sub_activity").to_owned(),
            fund: text(body, "fund").to_owned(),
            month: 0,
            amount: money(body, "amount"),
            records: 1,
        }],
        "disbursement" => disbursement(body),
        "realization" => realization(body),
        _ => Vec::new(),
    }
}

/// SP2D of LS and GU that were transferred, by transfer date. Cash paid out as UP and TU is not spending yet
/// (Permendagri 77/2020; SIMDA's LRA counts SP2D of kinds 2, 3 and 5 only).
fn disbursement(body: &Value) -> Vec<Fact> {
    let day = match (text(body, "transferred_on"), text(body, "transferred_at")) {
        ("", moment) => moment,
        (day, _) => day,
    };
    if !matches!(text(body, "kind"), "LS" | "GU") || text(body, "status") != "transferred" || day.is_empty() {
        return Vec::new();
    }
    let fact = |sub_activity: &str, fund: &str, amount| Fact {
        measure: "realized-sp2d",
        ledger: "apbd".to_owned(),
        stage: 0,
        sub_activity: sub_activity.to_owned(),
        fund: fund.to_owned(),
        month: month(day),
        amount,
        records: 0,
    };
    let lines = body.get("lines").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut facts: Vec<Fact> =
        lines.iter().map(|line| fact(text(line, "sub_activity"), text(line, "fund"), money(line, "amount"))).collect();
    // The document's amount counts; what its lines do not explain stands without a sub-activity.
    let rest = money(body, "amount") - facts.iter().map(|fact| fact.amount).sum();
    if rest != Rupiah::ZERO || facts.is_empty() {
        facts.push(fact("", "", rest));
    }
    facts[0].records = 1;
    facts
}

fn realization(body: &Value) -> Vec<Fact> {
    if text(body, "direction") != "expenditure" {
        return Vec::new();
    }
    let measure = match text(body, "basis") {
        "lra" => "realized-lra",
        "sp2b" => "recognised-sp2b",
        "spj" => "realized-spj",
        _ => return Vec::new(),
    };
    vec![Fact {
        measure,
        ledger: text(body, "ledger").to_owned(),
        stage: 0,
        sub_activity: text(body, "sub_activity").to_owned(),
        fund: text(body, "fund").to_owned(),
        month: month(text(body, "period")),
        amount: money(body, "amount"),
        records: 1,
    }]
}

fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Bodies in the log are valid, so their money is readable.
fn money(body: &Value, field: &str) -> Rupiah {
    Rupiah::from_wire(text(body, field)).unwrap_or_default()
}

/// The month in `yyyy-MM…`.
fn month(day: &str) -> i64 {
    day.get(5..7).and_then(|month| month.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sp2d(kind: &str, status: &str) -> Value {
        json!({"kind": kind, "status": status, "amount": "100.00", "transferred_on": "2026-03-09",
            "lines": [{"sub_activity": "a", "account": "x", "amount": "60.00"}, {"sub_activity": "b", "account": "x", "amount": "30.00"}]})
    }

    #[test]
    fn only_transferred_ls_and_gu_is_spending() {
        for (kind, status, count) in [
            ("LS", "transferred", 3),
            ("GU", "transferred", 3),
            ("UP", "transferred", 0),
            ("TU", "transferred", 0),
            ("LS", "sp2d", 0),
        ] {
            assert_eq!(of("disbursement", &sp2d(kind, status)).len(), count, "{kind} {status}");
        }
    }

    #[test]
    fn a_documents_amount_counts_whatever_its_lines_say() {
        let facts = of("disbursement", &sp2d("LS", "transferred"));
        assert_eq!(facts.iter().map(|fact| fact.amount).sum::<Rupiah>().to_string(), "100.00");
        assert_eq!(facts.iter().map(|fact| fact.records).sum::<i64>(), 1);
        assert!(facts.iter().all(|fact| fact.month == 3));
    }

    #[test]
    fn revenue_is_not_absorption() {
        let mut body = json!({"direction": "expenditure", "basis": "lra", "ledger": "apbd", "period": "2026-11", "amount": "5.00"});
        assert_eq!(of("realization", &body)[0].month, 11);
        body["direction"] = "revenue".into();
        assert_eq!(of("realization", &body), []);
    }
}
