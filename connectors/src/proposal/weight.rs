//! How much it says that the values fit: codes that nothing else looks like say much, texts say nothing.

use super::SourceField;
use super::target::Target;
use super::value::Reading;
use crate::mapping::shape::Kind;

/// Between 0 and 1; 0 when there are no values.
pub(super) fn of(field: &SourceField, target: &Target, read: &Reading) -> f64 {
    read.share() * of_form(field, target, read)
}

fn of_form(field: &SourceField, target: &Target, read: &Reading) -> f64 {
    let all = |test: &dyn Fn(&str) -> bool| !field.values.is_empty() && field.values.iter().all(|value| test(value));
    match target.form.as_str() {
        "sub_activity" | "mak" | "nip" | "account" => 0.95,
        "account_level" => 0.9,
        "plan_code" | "npwp" => 0.75,
        "agency" if all(&is_agency) => 0.9,
        "fiscal_year" | "month" => 0.6,
        "rup_code" | "tender_code" => 0.35,
        "document_number" if all(&|value| value.contains('/')) => 0.4,
        "id" if field.is_unique() => 0.25,
        // A single digit is a fund of the first level and everything else as well.
        "fund" | "rup_fund" if all(&|value| value.contains('.')) => 0.6,
        "period" => 0.5,
        "percent" => 0.2,
        _ if !target.allowed.is_empty() && read.is_crosswalk() => 0.5,
        _ if !target.allowed.is_empty() => 0.65,
        _ => match target.kind {
            Kind::Date | Kind::Moment => 0.35,
            Kind::Money if all(&|value| value.len() >= 5 || value == "0") => 0.3,
            Kind::Bool => 0.25,
            Kind::Money | Kind::Quantity | Kind::Integer => 0.1,
            Kind::Text => 0.05,
        },
    }
}

/// The normal form `b.bb.b.bb.b.bb.NN.UUUU` of an agency's code.
fn is_agency(text: &str) -> bool {
    let lengths = text.split('.').map(str::len);
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    digits && lengths.eq([1, 2, 1, 2, 1, 2, 2, 4])
}
