//! Where on a sheet the table begins, told by its first rows. Pure.

/// Rows from the top in which a header is looked for.
const MAX_ABOVE: usize = 30;
/// Rows below a header that are looked at.
const BELOW: usize = 25;
/// Most rows of a header.
const MAX_HEADER: usize = 3;
/// Candidates that are worth a second look.
const KEPT: usize = 4;
/// Texts by which a row behind the last one begins.
const ENDS: &[&str] = &["jumlah", "total", "grand total", "mengetahui"];

/// One row: its number from 1, and its cells from column A on.
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) cells: Vec<Option<String>>,
}

/// A header that may be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// The number of its first row.
    pub(super) row: u64,
    /// How many rows it has.
    pub(super) rows: usize,
    /// Rows of column numbers below it.
    pub(super) skip: usize,
    /// The text of its first cell, when no cell above has the same.
    pub(super) find: Option<String>,
    /// The letter of its first column.
    pub(super) column: usize,
    worth: i64,
}

/// Headers that may be one, the likeliest first.
pub(super) fn headers(rows: &[Row]) -> Vec<Header> {
    let mut found: Vec<Header> = (0..rows.len().min(MAX_ABOVE))
        .flat_map(|first| (1..=MAX_HEADER).map(move |count| (first, count)))
        .filter_map(|(first, count)| header(rows, first, count))
        .collect();
    found.sort_by(|a, b| b.worth.cmp(&a.worth).then(a.row.cmp(&b.row)).then(a.rows.cmp(&b.rows)));
    found.truncate(KEPT);
    found
}

/// The text of a row that stands behind the table, when nothing but such rows follows. `whole` is whether these are all rows.
pub(super) fn end(rows: &[Row], header: &Header, whole: bool) -> Option<String> {
    if !whole {
        return None;
    }
    let data: Vec<&Row> = rows.iter().filter(|row| row.number >= header.row + header.rows as u64).collect();
    let at = data.iter().rposition(|row| first(row).is_some_and(is_end))?;
    // Subtotals have data below them, signatures have few cells.
    let is_tail = data[at + 1..].iter().all(|row| row.cells.iter().flatten().count() <= 3);
    let text = first(data[at])?.trim().to_owned();
    let alone = data.iter().filter(|row| first(row).is_some_and(|other| other.trim() == text)).count() == 1;
    (is_tail && alone).then_some(text)
}

fn is_end(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    ENDS.iter().any(|end| text.starts_with(end))
}

fn first(row: &Row) -> Option<&str> {
    row.cells.iter().flatten().map(String::as_str).find(|cell| !cell.trim().is_empty())
}

fn cell(row: &Row, column: usize) -> Option<&str> {
    row.cells.get(column)?.as_deref().map(str::trim).filter(|cell| !cell.is_empty())
}

fn is_number(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"., -()%".contains(&byte))
}

fn header(rows: &[Row], first: usize, count: usize) -> Option<Header> {
    let head = rows.get(first..first + count)?;
    // A blank row within a header is none.
    if head.windows(2).any(|pair| pair[1].number != pair[0].number + 1) {
        return None;
    }
    let width = head.iter().map(|row| row.cells.len()).max()?;
    let named: Vec<usize> = (0..width).filter(|at| head.iter().any(|row| cell(row, *at).is_some())).collect();
    let left = named.first().copied()?;
    let below = rows.get(first + count..)?;
    let skip = usize::from(below.first().is_some_and(is_numbering));
    let data = &below[skip.min(below.len())..below.len().min(BELOW)];
    if named.len() < 2 || data.is_empty() || cell(&head[0], left).is_none() {
        return None;
    }
    let mut worth: i64 = 0;
    for at in &named {
        let filled: Vec<&str> = data.iter().filter_map(|row| cell(row, *at)).collect();
        worth += if filled.len() * 3 >= data.len() { 10 } else { 2 };
        // A number in a header is data that was taken for one.
        worth -= 12 * number(head.iter().filter_map(|row| cell(row, *at)).filter(|text| is_number(text)).count());
        let numbers = filled.iter().skip(1).filter(|text| is_number(text)).count();
        if numbers * 2 > filled.len() && filled.first().is_some_and(|text| !is_number(text)) {
            worth -= 8;
        }
    }
    // Data without a name would be lost.
    let unnamed = (0..width.max(40))
        .filter(|at| !named.contains(at))
        .filter(|at| data.iter().any(|row| cell(row, *at).is_some()));
    worth -= 6 * number(unnamed.count());
    // The last row of a header names most columns, and each further row has to earn its place.
    let last = head.last().map_or(0, |row| row.cells.iter().flatten().count());
    worth += 3 * number(last.min(40)) - 4 * (number(count) - 1);
    let text = cell(&head[0], left)?.to_owned();
    let is_first = rows[..first].iter().all(|row| row.cells.iter().flatten().all(|other| other.trim() != text));
    let find = (is_first && text.chars().count() <= 60 && !is_number(&text) && !text.contains('\n')).then_some(text);
    Some(Header { row: rows[first].number, rows: count, skip, find, column: left, worth })
}

/// A count as a part of a worth, which may be less than nothing.
fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A row such as 1, 2, 3, … under the names of columns.
fn is_numbering(row: &Row) -> bool {
    let cells: Vec<&str> = row.cells.iter().flatten().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
    let is_next = |(number, cell): (usize, &&str)| cell.trim_matches(['(', ')']).parse() == Ok(number + 1);
    cells.len() > 2 && cells.iter().take(3).enumerate().all(is_next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[&str]) -> Vec<Row> {
        let row = |(number, line): (usize, &&str)| {
            let cells =
                line.split('|').map(|cell| Some(cell.trim().to_owned()).filter(|cell| !cell.is_empty())).collect();
            (!line.is_empty()).then_some(Row { number: number as u64 + 1, cells })
        };
        lines.iter().enumerate().filter_map(row).collect()
    }

    #[test]
    fn a_header_below_titles_is_found() {
        let rows = rows(&[
            "LAPORAN REALISASI",
            "TAHUN 2026",
            "",
            "Kode | Uraian | Anggaran |",
            " | | Murni | Perubahan",
            "1 | 2 | 3 | 4",
            "5.1 | Belanja | 1000 | 2000",
            "5.2 | Modal | 3000 | 4000",
            "JUMLAH | | 4000 | 6000",
            "",
            " | | Kepala Dinas |",
        ]);

        let header = headers(&rows).remove(0);

        assert_eq!((header.row, header.rows, header.skip), (4, 2, 1), "{header:?}");
        assert_eq!(header.find.as_deref(), Some("Kode"));
        assert_eq!(end(&rows, &header, true).as_deref(), Some("JUMLAH"));
        assert_eq!(end(&rows, &header, false), None, "more rows may follow");
    }

    #[test]
    fn the_first_row_of_a_plain_table_is_its_header() {
        let rows = rows(&["id | nama | pagu", "1 | A | 100", "2 | B | 200"]);

        let header = headers(&rows).remove(0);

        assert_eq!((header.row, header.rows, header.skip), (1, 1, 0));
        assert_eq!(end(&rows, &header, true), None);
    }
}
