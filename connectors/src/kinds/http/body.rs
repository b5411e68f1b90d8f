//! The records of a body, and the few other values that paging needs.

use super::client::Answer;
use super::paging::Pager;
use crate::definition::model::{Format, HttpRead};
use crate::json::Path;
use crate::kind::PullError;
use crate::raw::Raw;

mod json;
mod lines;
mod xml;

pub(crate) use json::at as member;
pub(super) use json::value as json_value;
pub(super) use xml::value as xml_value;

/// What a body holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) records: Vec<Raw>,
    /// Texts at the paths that the pager asked for, in its order; `None` for what is absent, null or no single value.
    pub(super) values: Vec<Option<String>>,
}

/// How the bodies of a stream are read.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) format: Format,
    pub(super) records: Path,
    columns: Vec<String>,
    delimiter: u8,
    /// Columns that CSV must have.
    needed: Vec<String>,
}

impl Reading {
    /// `needed` are the fields without which a record is none.
    pub(super) fn new(read: &HttpRead, needed: Vec<String>) -> Self {
        Self {
            format: read.format,
            records: read.records.clone(),
            columns: read.columns.clone(),
            delimiter: read.delimiter.unwrap_or(b','),
            needed,
        }
    }

    /// Reads a body. A list that is not where the definition says is an error, and so is `null` in its place.
    pub(super) fn read(&self, answer: &Answer, pager: &Pager) -> Result<Found, PullError> {
        let values = |value: &dyn Fn(&Path) -> Option<String>| pager.paths().into_iter().map(value).collect();
        let shown = &answer.shown;
        let found = match self.format {
            Format::Xml => {
                let records = xml::records(answer, &self.records)?;
                let values =
                    pager.paths().into_iter().map(|path| xml::value(answer, path)).collect::<Result<_, _>>()?;
                Found { records, values }
            }
            Format::Json => {
                let text = answer.text()?;
                let records = json::records(&text, &self.records, shown)?;
                Found { records, values: values(&|path| json::value(&text, path)) }
            }
            Format::Jsonl => Found { records: lines::jsonl(&answer.text()?, shown)?, values: values(&|_| None) },
            Format::Whole => {
                let mut text = String::new();
                crate::json::write_text(&answer.text()?, &mut text);
                Found { records: vec![Raw::Json(text.into())], values: values(&|_| None) }
            }
            Format::Csv => {
                let records = lines::csv(&answer.text()?, self.delimiter, &self.needed, shown)?;
                Found { records, values: values(&|_| None) }
            }
        };
        if self.columns.is_empty() {
            return Ok(found);
        }
        Ok(Found { records: json::named(found.records, &self.columns, shown)?, ..found })
    }

    /// What the definition calls a body, for `Accept`.
    pub(super) const fn accept(&self) -> &'static str {
        match self.format {
            Format::Json => "application/json",
            Format::Whole => "application/json, application/xml;q=0.9, text/csv;q=0.8, */*;q=0.5",
            Format::Jsonl => "application/x-ndjson, application/jsonl, application/json;q=0.5",
            Format::Csv => "text/csv, text/plain;q=0.5",
            Format::Xml => "text/xml, application/xml, application/soap+xml",
        }
    }
}
