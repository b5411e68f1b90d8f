//! What is a row, what spoils one, and after what none can be told apart; beside the lenient reader of the crate `csv`.

use std::io::BufReader;

use csv::ReaderBuilder;
use proptest::prelude::*;

use super::*;

/// All rows as `cell|cell`, with the flaw behind, and how it ended.
fn rows(text: &str, capacity: usize) -> (Vec<String>, Option<String>) {
    let mut reader = Delimited::new(BufReader::with_capacity(capacity, text.as_bytes()), b',');
    let (mut cells, mut rows) = (Cells::default(), Vec::new());
    loop {
        match reader.read(&mut cells) {
            Ok(true) => {
                let texts: Vec<_> = cells.iter().map(|cell| std::str::from_utf8(cell).unwrap()).collect();
                let flaw = cells.flaw().map_or_else(String::new, |flaw| format!(" {flaw:?}"));
                rows.push(format!("{}{flaw}", texts.join("|")));
            }
            Ok(false) => return (rows, None),
            Err(error) => return (rows, Some(error.to_string())),
        }
    }
}

#[test]
fn quotes_hold_delimiters_lines_and_quotes() {
    let text = "\"a,b\",\"c\nd\",\"say \"\"ya\"\"\"\r\n\r\n,\"\"\r5\" pipe,x \"y\" z\n\"\"\"\",";

    let read = rows(text, 3);

    assert_eq!(read, (["a,b|c\nd|say \"ya\"", "|", "5\" pipe|x \"y\" z", "\"|"].map(str::to_owned).to_vec(), None));
}

#[test]
fn rows_have_the_numbers_of_a_spreadsheet() {
    for capacity in [1, 3, 64] {
        for ends in ["\n", "\r\n", "\r"] {
            let text = "a,b~~\"c~d\",e~,~~~f".replace('~', ends);
            let mut reader = Delimited::new(BufReader::with_capacity(capacity, text.as_bytes()), b',');
            let (mut cells, mut numbers) = (Cells::default(), Vec::new());
            while reader.read(&mut cells).unwrap() {
                numbers.push(cells.row());
            }
            assert_eq!(numbers, [0, 2, 3, 6], "{ends:?} {capacity}");
        }
    }
}

#[test]
fn what_stands_behind_a_closing_quote_spoils_its_row() {
    let read = rows("1,2\n3,\"3\"0,4\n5,\"6\" ,7\n8,9\n", 64);

    let all = ["1|2", "3|30|4 Stray(1)", "5|6 |7 Stray(1)", "8|9"];
    assert_eq!(read, (all.map(str::to_owned).to_vec(), None));
}

#[test]
fn a_quote_that_is_not_closed_is_named_with_its_line() {
    for (text, whole, why) in [
        ("a\n1,\"x\n2,y\n", 1, "the quote that begins in line 2 is not closed"),
        ("a\r\n\"x\r\ny\"\r\n\r\n2,\"20", 2, "the quote that begins in line 5 is not closed"),
        ("a\n1,\"x\n2,\"y\"\n", 1, "the quote that begins in line 2 is closed in line 3, where text follows it"),
        ("a\r1,\"x\r2,\"y\"\r", 1, "the quote that begins in line 1 is closed in line 1, where text follows it"),
    ] {
        let (rows, told) = rows(text, 64);
        assert_eq!((rows.len(), told.as_deref()), (whole, Some(why)), "{text}");
    }
}

#[test]
fn a_row_that_is_too_long_keeps_its_first_cells_and_the_next_one_is_read() {
    for long in ["x".repeat(5 << 20), format!("\"{}\"", "x\n".repeat(5 << 19)), "x,".repeat(5 << 19)] {
        let (read, told) = rows(&format!("1,{long},2\n3,4\n"), 1 << 16);
        let first = read[0].split_once('|').map_or(&*read[0], |(first, _)| first);
        assert!(first.starts_with('1') && read[0].contains("TooLong"), "{}", &read[0][read[0].len() - 40..]);
        assert_eq!((&*read[1], told), ("3|4", None));
    }
    assert_eq!(rows(&format!("1,{}\n", "x".repeat(5 << 20)), 1 << 16).0, ["1 TooLong(1)"], "no cell is cut");
}

#[test]
fn a_row_that_never_ends_is_given_up() {
    let endless = |beginning: &'static [u8]| {
        let text = io::Read::chain(beginning, io::repeat(b'x'));
        let mut reader = Delimited::new(BufReader::new(text), b',');
        let mut cells = Cells::default();
        loop {
            if let Err(error) = reader.read(&mut cells) {
                return error.to_string();
            }
        }
    };
    assert_eq!(endless(b"a\n\n1,\"\nx"), "the quote that begins in line 3 is not closed");
    assert_eq!(endless(b"a\n\n1,"), "the row that begins in line 3 has more than 64 MiB");
}

proptest! {
    #[test]
    fn flawless_rows_are_those_of_the_lenient_reader(
        parts in prop::collection::vec(prop::sample::select(vec!["a", " ", ",", "\n", "\r\n", "\r", "\"", "\"\"", "é"]), 0..40),
        capacity in 1_usize..9,
    ) {
        let text = parts.concat();
        let (read, told) = rows(&text, capacity);
        let mut lenient = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let lenient = lenient.records().map(|row| row.unwrap().iter().collect::<Vec<_>>().join("|"));
        let expected: Vec<String> = lenient.collect();
        prop_assert!(told.is_some() || read.len() == expected.len(), "{read:?} {expected:?}");
        for (row, expected) in read.iter().zip(&expected) {
            prop_assert!(row == expected || row.strip_prefix(&**expected).is_some_and(|flaw| flaw.starts_with(" Stray")), "{row:?} {expected:?}");
        }
    }
}
