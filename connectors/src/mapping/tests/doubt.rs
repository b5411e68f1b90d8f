//! What a definition or a source may have meant otherwise: it is refused, or told of.

use super::*;

#[test]
fn what_may_be_grouped_is_refused_where_nobody_can_know() {
    let money = |rule: &str, text: &str| {
        let table = table("budget-line", &BUDGET.replace("amount: nilai", &format!("amount: {rule}")), "");
        match table.map(&raw(&LINE.replace("9007199254740993.5", text)), &[]) {
            Mapped::Record(body) => body["amount"].as_str().unwrap_or_default().to_owned(),
            Mapped::Broken { errors, .. } => errors[0].code.clone(),
        }
    };
    let (plain, id) = ("nilai", "{from: nilai, as: money_id}");
    assert_eq!((money(plain, r#""750.000""#), money(plain, r#""750.0000""#)), ("E0303".into(), "750.00".into()));
    assert_eq!((money(plain, "750.000"), money(plain, r#""750000""#)), ("750.00".into(), "750000.00".into()));
    assert_eq!(money("{from: nilai, round: half_even}", r#""750.000""#), "750.00");
    assert_eq!((money(id, r#""0.125""#), money(id, r#""007.500""#)), ("E0302".into(), "E0302".into()));
    assert_eq!((money(id, r#""123.456""#), money(id, r#""1,250""#)), ("123456.00".into(), "E0303".into()));
}

#[test]
fn a_zero_day_is_zero_at_any_hour_of_it() {
    let map = BUDGET.replace("description: {from: keterangan, as: text}", "description: keterangan");
    let table = table("budget-line", &map, "zero: [\"0001-01-01\"]");
    let made = |text: &str| body(&table, &LINE.replace("\"keterangan\":\"  \"", &format!("\"keterangan\":\"{text}\"")));
    assert_eq!(made("0001-01-01 00:00:00").get("description"), None);
    assert_eq!(made("0001-01-01T00:00:00Z").get("description"), None);
    assert_eq!(made("0001-01-01 08:00:00")["description"], "0001-01-01 08:00:00");
}

#[test]
fn what_is_missing_names_the_field_that_it_should_come_from() {
    let table = table("budget-line", &BUDGET.replace("amount: nilai", "amount: nilaii"), "");
    let (errors, _) = broken(&table, LINE);
    assert_eq!((told(&errors), errors[0].source.as_deref()), (vec![("E0301", "/amount")], Some("nilaii")));
}
