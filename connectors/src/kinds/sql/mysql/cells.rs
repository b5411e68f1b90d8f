//! Cells of a row as texts: what the server prints, but for bits, bytes and moments.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::tz::Offset;
use muara_schemas::canonical::hex;
use sqlx::mysql::{MySql, MySqlRow};
use sqlx::{Column as _, Decode, Row as _, Type, TypeInfo as _, ValueRef as _};

use super::super::{failed, written};
use crate::kind::PullError;
use crate::raw::{Head, Raw};

/// Columns that come before those of the table. The driver takes a row for the end of the result when its first value
/// has 16 MiB or more; so the first value is ours and short.
const OURS: usize = 1;

/// How the columns of one result are read.
pub(super) struct Cells {
    head: Arc<Head>,
    forms: Vec<Form>,
    /// The session's offset, as moments carry it.
    offset: String,
}

/// How a value comes over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Text that the server printed.
    Text,
    /// `timestamp`: text in the session's time zone, which it does not name.
    Moment,
    /// `bit`: a number in bytes, the greatest first.
    Bits,
    /// What is no text, such as `blob`, `binary` and `geometry`.
    Bytes,
}

impl Cells {
    /// From the first row of a result.
    pub(super) fn of(row: &MySqlRow, offset: Offset) -> Self {
        let columns = row.columns().iter().skip(OURS);
        let forms = columns.clone().map(|column| Form::of(column.type_info())).collect();
        Self { head: Head::new(columns.map(sqlx::Column::name)), forms, offset: written(offset) }
    }

    /// One row.
    pub(super) fn raw(&self, row: &MySqlRow) -> Result<Raw, PullError> {
        let mut cells = self.head.row();
        for (index, form) in self.forms.iter().enumerate() {
            let value = row.try_get_raw(index + OURS).map_err(|error| failed("read a row", &error))?;
            if value.is_null() {
                cells.push(None);
                continue;
            }
            let bytes = <&[u8] as Decode<MySql>>::decode(value).unwrap_or_default();
            let text = form.text(bytes, &self.offset).ok_or_else(|| {
                let name = &self.head.columns().names()[index];
                PullError::malformed(format!("column `{name}` came in no text"), "")
            })?;
            cells.push(Some(&text));
        }
        Ok(Raw::Row(cells))
    }
}

impl Form {
    fn of(kind: &sqlx::mysql::MySqlTypeInfo) -> Self {
        match kind.name() {
            "TIMESTAMP" => Self::Moment,
            "BIT" => Self::Bits,
            "GEOMETRY" => Self::Bytes,
            // Text in a binary collation is called binary too; only the character set tells them apart.
            "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM" | "BINARY" | "VARBINARY"
            | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" => {
                if <str as Type<MySql>>::compatible(kind) {
                    Self::Text
                } else {
                    Self::Bytes
                }
            }
            _ => Self::Text,
        }
    }

    /// The text of a value; `None` when it is none.
    fn text<'a>(self, bytes: &'a [u8], offset: &str) -> Option<Cow<'a, str>> {
        let text = || std::str::from_utf8(bytes).ok();
        match self {
            Self::Text => text().map(Cow::Borrowed),
            // The null date is no moment anywhere.
            Self::Moment => text().map(|text| {
                if text.starts_with("0000-00-00") { Cow::Borrowed(text) } else { Cow::Owned(format!("{text}{offset}")) }
            }),
            Self::Bits if bytes.len() > 8 => None,
            Self::Bits => {
                let number = bytes.iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
                Some(Cow::Owned(number.to_string()))
            }
            Self::Bytes => Some(Cow::Owned(hex(bytes))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_the_text_that_a_person_would_write() {
        let text = |form: Form, bytes: &'static [u8]| form.text(bytes, "+07:00").map(Cow::into_owned);

        assert_eq!(text(Form::Text, b"1250000000.50").as_deref(), Some("1250000000.50"));
        assert_eq!(text(Form::Text, b"\xff"), None);
        assert_eq!(text(Form::Moment, b"2026-01-01 07:00:00").as_deref(), Some("2026-01-01 07:00:00+07:00"));
        assert_eq!(text(Form::Moment, b"0000-00-00 00:00:00").as_deref(), Some("0000-00-00 00:00:00"));
        assert_eq!(text(Form::Bits, b"\x01").as_deref(), Some("1"));
        assert_eq!(text(Form::Bits, &[0xff; 8]).as_deref(), Some("18446744073709551615"));
        assert_eq!(text(Form::Bytes, b"\x00\xff").as_deref(), Some("00ff"));
    }
}
