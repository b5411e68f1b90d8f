//! A look at a source that no definition describes yet: what stands there, and its first records. It goes through the
//! same kinds as a run, by a definition that is made in memory; nothing is kept.

use crate::definition::{self, Definition, Origin};
use crate::json::Json;
use crate::kind::Cursor;
use crate::proposal::{Sample, SourceField};
use crate::raw::{Fields, Raw, Standing};
use crate::runner::preview::{self, Look};

pub mod files;
mod fill;
pub mod http;
mod sheet;
pub mod sql;
mod version;
pub mod writing;

/// Most pages that are asked for.
const MAX_PAGES: usize = 10;

/// What was found, as far as a definition needs it.
#[derive(Debug, Default)]
pub struct Found {
    /// The lines below `source:`.
    pub source: Vec<String>,
    /// The value of `read:`.
    pub read: String,
    /// The value of `page:`.
    pub page: Option<String>,
    /// A name for the stream.
    pub stream: String,
    /// Names that may tell what the records are.
    pub names: Vec<String>,
    /// What was asked, one text a request.
    pub asked: Vec<String>,
    /// What a person should know and look at.
    pub notes: Vec<String>,
    /// The primary key, where the source tells one.
    pub key: Option<Vec<String>>,
    /// Environment variables that the definition needs.
    pub needs: Vec<String>,
    /// The first records.
    pub records: Vec<Raw>,
}

/// Why a look came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// There are several, and a person has to say which.
    Choose {
        /// What has to be named, such as `table`.
        what: &'static str,
        /// What there is.
        among: Vec<String>,
    },
    /// The source gave nothing that can be used: with its code.
    Failed(String),
}

/// The fields of records, and the value of each field in each record.
pub fn fields(records: &[Raw]) -> (Vec<SourceField>, Vec<Vec<Option<String>>>) {
    let mut sample = Sample::default();
    let parsed: Vec<Fields<'_>> = records.iter().filter_map(|raw| raw.parse().ok()).collect();
    parsed.iter().for_each(|record| sample.take(record));
    let fields = sample.fields();
    let value = |record: &Fields<'_>, path: &str| -> Option<String> {
        let text = match record {
            Fields::Row(row) => row.cell(row.position(path)?)?.to_owned(),
            Fields::Json(json) => json.get(&path.into()).and_then(Json::as_text)?.to_owned(),
        };
        Some(text).filter(|text| !text.trim().is_empty())
    };
    let rows = parsed.iter().map(|record| fields.iter().map(|field| value(record, &field.path)).collect()).collect();
    (fields, rows)
}

/// A definition of one stream `x` that reads so and maps nothing.
fn draft(source: &[String], read: &str, page: Option<&str>) -> Result<Definition, Trouble> {
    let page = page.map_or_else(String::new, |page| format!("    page: {page}\n"));
    let text = format!(
        "muara: 1\nsystem: {{id: look, region: \"00\", agency: X, timezone: Asia/Jakarta, rank: 1}}\nsource:\n  {}\nstreams:\n  x:\n    \
         target: indicator\n    read: {read}\n{page}    key: [x]\n    map: {{fiscal_year: {{const: 2026}}, indicator: {{const: x}}, name: \
         {{const: x}}, level: {{const: input}}, unit: {{const: x}}, period: {{const: \"2026\"}}}}\n",
        source.join("\n  ")
    );
    let (mut definitions, found) = definition::read(vec![Origin::new("look", text)]);
    let Some(mut definition) = definitions.pop() else {
        let errors: Vec<String> =
            found.iter().filter(|found| found.is_error()).map(definition::Diagnostic::one_line).collect();
        return Err(Trouble::Failed(errors.join("\n")));
    };
    if let Some(stream) = definition.streams.first_mut() {
        stream.key.clear();
        stream.map.fields.clear();
    }
    Ok(definition)
}

/// The first records with the numbers that the source counts them by, and what was asked.
async fn take(definition: &Definition, look: &Look) -> Result<(Vec<(u64, Raw)>, Vec<String>), Trouble> {
    let Some(stream) = definition.streams.first() else { return Err(Trouble::Failed("E0211: no stream".to_owned())) };
    let mut source = preview::open(definition, stream, look).await.map_err(Trouble::Failed)?;
    let asked = source.plan(None);
    let (mut records, mut broken) = (Vec::new(), None);
    let mut cursor = Cursor::Start { full: true, from: None };
    for _ in 0..MAX_PAGES {
        let page = preview::pull(&mut source, &cursor).await.map_err(Trouble::Failed)?;
        if let Some(Standing::Broken { code, why }) = page.place.part().map(|part| &part.standing) {
            broken = Some(format!("{code}: {why}"));
        }
        records.extend((page.first..).zip(page.records));
        if !page.more || records.len() >= look.most {
            break;
        }
        cursor = page.next;
    }
    records.truncate(look.most);
    match broken {
        Some(broken) if records.is_empty() => Err(Trouble::Failed(broken)),
        _ => Ok((records, asked)),
    }
}

/// A name of a stream or system: small letters, digits and dashes.
pub fn slug(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            out.push(letter.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    let out: String = out.trim_end_matches('-').chars().take(40).collect();
    if out.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        out
    } else {
        format!("s-{out}").trim_end_matches('-').to_owned()
    }
}

/// The variable of a system that holds this of its settings.
fn variable(system: &str, what: &str) -> String {
    format!("{}_{what}", system.to_uppercase().replace('-', "_"))
}
