//! `region:` of a files stream: where on a sheet the table stands.

use super::small;
use crate::definition::model::{Bounds, Region};
use crate::definition::node::Node;
use crate::definition::walk::{Section, Walk};

/// The most rows and columns that any spreadsheet has.
const MAX_ROWS: u32 = 1_048_576;
const MAX_COLUMNS: u32 = 16_384;

/// Reads `{find, within, end}` or `{from, to, end}`.
pub(super) fn region(walk: &Walk, node: &Node, section: &Section<'_, '_>) -> Option<Region> {
    let at = section.place("region");
    let inner = walk.section(node, format!("{}.region", section.name), at)?;
    let find = inner.take("find").and_then(|node| walk.text(node, "find"));
    let within = inner.take("within").and_then(|node| {
        let text = walk.text(node, "within")?;
        let bounds = text.split_once(':').and_then(|(from, to)| bounds(Some(from), Some(to)));
        or_told(walk, node, &text, bounds)
    });
    let corner = |key: &'static str| inner.take(key).and_then(|node| walk.text(node, key).map(|text| (text, node)));
    let (from, to) = (corner("from"), corner("to"));
    let cells = bounds(from.as_ref().map(|(text, _)| text.as_str()), to.as_ref().map(|(text, _)| text.as_str()));
    if cells.is_none()
        && let Some((text, node)) = from.as_ref().or(to.as_ref())
    {
        or_told(walk, node, text, cells);
    }
    let (mut blank_rows, mut texts) = (0, Vec::new());
    if let Some(node) = inner.take("end")
        && let Some(end) = walk.section(node, format!("{}.end", inner.name), inner.place("end"))
    {
        let rows = end.take("blank_rows").and_then(|node| walk.number(node, "blank_rows", 1, 10_000));
        blank_rows = small(rows).unwrap_or_default();
        texts = end.take("text").map_or_else(Vec::new, |node| {
            walk.list(node, "text").iter().filter_map(|item| walk.text(item, "text")).collect()
        });
        end.finish();
    }
    if inner.has("find") && inner.has("from") {
        walk.cure("E0106", at, "`region` says in two ways where it begins", "give either `find` or `from`");
    } else if inner.has("within") && !inner.has("find") {
        walk.cure("E0105", inner.place("within"), "`within` has no effect without `find`", "add `find:`");
    }
    inner.finish();
    Some(Region { find, within: within.unwrap_or_default(), cells: cells.unwrap_or_default(), blank_rows, texts })
}

fn or_told(walk: &Walk, node: &Node, text: &str, bounds: Option<Bounds>) -> Option<Bounds> {
    if bounds.is_none() {
        walk.cure(
            "E0138",
            node.mark,
            format!("`{text}` names no cells"),
            "write a cell such as B5, or two such as A1:C20, the upper left one first",
        );
    }
    bounds
}

/// The cells between two corners. The last one may leave out its row, and then the table goes on to the end.
fn bounds(from: Option<&str>, to: Option<&str>) -> Option<Bounds> {
    let whole = Bounds::default();
    let from = from.map_or(Some((Some(0), 0)), cell)?;
    let to = to.map_or(Some((None, whole.to.1)), cell)?;
    let bounds = Bounds { from: (from.0?, from.1), to: (to.0.unwrap_or(whole.to.0), to.1) };
    (bounds.from.0 <= bounds.to.0 && bounds.from.1 <= bounds.to.1).then_some(bounds)
}

/// `B5` as (4, 1), `B` as (none, 1).
fn cell(text: &str) -> Option<(Option<u32>, u32)> {
    let text = text.trim();
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    if !(1..=3).contains(&letters) {
        return None;
    }
    let column =
        text.bytes().take(letters).fold(0, |sum, letter| sum * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    let row = match &text[letters..] {
        "" => None,
        digits => Some(digits.parse::<u32>().ok().filter(|row| (1..=MAX_ROWS).contains(row))? - 1),
    };
    (column <= MAX_COLUMNS).then_some((row, column - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_named_as_in_a_spreadsheet() {
        assert_eq!(
            (cell("A1"), cell("b5"), cell("XFD")),
            (Some((Some(0), 0)), Some((Some(4), 1)), Some((None, 16_383)))
        );
        for text in ["", "5", "A0", "AAAA1", "A1B", "XFE1", "A1048577", "Ä1", "-A1"] {
            assert_eq!(cell(text), None, "{text}");
        }
        assert_eq!(bounds(Some("B5"), Some("H")), Some(Bounds { from: (4, 1), to: (u32::MAX, 7) }));
        assert_eq!(bounds(Some("H5"), Some("B400")), None);
        assert_eq!(bounds(Some("B"), None), None, "a table begins in a row");
    }
}
