//! Numbers from source texts, exact: plain decimals, the Indonesian way of writing money, whole numbers.

use std::borrow::Cow;

use muara_schemas::{Quantity, Rupiah};

/// Why a text is not the value that a converter expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Another form.
    Form,
    /// More decimals than the target has.
    Precise,
    /// More digits than the target has.
    Large,
    /// Holds NUL.
    Nul,
    /// A list or an object where a single value is due.
    Nested,
}

/// Most digits before the point, as in [`Rupiah`] and [`Quantity`].
const WHOLE_DIGITS: usize = 18;
/// Exponents beyond this are no amounts of anything.
const MAX_EXPONENT: i32 = 60;

/// A number as digits before and after the point.
struct Plain<'a> {
    negative: bool,
    whole: Cow<'a, str>,
    fraction: Cow<'a, str>,
}

impl<'a> Plain<'a> {
    /// Reads `-12.5`, `1.0e+15` (which PHP prints for large floats), `007`.
    fn parse(text: &'a str) -> Result<Self, Fault> {
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (number, exponent) = match rest.find(['e', 'E']) {
            Some(at) => (&rest[..at], parse_exponent(&rest[at + 1..])?),
            None => (rest, 0),
        };
        let (whole, fraction) = match number.split_once('.') {
            Some((_, "")) => return Err(Fault::Form),
            Some(parts) => parts,
            None => (number, ""),
        };
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(Fault::Form);
        }
        if exponent == 0 {
            return Ok(Self { negative, whole: whole.into(), fraction: fraction.into() });
        }
        let all = format!("{whole}{fraction}");
        let point = i32::try_from(whole.len()).map_err(|_| Fault::Large)? + exponent;
        let (whole, fraction) = match usize::try_from(point) {
            Ok(point) if point >= all.len() => (format!("{all}{}", "0".repeat(point - all.len())), String::new()),
            Ok(point) => (all[..point].to_owned(), all[point..].to_owned()),
            Err(_) => ("0".to_owned(), format!("{}{all}", "0".repeat(point.unsigned_abs() as usize))),
        };
        Ok(Self { negative, whole: whole.into(), fraction: fraction.into() })
    }

    /// The value in units of 10^-decimals; digits beyond are refused, or rounded half to even.
    fn scaled(&self, decimals: usize, round: bool) -> Result<i128, Fault> {
        let whole = self.whole.trim_start_matches('0');
        if whole.len() > WHOLE_DIGITS {
            return Err(Fault::Large);
        }
        let kept = self.fraction.len().min(decimals);
        let (near, beyond) = self.fraction.split_at(kept);
        let value = |text: &str| text.bytes().fold(0_i128, |sum, b| sum * 10 + i128::from(b - b'0'));
        let scale = |n: usize| (0..n).fold(1_i128, |product, _| product * 10);
        let mut magnitude = value(whole) * scale(decimals) + value(near) * scale(decimals - kept);
        let beyond = beyond.trim_end_matches('0');
        if !beyond.is_empty() {
            if !round {
                return Err(Fault::Precise);
            }
            let up = match beyond.as_bytes()[0] {
                b'5' if beyond.len() == 1 => magnitude % 2 == 1,
                first => first >= b'5',
            };
            magnitude += i128::from(up);
        }
        if magnitude >= scale(WHOLE_DIGITS + decimals) {
            return Err(Fault::Large);
        }
        Ok(if self.negative { -magnitude } else { magnitude })
    }
}

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn parse_exponent(text: &str) -> Result<i32, Fault> {
    let exponent: i32 = text.parse().map_err(|_| Fault::Form)?;
    if exponent.abs() > MAX_EXPONENT { Err(Fault::Large) } else { Ok(exponent) }
}

/// Whether a text has a point or comma and just three digits behind it, as in `750.000`: it may be grouped, and nobody
/// can know.
pub(super) fn is_doubtful(text: &str) -> bool {
    let mut parts = text.rsplitn(2, ['.', ',']);
    let (last, before) = (parts.next().unwrap_or_default(), parts.next());
    last.len() == 3 && digits(last) && before.is_some_and(|before| !before.contains(['.', ',']))
}

/// A plain decimal as money, exactly, or rounded half to even where the definition says so.
pub(super) fn money(text: &str, round: bool) -> Result<Rupiah, Fault> {
    // Nearly every amount is plain: the long way is for exponents, rounding and errors.
    if let Ok(amount) = Rupiah::from_decimal(text) {
        return Ok(amount);
    }
    Plain::parse(text)?.scaled(2, round).map(Rupiah::from_cents)
}

/// A plain decimal with at most `decimals` decimals (0 to 6).
pub(super) fn decimal(text: &str, decimals: u8, round: bool) -> Result<Quantity, Fault> {
    if let Ok(quantity) = Quantity::from_decimal(text)
        && quantity.decimals() <= u32::from(decimals)
    {
        return Ok(quantity);
    }
    quantity(&Plain::parse(text)?, decimals, round)
}

fn quantity(plain: &Plain<'_>, decimals: u8, round: bool) -> Result<Quantity, Fault> {
    let scaled = plain.scaled(usize::from(decimals), round)?;
    let unit = 10_u128.pow(u32::from(decimals));
    let (whole, fraction) = (scaled.unsigned_abs() / unit, scaled.unsigned_abs() % unit);
    let minus = if scaled < 0 { "-" } else { "" };
    let text = format!("{minus}{whole}.{fraction:0width$}", width = usize::from(decimals.max(1)));
    Quantity::from_decimal(&text).map_err(|_| Fault::Form)
}

/// Money as people write it: `1.250.000,50`, `Rp 1.250.000,-`, `(1.000)`, `1,2 M`, `799,9 Jt`.
pub(super) fn money_id(text: &str, round: bool) -> Result<Rupiah, Fault> {
    Plain::parse(&indonesian(text)?)?.scaled(2, round).map(Rupiah::from_cents)
}

/// A number with a decimal comma and grouping dots: `1.250,5`, `45,75`, `45,75 %`.
pub(super) fn decimal_id(text: &str, decimals: u8, round: bool) -> Result<Quantity, Fault> {
    let text = text.strip_suffix('%').map_or(text, str::trim_end);
    quantity(&Plain::parse(&indonesian(text)?)?, decimals, round)
}

/// Turns the Indonesian form into a plain decimal with an exponent.
fn indonesian(text: &str) -> Result<String, Fault> {
    let mut rest = text.trim();
    let mut negative = false;
    if let Some(inner) = rest.strip_prefix('(') {
        rest = inner.strip_suffix(')').ok_or(Fault::Form)?.trim();
        negative = true;
    }
    let minus = |rest: &mut &str, negative: &mut bool| -> Result<(), Fault> {
        if let Some(inner) = rest.strip_prefix(['-', '\u{2212}']) {
            *rest = inner.trim_start();
            if std::mem::replace(negative, true) {
                return Err(Fault::Form);
            }
        }
        Ok(())
    };
    minus(&mut rest, &mut negative)?;
    if let Some(inner) = prefix(rest, "rp").or_else(|| prefix(rest, "idr")) {
        rest = inner.strip_prefix('.').unwrap_or(inner).trim_start();
        minus(&mut rest, &mut negative)?;
    }
    let end = rest.find(|c: char| !matches!(c, '0'..='9' | '.' | ',')).unwrap_or(rest.len());
    let (number, tail) = rest.split_at(end);
    // `1.250.000,-` and `1.250.000,--` say that there are no cents.
    let (number, tail) = match number.strip_suffix(',') {
        Some(number) => (number, tail.strip_prefix("--").or_else(|| tail.strip_prefix('-')).ok_or(Fault::Form)?),
        None => (number, tail),
    };
    let exponent = match tail.trim().trim_end_matches('.').to_ascii_lowercase().as_str() {
        "" => 0,
        "rb" | "ribu" => 3,
        "jt" | "juta" => 6,
        "m" | "miliar" | "milyar" => 9,
        "t" | "triliun" | "trilyun" => 12,
        _ => return Err(Fault::Form),
    };
    let (whole, fraction) = match number.split_once(',') {
        Some((_, "")) => return Err(Fault::Form),
        Some(parts) => parts,
        None => (number, "0"),
    };
    let whole = ungrouped(whole)?;
    if !digits(fraction) {
        return Err(Fault::Form);
    }
    Ok(format!("{}{whole}.{fraction}e{exponent}", if negative { "-" } else { "" }))
}

/// `1.250.000` without its dots; every group but the first has three digits, so `1.5` is refused rather than read as 15.
fn ungrouped(text: &str) -> Result<String, Fault> {
    let mut groups = text.split('.');
    let first = groups.next().unwrap_or_default();
    let grouped = text.len() > first.len();
    // A group never begins with a zero: `0.125` is a fraction with a point.
    if first.is_empty() || !digits(first) || (grouped && (first.len() > 3 || first.starts_with('0'))) {
        return Err(Fault::Form);
    }
    let mut whole = first.to_owned();
    for group in groups {
        if group.len() != 3 || !digits(group) {
            return Err(Fault::Form);
        }
        whole.push_str(group);
    }
    Ok(whole)
}

fn prefix<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let head = text.get(..word.len())?;
    head.eq_ignore_ascii_case(word).then(|| &text[word.len()..])
}

/// A whole number; `2026.0` and `2.026e3` are whole too.
pub(super) fn int(text: &str) -> Result<i64, Fault> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let scaled = Plain::parse(text)?.scaled(0, false)?;
    i64::try_from(scaled).map_err(|_| Fault::Large)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(text: &str) -> Result<String, Fault> {
        money_id(text, false).map(|amount| amount.to_string())
    }

    #[test]
    fn money_as_people_write_it() {
        for (given, exact) in [
            ("1.250.000,50", "1250000.50"),
            ("Rp 1.250.000", "1250000.00"),
            ("Rp. 1.250.000,-", "1250000.00"),
            ("Rp1.250.000,--", "1250000.00"),
            ("IDR 500", "500.00"),
            ("(1.000)", "-1000.00"),
            ("(Rp 1.000,25)", "-1000.25"),
            ("-1.000", "-1000.00"),
            ("Rp -1.000", "-1000.00"),
            ("1,2 M", "1200000000.00"),
            ("799,9 Jt", "799900000.00"),
            ("500 Rb", "500000.00"),
            ("1,2 T", "1200000000000.00"),
            ("1,25 Milyar", "1250000000.00"),
            ("0", "0.00"),
            ("1250000", "1250000.00"),
            ("-0", "0.00"),
            ("0,5", "0.50"),
        ] {
            assert_eq!(id(given).as_deref(), Ok(exact), "{given}");
        }
        for bad in [
            "",
            "-",
            "1.5",
            "1250000.50",
            "1.25.000",
            "1,",
            ",5",
            "1,2,3",
            "1 000",
            "Rp",
            "1,2 X",
            "(1.000",
            "--1",
            "1250.000",
            "1e3",
        ] {
            assert_eq!(id(bad), Err(Fault::Form), "{bad}");
        }
        assert_eq!(id("1,234"), Err(Fault::Precise));
        assert_eq!(id("999999999 T"), Err(Fault::Large));
    }

    #[test]
    fn plain_money_is_exact_unless_told_to_round() {
        let read = |text, round| money(text, round).map(|amount| amount.to_string());
        assert_eq!(read("1.0e+15", false).as_deref(), Ok("1000000000000000.00"));
        assert_eq!(read("1250e-3", false).as_deref(), Ok("1.25"));
        assert_eq!(read("1255e-3", false), Err(Fault::Precise));
        assert_eq!(read("+5", false).as_deref(), Ok("5.00"));
        assert_eq!(read("0.125", false), Err(Fault::Precise));
        assert_eq!(read("0.125", true).as_deref(), Ok("0.12"));
        assert_eq!(read("0.135", true).as_deref(), Ok("0.14"));
        assert_eq!(read("0.1250001", true).as_deref(), Ok("0.13"));
        assert_eq!(read("-0.004", true).as_deref(), Ok("0.00"));
        assert_eq!(read("999999999999999999.999", true), Err(Fault::Large));
        assert_eq!(read("1e99", true), Err(Fault::Large));
        assert_eq!(read("1,5", true), Err(Fault::Form));
    }

    #[test]
    fn decimals_and_whole_numbers() {
        let read = |text, places, round| decimal(text, places, round).map(|quantity| quantity.to_string());
        assert_eq!(read("12.50", 2, false).as_deref(), Ok("12.5"));
        assert_eq!(read("12.505", 2, false), Err(Fault::Precise));
        assert_eq!(read("12.505", 2, true).as_deref(), Ok("12.5"));
        assert_eq!(read("99.9999999", 6, true).as_deref(), Ok("100"));
        assert_eq!(read("-0.4", 0, true).as_deref(), Ok("0"));
        assert_eq!(decimal_id("45,75 %", 2, false).map(|quantity| quantity.to_string()).as_deref(), Ok("45.75"));
        assert_eq!((int("2026"), int("2026.0"), int("2.026e3"), int("-3")), (Ok(2026), Ok(2026), Ok(2026), Ok(-3)));
        assert_eq!(
            (int("2026.5"), int("x"), int("99999999999999999999")),
            (Err(Fault::Precise), Err(Fault::Form), Err(Fault::Large))
        );
    }

    /// Prints cents the Indonesian way.
    fn written(cents: i64) -> String {
        let digits = (cents.unsigned_abs() / 100).to_string();
        let mut grouped = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                grouped.push('.');
            }
            grouped.push(digit);
        }
        format!("{}Rp {grouped},{:02}", if cents < 0 { "-" } else { "" }, cents.unsigned_abs() % 100)
    }

    proptest! {
        #[test]
        fn what_people_write_is_read_back(cents in any::<i64>()) {
            let amount = Rupiah::from_cents(i128::from(cents));
            prop_assert_eq!(money_id(&written(cents), false), Ok(amount));
            prop_assert_eq!(money(&amount.to_string(), false), Ok(amount));
        }

        #[test]
        fn rounding_is_never_off_by_more_than_half(digits in "[0-9]{1,12}", fraction in "[0-9]{1,12}") {
            let text = format!("{digits}.{fraction}");
            let rounded = money(&text, true).unwrap().cents() * 10_i128.pow(10);
            let exact = format!("{digits}{fraction:0<12}").parse::<i128>().unwrap();
            prop_assert!((rounded - exact).abs() * 2 <= 10_i128.pow(10));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}", round in any::<bool>()) {
            let _ = (money(&text, round), money_id(&text, round), int(&text), decimal(&text, 3, round), decimal_id(&text, 6, round));
        }

        #[test]
        fn no_number_like_text_panics(text in "[-+(]?(Rp)?[0-9.,eE+-]{0,60}( [MTJRbt])?[)]?", round in any::<bool>()) {
            let _ = (money(&text, round), money_id(&text, round), int(&text), decimal(&text, 0, round), decimal_id(&text, 6, round));
        }
    }
}
