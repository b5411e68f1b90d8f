//! Names, numbers, tables and broken files; `tests/it/files.rs` reads whole ones.

use proptest::prelude::*;

use super::folder::Found;
use super::frame::{HEADER, Listener, Piece, Problem, Said};
use super::rows::Rows;
use super::{bomb, folder, number, table};
use crate::definition::model::{Bounds, FilesRead, Header, Layout, Ready, Region};
use crate::raw::Raw;

/// What was said about a file.
#[derive(Debug, Default)]
struct Heard {
    pieces: Vec<Piece>,
    problem: Option<Problem>,
}

impl Heard {
    fn of(mut bytes: &[u8]) -> Self {
        let mut heard = Self::default();
        let mut listener = Listener::default();
        while let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() {
            let (mark, length) = Listener::header(*header).unwrap();
            let (payload, rest) = rest.split_at(length);
            match listener.hear(mark, payload).unwrap() {
                Said::Piece(piece) => heard.pieces.push(piece),
                Said::Problem(problem) => heard.problem = Some(problem),
                Said::Head | Said::End => {}
            }
            bytes = rest;
        }
        heard
    }

    /// All rows, as `first cell|second cell` with nothing for a null.
    fn rows(&self) -> Vec<String> {
        let rows = self.pieces.iter().flat_map(|piece| &piece.records);
        rows.map(|raw| match raw {
            Raw::Row(row) => {
                (0..row.head().columns().len()).map(|at| row.cell(at).unwrap_or("-")).collect::<Vec<_>>().join("|")
            }
            Raw::Json(text) => text.to_string(),
        })
        .collect()
    }

    fn names(&self) -> Vec<String> {
        let Raw::Row(row) = &self.pieces[0].records[0] else { panic!("no row") };
        row.head().columns().names().iter().map(ToString::to_string).collect()
    }
}

/// Reads a CSV text as the process would.
fn csv(text: impl std::io::Read, layout: &Layout) -> Heard {
    let mut out = Vec::new();
    let mut rows = Rows::new(&mut out, Vec::new(), Vec::new());
    let read = table::records(text, b',', layout, &mut rows);
    rows.end(read).unwrap();
    drop(rows);
    Heard::of(&out)
}

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
    let names = ["chkp/2.csv", "chkp/1.csv", "chkp/catatan.doc", "chkp/1.csv.ok", "x.xlsx"];
    let unfinished =
        ["chkp/~$1.csv", "chkp/.~lock.1.csv#", "chkp/3.csv.part", "chkp/4.csv.crdownload", "chkp/5.csv.TMP"];
    for name in names.iter().chain(&unfinished) {
        std::fs::write(root.path().join(name), "a\n1\n").unwrap();
    }
    let listed = |file: &str, marker: Option<&str>| {
        let ready = Ready { marker: marker.map(str::to_owned), ..Ready::default() };
        let read = FilesRead { file: file.to_owned(), ready, ..FilesRead::default() };
        let found = folder::list(root.path(), &read)?;
        let about = |found: Found| format!("{}{}", found.path, if found.marked { "" } else { " not ready" });
        Ok::<_, crate::kind::PullError>(found.into_iter().map(about).collect::<Vec<_>>())
    };
    assert_eq!(listed("chkp/*.csv", None).unwrap(), ["chkp/1.csv", "chkp/2.csv"]);
    assert_eq!(listed("*/1.csv", None).unwrap(), ["chkp/1.csv"]);
    for folder in ["chkp", "chkp/", "chkp/*"] {
        assert_eq!(listed(folder, None).unwrap(), ["chkp/1.csv", "chkp/2.csv"], "{folder}");
    }
    assert_eq!(listed("chkp/*.csv*", Some("{name}.ok")).unwrap(), ["chkp/1.csv", "chkp/2.csv not ready"]);
    for pattern in ["../x.xlsx", "gone.csv", "/etc/passwd", "chkp//1.csv", "chkp/*.xlsx"] {
        assert!(listed(pattern, None).is_err(), "{pattern}");
    }
}

#[test]
fn a_quote_that_is_never_closed_is_given_up_where_it_begins() {
    let endless = std::io::Read::chain(&b"id,nilai\n1,\"a\nb\"\n2,\"c"[..], std::io::repeat(b'x'));

    let heard = csv(endless, &Layout::default());

    let why = "the quote that begins in line 4 is not closed";
    assert_eq!((heard.rows(), heard.problem.unwrap().why), (vec!["1|a\nb".to_owned()], why.to_owned()));
}

#[test]
fn a_large_row_is_taken_whole() {
    let large = "x".repeat(4 * 1024 * 1024 - 10);

    let heard = csv(format!("id,nilai\n1,{large}\n2,{large}\n").as_bytes(), &Layout::default());

    assert_eq!(heard.rows(), [format!("1|{large}"), format!("2|{large}")]);
}

#[test]
fn what_a_fault_spoils_is_not_filled_down_as_nothing() {
    let fill_down = vec!["Program".to_owned()];

    let heard = csv(&b"Program,Nilai\nP1,1\n\"P\"2,2\n,3\n"[..], &Layout { fill_down, ..Layout::default() });

    let faults = heard.pieces.iter().flat_map(|piece| &piece.records).map(|raw| raw.faults().count());
    assert_eq!((faults.collect::<Vec<_>>(), heard.problem), (vec![0, 3, 2], None));
}

#[test]
fn a_piece_has_few_bytes_as_well_as_few_rows() {
    let text = format!("id,nilai\n{}", format!("1,{}\n", "x".repeat(1_000_000)).repeat(20));

    let heard = csv(text.as_bytes(), &Layout::default());

    let lengths: Vec<_> = heard.pieces.iter().map(|piece| (piece.first, piece.records.len())).collect();
    assert_eq!(lengths, [(2, 8), (10, 8), (18, 4)]);
}

#[test]
fn a_table_stands_where_its_region_says() {
    let text = "PEMERINTAH KABUPATEN,,,\n,,,\nNo,Kode,Target,\n,,Volume,Satuan\n1,2,3,4\n1,1.02,5,orang\n,,,\n2,1.03,7,unit\n\
                ,,,\n,,,\n,,,\n9,Mengetahui,,\n";
    let region = Region {
        find: Some("kode ".to_owned()),
        within: Bounds { from: (0, 0), to: (9, 2) },
        blank_rows: 3,
        ..Region::default()
    };
    let header = Header { rows: 2, join: " / ".to_owned() };
    let layout = Layout { region, header, skip: 1, ..Layout::default() };

    let heard = csv(text.as_bytes(), &layout);

    assert_eq!(heard.names(), ["Kode", "Target / Volume", "Target / Satuan"]);
    assert_eq!((heard.rows(), heard.problem), (vec!["1.02|5|orang".to_owned(), "1.03|7|unit".to_owned()], None));
    assert_eq!(heard.pieces.iter().map(|piece| piece.first).collect::<Vec<_>>(), [6, 8], "rows keep their numbers");
}

#[test]
fn a_table_ends_before_its_sum_and_its_columns_may_be_given() {
    let text = "x,y,z,u\n0,id,nilai,9\n0,a,1,9\n0,b,2,9\n0,JUMLAH TOTAL,3,9\n0,c,4,9\n";
    let cells = Bounds { from: (1, 1), to: (99, 2) };
    let layout = |texts: &[&str], to| Layout {
        region: Region {
            cells: Bounds { to, ..cells },
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            ..Region::default()
        },
        ..Layout::default()
    };
    assert_eq!(csv(text.as_bytes(), &layout(&["Jumlah *"], (99, 2))).rows(), ["a|1", "b|2"]);
    let all = ["a|1", "b|2", "JUMLAH TOTAL|3", "c|4"];
    assert_eq!(csv(text.as_bytes(), &layout(&["Jumlah"], (99, 2))).rows(), all, "another text ends nothing");
    assert_eq!(csv(text.as_bytes(), &layout(&[], (2, 2))).rows(), ["a|1"]);
}

#[test]
fn an_empty_cell_means_the_value_above_until_an_outer_one_changes() {
    let text = "Program,Kegiatan,Nilai\nP1,K1,1\n,,2\n,K2,3\nP2,,4\n";
    let fill_down = ["Program", "Kegiatan"].map(str::to_owned).to_vec();
    let heard = csv(text.as_bytes(), &Layout { fill_down, ..Layout::default() });
    assert_eq!(heard.rows(), ["P1|K1|1", "P1|K1|2", "P1|K2|3", "P2||4"]);

    let fill_down = vec!["Kegiatn".to_owned()];
    let problem = csv(text.as_bytes(), &Layout { fill_down, ..Layout::default() }).problem.unwrap();
    assert_eq!((problem.code.as_str(), problem.why.contains("`Kegiatn`")), ("E0232", true));
}

#[test]
fn a_header_that_is_not_found_is_told() {
    let region =
        Region { find: Some("Kode".to_owned()), within: Bounds { from: (0, 0), to: (1, 9) }, ..Region::default() };
    for text in ["a,b\n1,2\n", "a\nb\nKode\n1\n", ""] {
        let problem = csv(text.as_bytes(), &Layout { region: region.clone(), ..Layout::default() }).problem.unwrap();
        assert_eq!((problem.code.as_str(), problem.why.contains("`Kode`")), ("E0232", true), "{}", problem.why);
    }
}

#[test]
fn a_list_as_long_as_its_columns_are_many_is_no_work() {
    let many = "a,".repeat(16_000);
    let heard = csv(format!("{many}\n{many}\n").as_bytes(), &Layout::default());
    assert_eq!((&heard.problem, heard.names().len(), &*heard.names()[1]), (&None, 16_000, "a (2)"));
    let problem = csv("a,".repeat(100_000).as_bytes(), &Layout::default()).problem.unwrap();
    assert_eq!((problem.code.as_str(), problem.why.as_str()), ("E0230", "row 1 has 100001 cells, 16384 are read"));
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

    #[test]
    fn no_frame_panics(mark in prop::sample::select(b"HRIPE?".to_vec()), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut listener = Listener::default();
        listener.hear(b'H', b"[\"a\",\"b\"]");
        drop(listener.hear(mark, &bytes));
    }

    #[test]
    fn no_table_panics(
        cells in prop::collection::vec(prop::sample::select(vec!["", "a", "Kode", "JUMLAH", ",", "\n", "\"", "1"]), 0..60),
        rows in 1_u32..4, skip in 0_u32..3, find in any::<bool>(), from in 0_u32..4, to in 0_u32..9,
    ) {
        let region = Region {
            find: find.then(|| "kode".to_owned()),
            cells: Bounds { from: (from, from), to: (from + to, from + to) },
            blank_rows: 2,
            texts: vec!["jumlah".to_owned()],
            ..Region::default()
        };
        let header = Header { rows, join: "/".to_owned() };
        csv(cells.join(",").as_bytes(), &Layout { region, header, skip, fill_down: vec!["a".to_owned()], ..Layout::default() });
    }
}
