//! `muara schema list|show|check`

use std::path::Path;
use std::process::ExitCode;

use muara_schemas::Catalog;
use muara_schemas::catalog::RecordType;
use serde_json::{Value, json};

use crate::cli::Schema;
use crate::failure::{EXIT_FAILURES, Failure};
use crate::output;

/// The largest file that is checked in one go.
const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// Looks at record types.
pub(super) fn run(what: Schema, as_json: bool) -> Result<ExitCode, Failure> {
    match what {
        Schema::List => list(as_json),
        // What the other schemas refer to: codes, dates, money.
        Schema::Show { name } if name == "head" => output::json(Catalog::embedded().head()),
        Schema::Show { name } if name == "connector" => output::print(muara_connectors::definition::SCHEMA.trim_end()),
        Schema::Show { name } => output::json(find(&name)?.schema()),
        Schema::Check { name, file } => return check(find(&name)?, &file, as_json),
    }
    Ok(ExitCode::SUCCESS)
}

fn list(as_json: bool) {
    let types = Catalog::embedded().iter();
    if as_json {
        let items: Vec<Value> = types
            .map(|record_type| json!({"type": record_type.name(), "business_key": record_type.business_key(), "personal": record_type.has_personal_fields(), "digest": record_type.digest()}))
            .collect();
        output::json(&json!({"items": items}));
        return;
    }
    let rows = types
        .map(|record_type| {
            let title = record_type.schema().get("title").and_then(Value::as_str).unwrap_or_default();
            let personal = if record_type.has_personal_fields() { "yes" } else { "" };
            vec![
                record_type.name().to_owned(),
                title.to_owned(),
                record_type.business_key().join(", "),
                personal.to_owned(),
            ]
        })
        .collect();
    output::table(&["type", "one record is", "business key", "personal data"], rows, "no record types");
}

fn find(name: &str) -> Result<&'static RecordType, Failure> {
    Catalog::embedded().get(name).ok_or_else(|| {
        let near = muara_connectors::definition::report::nearest(name, muara_schemas::record::TYPES.iter().copied());
        let cure = near.map_or_else(|| "see `muara schema list`".to_owned(), |near| format!("did you mean `{near}`?"));
        Failure::usage("E0705", format!("no record type `{name}` is known"), cure)
    })
}

fn check(record_type: &RecordType, file: &Path, as_json: bool) -> Result<ExitCode, Failure> {
    let unreadable = |why: String| {
        Failure::usage(
            "E0706",
            format!("could not read {}: {why}", file.display()),
            "name a JSON file of one record or a list of records",
        )
    };
    let size = std::fs::metadata(file).map_err(|error| unreadable(error.to_string()))?.len();
    if size > MAX_FILE_BYTES {
        return Err(unreadable("it is larger than 256 MiB".to_owned()));
    }
    let bytes = std::fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    let value: Value = serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes))
        .map_err(|error| unreadable(error.to_string()))?;
    let records = match value {
        Value::Array(records) => records,
        record => vec![record],
    };
    let mut faults = Vec::new();
    for (at, record) in records.iter().enumerate() {
        for violation in record_type.violations(record) {
            faults.push((at, violation));
        }
    }
    if as_json {
        let items: Vec<Value> = faults
            .iter()
            .map(|(at, v)| json!({"record": at, "pointer": v.pointer, "keyword": v.keyword, "message": v.message}))
            .collect();
        output::json(&json!({"records": records.len(), "violations": items}));
    } else {
        let rows = faults.iter().map(|(at, v)| vec![at.to_string(), v.pointer.clone(), v.message.clone()]).collect();
        output::table(&["record", "field", "what is wrong"], rows, &format!("{} records, all valid", records.len()));
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FAILURES) })
}
