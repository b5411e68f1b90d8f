//! Which changes of a source are told, and which are none.

use proptest::prelude::*;

use super::*;
use crate::raw::Raw;

fn see(profile: &mut Profile, record: &str) {
    let raw = Raw::Json(record.into());
    profile.see(&raw.parse().unwrap(), &["0001-01-01".to_owned()]);
}

fn of<'a>(records: impl IntoIterator<Item = &'a str>) -> Profile {
    let mut profile = Profile::default();
    records.into_iter().for_each(|record| see(&mut profile, record));
    profile
}

fn many(record: &str, count: usize) -> Profile {
    of(std::iter::repeat_n(record, count))
}

/// What is told, as `+added`, `-removed`, `~retyped`.
fn told(before: &Profile, after: &Profile) -> Vec<String> {
    let sign = |change| match change {
        Change::Added => '+',
        Change::Removed => '-',
        Change::Retyped => '~',
    };
    compare(before, after).iter().map(|drift| format!("{}{}", sign(drift.change), drift.path)).collect()
}

#[test]
fn forms_of_texts() {
    for (text, form) in [
        ("", Form::Absent),
        (" - ", Form::Absent),
        ("0001-01-01", Form::Absent),
        ("1250000", Form::TextWhole),
        ("-7", Form::TextWhole),
        ("1.250", Form::TextWhole),
        ("1250.50", Form::TextPoint),
        ("1.25e9", Form::TextPoint),
        ("0.125.5", Form::Text),
        ("1.250.000", Form::TextComma),
        ("1.250.000,50", Form::TextComma),
        ("12,5", Form::TextComma),
        ("Rp 1.250", Form::TextComma),
        ("Rp1.250.000,-", Form::TextComma),
        ("(1.000)", Form::TextComma),
        ("5.1.02.01", Form::Text),
        ("1.02.02.2.02.0008", Form::Text),
        ("2026-03-01", Form::DateIso),
        ("2026-03-01T10:00:00+07:00", Form::DateIso),
        ("2026-03-01x", Form::Text),
        ("1/3/2026", Form::DateSlash),
        ("01/03/2026 10:00", Form::DateSlash),
        ("01-03-2026", Form::DateDash),
        ("01-03-26", Form::Text),
        ("Rapat", Form::Text),
        ("12 orang", Form::Text),
        ("é", Form::Text),
        ("1é/2/2026", Form::Text),
    ] {
        assert_eq!(Form::of_text(text, &["0001-01-01".to_owned()]), form, "{text}");
    }
}

#[test]
fn a_pattern_holds_no_letter_and_no_digit_of_the_value() {
    assert_eq!(pattern("Rp 1.250.000,50"), "Aa 9.999.999,99");
    assert_eq!(pattern("Šatu\u{7}<b>`x`"), "Aaaa··a··a·");
    assert_eq!(pattern(&"1".repeat(41)), format!("{}…", "9".repeat(40)));
    assert_eq!(pattern("٣½"), "99", "digits of other scripts too");
}

#[test]
fn what_is_told_and_what_is_not() {
    let base = r#"{"id":1,"nilai":5,"tgl":"2026-01-02","ket":null,"isi":{"a":"x"},"baris":[{"n":1}]}"#;
    let before = many(base, 30);
    let cases: &[(&str, &[&str])] = &[
        (base, &[]),
        // Nulls, and what PHP writes for nothing.
        (r#"{"id":1,"nilai":null,"tgl":"","ket":null,"isi":[],"baris":[]}"#, &[]),
        // Decimals of a number; a value where there never was one.
        (r#"{"id":1,"nilai":5.5,"tgl":"2026-01-02","ket":"x","isi":{"a":"x"},"baris":[{"n":1}]}"#, &[]),
        (r#"{"id":1,"nilai":5,"tgl":"2026-01-02","ket":{"k":1},"isi":{"a":"x"},"baris":[{"n":1}]}"#, &[]),
        (
            r#"{"id":1,"nilai":5,"baru":null,"tgl":"2026-01-02","ket":null,"isi":{"a":"x"},"baris":[{"n":1}]}"#,
            &["+baru"],
        ),
        // What a new object holds is not told beside it.
        (
            r#"{"id":1,"nilai":5,"baru":{"x":[{"y":1}]},"tgl":"2026-01-02","ket":null,"isi":{"a":"x","b":1},"baris":[{"n":1,"m":2}]}"#,
            &["+baru", "+isi.b", "+baris[].m"],
        ),
        (
            r#"{"id":1,"nilai":"5","tgl":"02/01/2026","ket":null,"isi":[1],"baris":{"0":{"n":1}}}"#,
            &["~nilai", "~tgl", "~isi", "~baris"],
        ),
        (
            r#"{"id":1,"nilai":5,"tgl":"02-01-2026","ket":null,"isi":{"a":true},"baris":[7]}"#,
            &["~tgl", "~isi.a", "~baris[]"],
        ),
        (r#"{"id":1,"ket":null,"isi":{"b":1},"baris":[{"n":1}]}"#, &["+isi.b", "-nilai", "-tgl", "-isi.a"]),
    ];
    for (record, expected) in cases {
        assert_eq!(told(&before, &many(record, 20)), *expected, "{record}");
    }
}

#[test]
fn amounts_written_otherwise_are_told_and_digits_alone_are_not() {
    let texts = |texts: &[&str]| {
        let records: Vec<String> = texts.iter().cycle().take(60).map(|text| format!(r#"{{"n":"{text}"}}"#)).collect();
        of(records.iter().map(String::as_str))
    };
    let point = texts(&["1250000.50", "100"]);
    let comma = texts(&["1.250.000,50", "1.250", "100"]);
    assert_eq!(told(&point, &comma), ["~n"]);
    assert_eq!(told(&comma, &point), ["~n"]);
    assert!(told(&texts(&["100"]), &comma).is_empty() && told(&texts(&["100"]), &point).is_empty());
    assert!(told(&texts(&["100", "seratus"]), &comma).is_empty(), "where any text stood, any text may stand");
    assert_eq!(told(&point, &texts(&["seratus"])), ["~n"]);
}

#[test]
fn a_few_texts_say_little_but_another_type_says_all() {
    let before = many(r#"{"kode":"101","n":1}"#, 19);
    assert!(told(&before, &many(r#"{"kode":"A-1","n":1}"#, 30)).is_empty());
    assert_eq!(told(&many(r#"{"n":1}"#, 1), &many(r#"{"n":"x"}"#, 1)), ["~n"]);

    let codes = many(r#"{"kode":"101"}"#, 100);
    let mut after = many(r#"{"kode":"102"}"#, 96);
    (0..4).for_each(|_| see(&mut after, r#"{"kode":"n/a"}"#));
    assert!(told(&codes, &after).is_empty(), "a slip in a hundred");
    (0..4).for_each(|_| see(&mut after, r#"{"kode":"n/a"}"#));
    assert_eq!(told(&codes, &after), ["~kode"]);
}

#[test]
fn a_field_is_lost_when_enough_records_in_a_row_lack_it() {
    let before = many(r#"{"id":1,"x":1}"#, 100);
    let mut after = many(r#"{"id":1}"#, 19);
    assert!(told(&before, &after).is_empty());
    assert_eq!(told(&before, &many(r#"{"id":1}"#, 1).is_whole()), ["-x"], "all of a whole read, however few");
    see(&mut after, r#"{"id":1}"#);
    assert_eq!(told(&before, &after), ["-x"]);
    see(&mut after, r#"{"id":1,"x":1}"#);
    assert!(told(&before, &after).is_empty(), "it is there again");
    after.merge(&many(r#"{"id":1}"#, 20));
    assert_eq!(told(&before, &after), ["-x"], "over several runs");
    assert!(told(&many(r#"{"id":1,"x":1}"#, 4), &many(r#"{"id":1}"#, 4).is_whole()).is_empty(), "four say nothing");
    let mut optional = many(r#"{"id":1,"x":1}"#, 90);
    (0..10).for_each(|_| see(&mut optional, r#"{"id":1}"#));
    assert!(told(&optional, &many(r#"{"id":1}"#, 500)).is_empty(), "an optional field may stay away");
}

#[test]
fn members_without_a_letter_are_one() {
    let before = many(r#"{"bulan":{"01":1,"02":2}}"#, 30);
    assert!(told(&before, &many(r#"{"bulan":{"03":1,"2026-04":2}}"#, 30)).is_empty());
    assert_eq!(told(&before, &many(r#"{"bulan":{"03":"x"}}"#, 30)), ["~bulan.*"]);
}

#[test]
fn a_record_without_end_is_bounded() {
    let wide: Vec<String> = (0..100_000).map(|number| format!(r#""k{number}":{number}"#)).collect();
    let mut before = many(&format!("{{{}}}", wide.join(",")), 1);
    assert_eq!((before.fields.len(), before.cut), (MAX_FIELDS + 1, true));
    assert!(before.to_text().len() < 200_000);
    see(&mut before, &format!(r#"{{"{}":1}}"#, "x".repeat(300)));
    assert!(told(&before, &many(r#"{"baru":1}"#, 1)).is_empty(), "nobody knows what is new");
    let deep = format!("{}1{}", r#"{"a":"#.repeat(60), "}".repeat(60));
    assert_eq!(many(&deep, 1).fields.len(), MAX_DEPTH + 1);
    let items = format!(r#"{{"l":[{}]}}"#, vec![r#"{"a":1}"#; 50_000].join(","));
    let start = std::time::Instant::now();
    assert_eq!(many(&items, 1).fields.len(), 4);
    assert!(start.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn rows_are_looked_at_by_their_columns() {
    let rows = |names: &[&str], cells: &[Option<&str>], count| {
        let head = Head::new(names.iter().copied());
        let mut profile = Profile::default();
        for _ in 0..count {
            let mut row = head.row();
            cells.iter().for_each(|cell| row.push(*cell));
            profile.see(&Raw::Row(row).parse().unwrap(), &[]);
        }
        profile
    };
    let before = rows(&["id", "nilai", "x"], &[Some("1"), Some("2.5"), None], 30);
    assert!(told(&before, &rows(&["x", "nilai", "id"], &[Some("y"), Some("3"), Some("7")], 30)).is_empty());
    let after = rows(&["id", "nilai", "baru"], &[Some("1"), Some("1.000,5"), Some("x")], 30);
    assert_eq!(told(&before, &after), ["~nilai", "+baru", "-x"]);
}

#[test]
fn a_profile_is_read_back_and_damage_is_not() {
    let mut profile = many(r#"{"id":1,"l":[{"a":"x"}]}"#, 3);
    let mut read = Profile::from_text(&profile.to_text()).unwrap();
    for profile in [&mut profile, &mut read] {
        see(profile, r#"{"id":1,"l":[{"a":"x","b":2}]}"#);
    }
    assert_eq!(read.to_text(), profile.to_text());
    for text in ["", "{}", r#"{"fields":[],"cut":false,"whole":false}"#] {
        assert!(Profile::from_text(text).is_none(), "{text}");
    }
    let looped = profile.to_text().replace(r#""parent":1"#, r#""parent":9"#).replace(r#""parent":0"#, r#""parent":9"#);
    assert!(Profile::from_text(&looped).is_none());
}

#[test]
fn a_record_is_held_against_a_profile() {
    let before = many(r#"{"id":1,"n":1,"isi":{"a":"x"},"baris":[{"n":1}],"ada":1}"#, 30);
    let look = |record: &str| {
        let raw = Raw::Json(record.into());
        let found = Measure::new(&before, &[]).look(&raw.parse().unwrap());
        found.into_iter().map(|(change, path)| format!("{change:?} {path}")).collect::<Vec<_>>()
    };
    assert!(look(r#"{"id":2,"n":null,"isi":[],"baris":[],"ada":2}"#).is_empty());
    assert_eq!(
        look(r#"{"id":2,"n":"x","isi":{"a":"y","b":1},"baris":[{"n":1,"m":1},{"n":1,"m":1}],"baru":1}"#),
        ["Retyped n", "Added isi.b", "Added baris[].m", "Added baru", "Removed ada"]
    );
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        (0..1000_i32).prop_map(|number| number.to_string()),
        Just("1.5".to_owned()),
        "[0-9]{1,4}".prop_map(|text| format!("\"{text}\"")),
        Just("\"1.250.000,50\"".to_owned()),
        Just("\"12.50\"".to_owned()),
        Just("\"2026-01-02\"".to_owned()),
        Just("\"02/01/2026\"".to_owned()),
        "[a-c]{0,3}".prop_map(|text| format!("\"{text}\"")),
        Just("[]".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let object = prop::collection::btree_map("[a-d1]", inner.clone(), 0..4).prop_map(|members| {
            let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", members.join(","))
        });
        prop_oneof![object, prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(",")))]
    })
}

proptest! {
    #[test]
    fn a_part_of_the_records_never_differs_from_all(
        records in prop::collection::vec((prop::collection::btree_map("[a-e]", value(), 0..5), any::<bool>(), 1..40_usize), 1..12),
        whole in any::<bool>(),
    ) {
        let (mut before, mut after) = (Profile::default(), Profile::default());
        for (members, is_taken, times) in &records {
            let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            for _ in 0..*times {
                see(&mut before, &format!("{{{}}}", members.join(",")));
                if *is_taken {
                    see(&mut after, &format!("{{{}}}", members.join(",")));
                }
            }
        }
        let after = if whole { after.is_whole() } else { after };
        prop_assert_eq!(compare(&before, &after), vec![]);
        prop_assert_eq!(compare(&before, &before), vec![]);
        let mut twice = after.clone();
        twice.merge(&after);
        prop_assert_eq!(told(&before, &twice).into_iter().filter(|told| !told.starts_with('-')).collect::<Vec<_>>(), Vec::<String>::new());
    }
}
