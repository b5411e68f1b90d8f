//! Raw records: what is hashed, what is plucked, what a pointer looks like.

use muara_schemas::page::RawForm;
use proptest::prelude::*;

use super::{Head, Part, Place, Pluck, Raw, Rebuild, Row, Standing};
use crate::json::Path;

fn row(names: &[&str], cells: &[Option<&str>]) -> Row {
    let mut row = Head::new(names.iter().copied()).row();
    cells.iter().for_each(|cell| row.push(*cell));
    row
}

fn part() -> Part {
    Part { name: "rsud".into(), standing: Standing::Whole }
}

fn plucked(raw: &Raw, paths: &[&str]) -> Vec<Option<String>> {
    let mut taken = vec![None; paths.len()];
    Pluck::new(paths.iter().copied().map(Path::new).collect())
        .take(raw, |number, text| taken[number] = Some(text.into_owned()));
    taken
}

#[test]
fn a_row_gives_back_its_cells() {
    let row = row(&["a", "b", "c", "d"], &[Some("x"), None, Some(""), Some("yz")]);
    assert_eq!(
        [row.cell(0), row.cell(1), row.cell(2), row.cell(3), row.cell(4)],
        [Some("x"), None, Some(""), Some("yz"), None]
    );
    assert_eq!(Raw::Row(row).to_text(), r#"{"a":"x","b":null,"c":"","d":"yz"}"#);
}

#[test]
fn null_empty_text_shifted_cells_and_renamed_columns_hash_otherwise() {
    let hash = |names: &[&str], cells: &[Option<&str>]| Raw::Row(row(names, cells)).hash();
    let base = hash(&["a", "b"], &[Some("x"), Some("y")]);
    assert_eq!(base, hash(&["a", "b"], &[Some("x"), Some("y")]));
    assert_ne!(base, hash(&["a", "c"], &[Some("x"), Some("y")]));
    assert_ne!(base, hash(&["a", "b"], &[Some("xy"), Some("")]));
    assert_ne!(hash(&["a", "b"], &[Some("x"), Some("")]), hash(&["a", "b"], &[Some("x"), None]));
}

#[test]
fn numbers_and_escapes_are_plucked_by_their_text() {
    let raw = Raw::Json(
        r#"{"id":9007199254740993,"n":1250000000.50,"t":"a\"b","deep":{"id":7},"no":null,"list":[1]}"#.into(),
    );
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        plucked(&raw, &["id", "n", "t", "no", "list", "gone"]),
        [text("9007199254740993"), text("1250000000.50"), text("a\"b"), None, None, None]
    );
    assert_eq!(plucked(&raw, &["n", "n"]), [text("1250000000.50"), text("1250000000.50")], "key and cursor may be one");
    assert_eq!(plucked(&raw, &["deep.id", "n"]), [text("7"), text("1250000000.50")]);
    assert_eq!(plucked(&Raw::Json("[1]".into()), &["id"]), [None]);
}

#[test]
fn a_column_that_does_not_exist_is_told() {
    let raw = Raw::Row(row(&["a"], &[Some("x")]));
    let mut pluck = Pluck::new(vec![Path::new("a"), Path::new("b")]);
    assert_eq!(pluck.missing(&raw).map(Path::as_str), Some("b"));
}

#[test]
fn pointers_lead_to_the_record() {
    assert_eq!(Place::table("public.dpa").pointer(9, "2026|1"), "public.dpa?2026|1");
    assert_eq!(
        Place::list("http://127.0.0.1/dpa?page=2", "/data").pointer(3, "x"),
        "http://127.0.0.1/dpa?page=2#/data/3"
    );
    assert_eq!(Place::sheet("rsud/RBA.xlsx", "RBA", part()).pointer(17, "x"), "rsud/RBA.xlsx#RBA!A17");
    assert_eq!(Place::lines("chkp/01.csv", part()).pointer(17, "x"), "chkp/01.csv#row=17");
}

proptest! {
    #[test]
    fn cells_survive(cells in prop::collection::vec(prop::option::of("\\PC{0,8}"), 0..90)) {
        let names: Vec<String> = (0..cells.len()).map(|n| format!("c{n}")).collect();
        let mut row = Head::new(names).row();
        cells.iter().for_each(|cell| row.push(cell.as_deref()));
        for (index, cell) in cells.iter().enumerate() {
            prop_assert_eq!(row.cell(index), cell.as_deref());
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}") {
        plucked(&Raw::Json(text.into()), &["a", "b"]);
    }
}

#[test]
fn what_quarantine_keeps_becomes_the_same_record_again() {
    let mut rebuild = Rebuild::default();
    let odd = row(&["a", "b.c", "a", ""], &[Some("x\"\n"), None, Some(""), Some("{\"d\":1.50}")]);
    for raw in [Raw::Row(odd.clone()), Raw::Row(odd), Raw::Json(r#"{ "n" : 1.500, "n":2 }"#.into())] {
        let form = if matches!(raw, Raw::Json(_)) { RawForm::Json } else { RawForm::Row };
        let again = rebuild.raw(raw.to_text(), form).unwrap();
        assert_eq!((again.hash(), again.to_text()), (raw.hash(), raw.to_text()));
    }
    assert!(rebuild.raw(r#"{"a":"x","b":"#.to_owned(), RawForm::Row).is_err(), "a text that was cut");
    assert!(rebuild.raw(r#"{"a":7}"#.to_owned(), RawForm::Row).is_err(), "a row holds texts alone");
}
