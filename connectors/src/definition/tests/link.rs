//! `links:`: which fields may be compared.

use super::{GOOD, found, one};

/// The model definition with a link.
fn with(link: &str) -> String {
    GOOD.replacen("    map:\n", &format!("    links:\n      - {link}\n    map:\n"), 1)
}

#[track_caller]
fn told(link: &str) -> Vec<String> {
    found(&with(link)).iter().map(|report| format!("{} {}", report.code, report.message)).collect()
}

#[test]
fn a_link_compares_fields_that_both_sides_have() {
    let plain = one(GOOD);
    let linked = one(&with("{to: procurement-package, when: {fiscal_year: fiscal_year, lines.account: account}}"));

    let link = &linked.streams[0].links[0];
    let pairs: Vec<_> = link.when.iter().map(|pair| (pair.theirs.as_str(), pair.ours.as_str())).collect();
    assert_eq!(link.to, "procurement-package");
    assert_eq!(pairs, [("fiscal_year", "fiscal_year"), ("lines.account", "account")]);
    assert_eq!(linked.streams[0].digest, plain.streams[0].digest, "no record becomes another one by it");
    assert!(linked.document.contains("procurement-package"), "the hub is told");
}

#[test]
fn what_can_never_be_equal_is_told() {
    assert_eq!(told("{to: contrakt, when: {account: account}}"), ["E0112 no record type is called `contrakt`"]);
    assert_eq!(told("{to: cash-plan, when: {}}"), ["E0105 `when` compares nothing"]);
    assert_eq!(
        told("{to: cash-plan, when: {acount: account}}"),
        ["E0113 `cash-plan` has no field `acount` that can be compared"]
    );
    assert_eq!(
        told("{to: cash-plan, when: {account: akun}}"),
        ["E0113 `budget-line` has no field `akun` that can be compared"]
    );
    assert_eq!(
        told("{to: cash-plan, when: {account: account_name}}"),
        ["E0170 the link to `cash-plan` looks at `account_name`, which `map` does not fill"]
    );
    assert_eq!(
        told("{to: cash-plan, when: {account: fiscal_year}}"),
        ["E0171 `account` is text and `fiscal_year` is an integer: they are never equal"]
    );
}
