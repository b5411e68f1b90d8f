//! Functions of our own: what expressions of this field need again and again, at the speed of native code.
//!
//! To add one: a function below, its line in [`funs`], its row in the table of `connectors/README.md`.

use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{DataT, Error, ValR};
use jaq_json::{Val, read};

use crate::mapping::Converter;

/// All of them.
pub(super) fn funs<D: for<'a> DataT<V<'a> = Val>>() -> impl Iterator<Item = Fun<D>> {
    let own: [Fun<D>; 6] = [
        run(("money_id", v(0), |cv| bome(money_id(&cv.1)))),
        run(("digits", v(0), |cv| bome(text(&cv.1).map(|text| string(text.chars().filter(char::is_ascii_digit)))))),
        run(("norm_name", v(0), |cv| bome(text(&cv.1).map(|text| norm_name(&text))))),
        run(("date", v(1), |cv| unary(cv, |value, pattern| date(&value, &pattern)))),
        run(("code", v(1), |cv| unary(cv, |value, parts| code(&value, &parts)))),
        run(("number", v(1), |cv| unary(cv, |value, length| number(&value, &length)))),
    ];
    own.into_iter()
}

/// `"1.250.000,50" | money_id` is `1250000.50`, exact; a number stays one.
fn money_id(value: &Val) -> ValR<Val> {
    let text = text(value)?;
    let amount = Converter::MoneyId.text(&text, matches!(value, Val::Num(_)));
    let number = amount.and_then(|amount| read::parse_single_num(amount.as_bytes()));
    number.map(Val::Num).ok_or_else(|| Error::str("this is no amount of money"))
}

/// `"7 Maret 2026" | date("d MMMM yyyy")` is `"2026-03-07"`.
fn date(value: &Val, pattern: &Val) -> ValR<Val> {
    let converter = Converter::parse(&format!("date(\"{}\")", text(pattern)?)).map_err(|(why, _)| Error::str(why))?;
    let date = converter.text(&text(value)?, false);
    date.map(|date| string(date.chars())).ok_or_else(|| Error::str("this is no date of that form"))
}

/// `"5.1.02.01" | code(2)` is `"5.1"`: the first parts of a code with dots; a negative number counts from the end.
fn code(value: &Val, parts: &Val) -> ValR<Val> {
    let (code, wanted) = (text(value)?, text(parts)?);
    let all: Vec<&str> = code.split('.').collect();
    let wanted: isize = wanted.parse().map_err(|_| Error::str("code() takes a whole number of parts"))?;
    let last = all.len().min(wanted.unsigned_abs());
    let taken = if wanted < 0 { &all[all.len() - last..] } else { &all[..last] };
    Ok(string(taken.join(".").chars()))
}

/// `"01.234.567-8" | number(9)` is `"012345678"`: the digits, when there are as many; for NPWP, NIP and their like.
fn number(value: &Val, length: &Val) -> ValR<Val> {
    let digits: String = text(value)?.chars().filter(char::is_ascii_digit).collect();
    let fits = text(length)?.parse() == Ok(digits.len());
    if fits { Ok(string(digits.chars())) } else { Err(Error::str("this has another number of digits")) }
}

/// A name without what is written now so and now so: case, points, commas, spaces.
fn norm_name(text: &str) -> Val {
    let plain = text.to_uppercase().replace(|letter: char| !letter.is_alphanumeric(), " ");
    string(plain.split_whitespace().collect::<Vec<_>>().join(" ").chars())
}

/// The text of a text or a number.
fn text(value: &Val) -> Result<String, Error<Val>> {
    match value {
        Val::TStr(text) => Ok(String::from_utf8_lossy(text).into_owned()),
        Val::Num(number) => Ok(number.to_string()),
        _ => Err(Error::str("a text or a number was due here")),
    }
}

fn string(letters: impl Iterator<Item = char>) -> Val {
    Val::utf8_str(letters.collect::<String>())
}
