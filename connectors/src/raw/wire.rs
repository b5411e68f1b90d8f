//! A row as bytes, on its way from the process that read it.

use std::sync::Arc;

use super::{Head, Row};

impl Row {
    /// Appends the row, without its head.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        number(self.text.len(), out);
        out.extend_from_slice(self.text.as_bytes());
        for end in &self.ends {
            out.extend_from_slice(&end.to_le_bytes());
        }
        number(self.faults.len(), out);
        for (cell, message) in &self.faults {
            // An error of the whole row stands at a cell that no row has.
            number(*cell, out);
            number(message.len(), out);
            out.extend_from_slice(message.as_bytes());
        }
    }

    /// Takes the next row under this head off the front of `bytes`; `None` when they hold none.
    pub(crate) fn decode(head: &Arc<Head>, bytes: &mut &[u8]) -> Option<Self> {
        let text = text(bytes)?.to_owned();
        let width = head.columns.len();
        let ends = take(bytes, width.checked_mul(4)?)?;
        let ends = ends.as_chunks::<4>().0.iter().map(|end| u32::from_le_bytes(*end)).collect();
        let mut faults = Vec::new();
        for _ in 0..take_number(bytes)? {
            let cell = take_number(bytes)?;
            let cell = if cell == u32::MAX { usize::MAX } else { cell as usize };
            faults.push((cell, self::text(bytes)?.into()));
        }
        Some(Self { head: head.clone(), text, ends, faults })
    }
}

/// Appends a length or a number; what is beyond 32 bits is the greatest.
pub(crate) fn number(number: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

/// Takes a number off the front.
pub(crate) fn take_number(bytes: &mut &[u8]) -> Option<u32> {
    take(bytes, 4)?.try_into().ok().map(u32::from_le_bytes)
}

/// Takes a text with its length before it off the front.
pub(crate) fn text<'b>(bytes: &mut &'b [u8]) -> Option<&'b str> {
    let length = take_number(bytes)?;
    std::str::from_utf8(take(bytes, length as usize)?).ok()
}

fn take<'b>(bytes: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_row_comes_back_as_it_went() {
        let head = Head::new(["id", "nilai", "uraian"]);
        let mut row = head.row();
        row.push(Some("7"));
        row.push_fault("#REF!", "cell B2 holds the error #REF!");
        row.push(None);
        row.spoil("too long");
        let mut bytes = Vec::new();
        row.encode(&mut bytes);
        row.encode(&mut bytes);

        let mut rest = bytes.as_slice();
        let rows: Vec<Row> = std::iter::from_fn(|| Row::decode(&head, &mut rest)).collect();

        assert_eq!(rows.len(), 2);
        for made in rows {
            assert_eq!((made.cell(0), made.cell(1), made.cell(2)), (Some("7"), Some("#REF!"), None));
            assert_eq!((made.hash(), made.faults), (row.hash(), row.faults.clone()));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let head = Head::new(["a", "b"]);
            let mut rest = bytes.as_slice();
            while let Some(row) = Row::decode(&head, &mut rest) {
                row.cell(0);
                row.cell(1);
                row.to_json();
            }
        }
    }
}
