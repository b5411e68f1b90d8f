//! Dates and times that people and programs write.

use super::*;
use proptest::prelude::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn date(pattern: &str, text: &str) -> Option<String> {
    Pattern::parse(pattern).unwrap().read(text)?.date(&zone("Asia/Jakarta"))
}

#[test]
fn patterns_with_names_in_two_languages() {
    assert_eq!(date("dd/MM/yyyy", "07/02/2026").as_deref(), Some("2026-02-07"));
    assert_eq!(date("d MMMM yyyy", "7 Pebruari 2026").as_deref(), Some("2026-02-07"));
    assert_eq!(date("dd-MMM-yyyy", "17-Agt-2026").as_deref(), Some("2026-08-17"));
    assert_eq!(date("dd MMM yyyy", "17 AUG 2026").as_deref(), Some("2026-08-17"));
    assert_eq!(date("d/M/yyyy", "31/12/2026").as_deref(), Some("2026-12-31"));
    assert_eq!(date("yyyyMMdd", "20260207").as_deref(), Some("2026-02-07"));
    assert_eq!(date("'tgl' d MMMM yyyy", "tgl 1 Mei 2026").as_deref(), Some("2026-05-01"));
    for (pattern, bad) in [
        ("dd/MM/yyyy", "31/02/2026"),
        ("dd/MM/yyyy", "7/2/2026"),
        ("dd/MM/yyyy", "07/02/2026 "),
        ("d MMMM yyyy", "7 Foo 2026"),
    ] {
        assert_eq!(date(pattern, bad), None, "{bad}");
    }
    assert!(Pattern::parse("dd/MM/yy").is_err());
    assert!(Pattern::parse("dd 'of").is_err());
}

#[test]
fn iso_dates_and_moments() {
    let jakarta = zone("Asia/Jakarta");
    let date = |text| Written::iso(text).and_then(|written| written.date(&jakarta));
    let moment = |text| Written::iso(text).and_then(|written| written.moment(&jakarta));
    assert_eq!(date("2024-02-07 00:00:00").as_deref(), Some("2024-02-07"));
    assert_eq!(date("2026-02-06T17:00:00.000Z").as_deref(), Some("2026-02-07"), "midnight in Jakarta");
    assert_eq!(date("2026-02-07T00:00:00Z").as_deref(), Some("2026-02-07"));
    assert_eq!(date("2026-02-29"), None);
    assert_eq!(date("0000-00-00"), None);
    assert_eq!(moment("2026-02-20 16:13:57").as_deref(), Some("2026-02-20T16:13:57+07:00"));
    assert_eq!(moment("2026-02-20T16:13:57.916000Z").as_deref(), Some("2026-02-20T16:13:57.916Z"));
    assert_eq!(moment("2026-02-20 16:13:57.5+07").as_deref(), Some("2026-02-20T16:13:57.5+07:00"));
    assert_eq!(moment("2026-02-20 16:13+0900").as_deref(), Some("2026-02-20T16:13:00+09:00"));
    assert_eq!(moment("2026-02-20").as_deref(), Some("2026-02-20T00:00:00+07:00"));
    assert_eq!(
        Written::iso("2026-02-20 08:00").and_then(|w| w.moment(&zone("Asia/Jayapura"))).as_deref(),
        Some("2026-02-20T08:00:00+09:00")
    );
    for bad in
        ["2026-02-20T", "2026-02-20T25:00", "2026-02-20 16:13:57 WIB", "2026-2-2", "20260220", "2026-02-20T10:00:00."]
    {
        assert_eq!(moment(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn dates_are_read_back_in_every_form(days in 0_i64..73_000) {
        let day = jiff::civil::date(1950, 1, 1) + jiff::Span::new().days(days);
        let iso = day.to_string();
        let read = Written::iso(&iso).and_then(|w| w.date(&TimeZone::UTC));
        prop_assert_eq!(read.as_deref(), Some(iso.as_str()));
        let name = MONTHS[day.month() as usize - 1][0];
        let long = format!("{} {name} {}", day.day(), day.year());
        let read = Pattern::parse("d MMMM yyyy").unwrap().read(&long).and_then(|w| w.date(&TimeZone::UTC));
        prop_assert_eq!(read.as_deref(), Some(iso.as_str()));
    }

    #[test]
    fn moments_agree_with_jiff(seconds in 0_i64..4_000_000_000, nanos in 0_i32..1_000_000_000) {
        let moment = jiff::Timestamp::new(seconds, nanos).unwrap();
        let zoned = moment.to_zoned(TimeZone::get("Asia/Makassar").unwrap());
        let text = zoned.strftime("%Y-%m-%d %H:%M:%S.%N").to_string();
        let read = Written::iso(&text).and_then(|w| w.moment(zoned.time_zone())).unwrap();
        prop_assert_eq!(read.parse::<jiff::Timestamp>().unwrap(), moment);
    }

    #[test]
    fn no_text_panics(pattern in "[yMdHms'/ .-]{0,12}", text in "\\PC{0,30}") {
        if let Ok(pattern) = Pattern::parse(&pattern) {
            let _ = pattern.read(&text);
        }
        let _ = Written::iso(&text).map(|w| (w.date(&TimeZone::UTC), w.moment(&TimeZone::UTC)));
    }

    #[test]
    fn no_date_like_text_panics(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]{0,12}[Z+-]?[0-9:]{0,6}") {
        let zone = TimeZone::get("Asia/Jayapura").unwrap();
        let _ = Written::iso(&text).map(|w| (w.date(&zone), w.moment(&zone), w.month(&zone), w.year(&zone)));
    }
}
