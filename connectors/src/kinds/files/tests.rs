//! Names, numbers and broken files; `tests/files.rs` reads whole ones.

use proptest::prelude::*;

use super::rows::Rows;
use super::{PIECE, bomb, folder, number, table};

#[test]
fn numbers_are_what_a_person_typed() {
    for (float, text) in [
        (0.0, "0"),
        (-0.0, "0"),
        (1_250_000_000.5, "1250000000.5"),
        (0.1 + 0.2, "0.3"),
        (14_341_959_398_000.0, "14341959398000"),
        (999_999_999_999_999.0, "999999999999999"),
        (-1_234.56, "-1234.56"),
        (1e-7, "0.0000001"),
        (100.0, "100"),
        (0.005, "0.005"),
    ] {
        assert_eq!(number::shown(float).as_deref(), Some(text));
    }
    for float in [1e15, 3_302_011_505_800_002.0, f64::NAN, f64::INFINITY, 999_999_999_999_999.9] {
        assert_eq!(number::shown(float), None, "{float}");
    }
}

#[test]
fn columns_have_letters() {
    assert_eq!([0, 25, 26, 51, 701, 702, 16_383].map(number::column), ["A", "Z", "AA", "AZ", "ZZ", "AAA", "XFD"]);
}

#[test]
fn patterns_mean_files_below_the_folder() {
    for (pattern, name, fits) in [
        ("a.csv", "a.csv", true),
        ("a.csv", "b.csv", false),
        ("*.csv", "a.csv", true),
        ("*.csv", "a.csv.bak", false),
        ("R*_2026*.xlsx", "RBA_2026_v2.xlsx", true),
        ("R*_2026*.xlsx", "RBA_2025.xlsx", false),
        ("a*a", "a", false),
        ("*", "", true),
    ] {
        assert_eq!(folder::matches(pattern, name), fits, "{pattern} {name}");
    }
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("chkp")).unwrap();
    for name in ["chkp/2.csv", "chkp/1.csv", "chkp/~$1.csv", "x.xlsx"] {
        std::fs::write(root.path().join(name), "a\n1\n").unwrap();
    }
    assert_eq!(folder::list(root.path(), "chkp/*.csv").unwrap(), ["chkp/1.csv", "chkp/2.csv"]);
    assert_eq!(folder::list(root.path(), "*/1.csv").unwrap(), ["chkp/1.csv"]);
    for pattern in ["../x.xlsx", "gone.csv", "chkp", "/etc/passwd", "chkp//1.csv"] {
        assert!(folder::list(root.path(), pattern).is_err(), "{pattern}");
    }
}

#[test]
fn a_quote_that_is_never_closed_is_given_up_where_it_begins() {
    let (out, _pieces) = tokio::sync::mpsc::channel(1);
    let endless = std::io::Read::chain(&b"id,nilai\n1,\"a\nb\"\n2,\"c"[..], std::io::repeat(b'x'));

    let told = table::records(endless, b',', &mut Rows::new(out, PIECE)).unwrap_err();

    assert_eq!(told, "row 3, which begins in line 4, has more than 4 MiB; a quote is not closed");
}

#[test]
fn a_large_row_is_taken_whole() {
    let (out, mut pieces) = tokio::sync::mpsc::channel(8);
    let large = "x".repeat(4 * 1024 * 1024 - 10);
    let text = format!("id,nilai\n1,{large}\n2,{large}\n");
    let mut rows = Rows::new(out, PIECE);

    table::records(text.as_bytes(), b',', &mut rows).unwrap();

    rows.end(Ok(()));
    let count = std::iter::from_fn(|| pieces.blocking_recv()).map(|piece| piece.unwrap().rows.len()).sum::<usize>();
    assert_eq!(count, 2);
}

#[test]
fn a_piece_has_few_bytes_as_well_as_few_rows() {
    let (out, mut pieces) = tokio::sync::mpsc::channel(64);
    let text = format!("id,nilai\n{}", format!("1,{}\n", "x".repeat(1_000_000)).repeat(40));
    let mut rows = Rows::new(out, PIECE);

    table::records(text.as_bytes(), b',', &mut rows).unwrap();

    rows.end(Ok(()));
    let pieces: Vec<_> = std::iter::from_fn(|| pieces.blocking_recv()).map(Result::unwrap).collect();
    let lengths: Vec<_> = pieces.iter().map(|piece| (piece.first, piece.rows.len(), piece.last)).collect();
    assert_eq!(lengths, [(2, 9, false), (11, 9, false), (20, 9, false), (29, 9, false), (38, 4, true)]);
}

#[test]
fn what_is_no_zip_file_is_no_workbook() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for bytes in [
        &b""[..],
        b"PK",
        b"<html></html>",
        b"PK\x05\x06",
        &[0x50, 0x4b, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 1, 1, 1, 1, 0, 0],
    ] {
        std::fs::write(file.path(), bytes).unwrap();
        assert!(bomb::check(file.path()).is_err());
    }
}

proptest! {
    #[test]
    fn fifteen_digits_survive_a_float(digits in 1_i64..999_999_999_999_999, places in 0_u32..6) {
        let text = format!("{}.{:0width$}", digits / 10_i64.pow(places), digits % 10_i64.pow(places), width = places as usize);
        let text = if places == 0 { digits.to_string() } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() };
        prop_assert_eq!(number::shown(text.parse().unwrap()), Some(text));
    }
}
