//! A cell of a workbook as text: numbers as Excel shows them, dates in ISO form, errors with their address.

use std::borrow::Cow;

use calamine::{Data, DataRef, ExcelDateTime};

use super::number;
use super::rows::Cell;

/// What a cell of an xlsx holds.
pub(super) fn streamed<'a>(value: &'a DataRef<'a>, row: u32, column: u32) -> Cell<'a> {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::Int(number) => Cell::Text(number.to_string().into()),
        DataRef::Float(float) => float_of(*float, row, column),
        DataRef::String(text) => Cell::Text(Cow::Borrowed(text)),
        DataRef::SharedString(text) => Cell::Text(Cow::Borrowed(text)),
        DataRef::Bool(flag) => Cell::Text(flag.to_string().into()),
        DataRef::DateTime(moment) => moment_cell(moment, row, column),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::Text(Cow::Borrowed(text)),
        DataRef::Error(error) => fault(error.to_string(), &format!("holds the error {error}"), row, column),
    }
}

/// What a cell of a workbook that is in memory holds.
pub(super) fn loaded(value: &Data, row: u32, column: u32) -> Cell<'_> {
    match value {
        Data::Empty => Cell::Empty,
        Data::Int(number) => Cell::Text(number.to_string().into()),
        Data::Float(float) => float_of(*float, row, column),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::Text(Cow::Borrowed(text)),
        Data::Bool(flag) => Cell::Text(flag.to_string().into()),
        Data::DateTime(moment) => moment_cell(moment, row, column),
        Data::Error(error) => fault(error.to_string(), &format!("holds the error {error}"), row, column),
    }
}

fn fault(shown: String, what: &str, row: u32, column: u32) -> Cell<'static> {
    Cell::Fault { message: format!("cell {}{} {what}", number::column(column), u64::from(row) + 1), shown }
}

fn float_of(float: f64, row: u32, column: u32) -> Cell<'static> {
    if let Some(text) = number::shown(float) {
        return Cell::Text(text.into());
    }
    let what = "holds a number of more than 15 digits, which Excel has rounded; make it a text";
    fault(float.to_string(), what, row, column)
}

fn moment_cell(moment: &ExcelDateTime, row: u32, column: u32) -> Cell<'static> {
    match moment_of(moment) {
        Some(text) => Cell::Text(text.into()),
        None => fault(moment.as_f64().to_string(), "holds a date that is none", row, column),
    }
}

/// `2026-03-01`, `2026-03-01 10:30:00`, or `10:30:00` for a time alone.
fn moment_of(moment: &ExcelDateTime) -> Option<String> {
    let float = moment.as_f64();
    if !(0.0..2_958_466.0).contains(&float) {
        return None;
    }
    if moment.is_duration() {
        // A duration of hours and minutes may be longer than a day.
        let seconds = number::whole((float * 86_400.0).round())?;
        return Some(format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60));
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let (mut date, mut seconds) =
        (jiff::civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok(), 0);
    if float >= 1.0 || date.is_some() {
        seconds = u32::from(hour) * 3_600 + u32::from(minute) * 60 + u32::from(second) + u32::from(milli >= 500);
    }
    if seconds >= 86_400 {
        seconds -= 86_400;
        date = date.and_then(|date| date.tomorrow().ok());
    }
    let time = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if float < 1.0 {
        return Some(time);
    }
    let date = date?;
    Some(if seconds == 0 { date.to_string() } else { format!("{date} {time}") })
}
