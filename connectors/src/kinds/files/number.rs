//! Numbers and columns of a workbook, as Excel shows them.

/// A number with the 15 digits that Excel keeps, without an exponent; `None` where it has kept fewer than there are.
///
/// A workbook holds binary floats. What a person typed is the shortest decimal of at most 15 digits near it, so that,
/// and not the float, is the value.
pub(super) fn shown(number: f64) -> Option<String> {
    if !number.is_finite() || number.abs() >= 1e15 {
        return None;
    }
    if number == 0.0 {
        return Some("0".to_owned());
    }
    // 15 digits: one before the point of the mantissa, 14 behind.
    let printed = format!("{:.14e}", number.abs());
    let (mantissa, exponent) = printed.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let mut text = String::from(if number < 0.0 { "-" } else { "" });
    let before = exponent + 1;
    if before <= 0 {
        text.push_str("0.");
        text.extend(std::iter::repeat_n('0', usize::try_from(-before).ok()?));
        text.push_str(digits);
        return Some(text);
    }
    let before = usize::try_from(before).ok()?;
    // 999999999999999.9 rounds up to sixteen digits.
    if before > 15 {
        return None;
    }
    if digits.len() <= before {
        text.push_str(digits);
        text.extend(std::iter::repeat_n('0', before - digits.len()));
    } else {
        text.push_str(&digits[..before]);
        text.push('.');
        text.push_str(&digits[before..]);
    }
    Some(text)
}

/// A float that is a whole number, as one.
pub(super) fn whole(number: f64) -> Option<u64> {
    shown(number)?.parse().ok()
}

/// The letters of a column: 0 is A, 26 is AA.
pub(super) fn column(mut number: u32) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(b'A' + u8::try_from(number % 26).unwrap_or(0));
        match (number / 26).checked_sub(1) {
            Some(left) => number = left,
            None => break,
        }
    }
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}
