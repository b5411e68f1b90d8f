//! What is asked of a source, in sentences.

use std::fmt::Write as _;

use super::{code, span};
use crate::definition::model::{
    Body, Each, Files, FilesRead, Format, HttpRead, Paging, Part, Read, SheetChoice, Snapshot, SourceSpec, Sql,
    SqlRead, Stream,
};
use crate::definition::reference::Setting;

/// How hard the source may be asked.
pub(super) fn limits(source: &SourceSpec, out: &mut String) {
    out.push('\n');
    match source {
        SourceSpec::Http(http) => {
            let _ = write!(
                out,
                "A request may take {}, and is repeated up to {} times",
                span(http.timeout),
                http.retry.max
            );
            if let Some(budget) = &http.budget {
                let _ = write!(out, "; all streams together make at most {} in {}", budget.requests, span(budget.per));
            }
            out.push_str(".\n");
        }
        SourceSpec::Sql(Sql { statement_timeout, fetch, .. }) => {
            let _ = writeln!(
                out,
                "The database is only read, {fetch} rows a page at most, and may take {} for one.",
                span(*statement_timeout)
            );
        }
        SourceSpec::Files(Files { .. }) => out.push_str("Files are read where they lie and stay as they are.\n"),
        SourceSpec::Exec(exec) => {
            let _ = writeln!(
                out,
                "{} runs for each read, for {} at most, and is ended when it says nothing for {}.",
                code(&exec.command.join(" ")),
                span(exec.longest),
                span(exec.idle)
            );
        }
        SourceSpec::Push(push) => {
            let _ = writeln!(out, "The system calls us, with at most {} KiB in one request.", push.max_body >> 10);
        }
    }
}

/// What one read asks for.
pub(super) fn read(read: &Read, out: &mut String) {
    match read {
        Read::Http(read) => request(read, out),
        Read::Sql(read) => table(read, out),
        Read::Files(read) => files(read, out),
        Read::Exec(read) => {
            let _ = writeln!(out, "- **Asks:** the stream {} of the program.", code(&read.stream));
        }
        Read::Push(read) if read.records.as_str().is_empty() => out.push_str("- **Takes** what is posted.\n"),
        Read::Push(read) => {
            let _ = writeln!(out, "- **Takes** what is posted, the list at {}.", code(read.records.as_str()));
        }
    }
}

fn request(read: &HttpRead, out: &mut String) {
    let verb = if read.is_post { "POST" } else { "GET" };
    let _ = write!(out, "- **Asks:** {}", code(&format!("{verb} {}", read.path)));
    if !read.query.is_empty() {
        let _ = write!(out, " with {}", settings(&read.query));
    }
    match &read.body {
        Some(Body::Form(fields)) => {
            let _ = write!(out, " and the form {}", settings(fields));
        }
        Some(Body::Json(Part::Object(members))) => {
            let names: Vec<String> = members.iter().map(|(name, _)| code(name)).collect();
            let _ = write!(out, " and a JSON body of {}", names.join(", "));
        }
        Some(Body::Json(_)) => out.push_str(" and a JSON body"),
        Some(Body::Xml(_)) => out.push_str(" and an XML body"),
        None => {}
    }
    let form = match read.format {
        Format::Json => "JSON",
        Format::Jsonl => "JSON lines",
        Format::Csv => "CSV",
        Format::Xml => "XML",
        Format::Whole => "a text",
    };
    let place = match (read.format, read.records.as_str()) {
        (Format::Json | Format::Xml, "") => ", the list itself".to_owned(),
        (Format::Json | Format::Xml, path) => format!(", the list at {}", code(path)),
        _ => String::new(),
    };
    let _ = writeln!(out, "; {form} comes back{place}.");
    if !read.columns.is_empty() {
        let columns: Vec<String> = read.columns.iter().map(|name| code(name)).collect();
        let _ = writeln!(out, "- **Cells** of each record, in order: {}.", columns.join(", "));
    }
}

/// Parameters with their values; a reference shows its name alone.
fn settings(settings: &[(String, Setting)]) -> String {
    let shown: Vec<String> = settings
        .iter()
        .map(|(name, setting)| match setting {
            Setting::Plain(text) => code(&format!("{name}={text}")),
            Setting::Reference(reference) => code(&format!("{name}={reference}")),
        })
        .collect();
    shown.join(", ")
}

fn table(read: &SqlRead, out: &mut String) {
    let columns = match read.columns.as_slice() {
        [] => "all columns".to_owned(),
        columns => columns.iter().map(|name| code(name)).collect::<Vec<_>>().join(", "),
    };
    let _ = write!(out, "- **Asks:** {columns} of {}", code(&read.table));
    if let Some(condition) = &read.where_ {
        let _ = write!(out, " where {}", code(condition));
    }
    out.push_str(".\n");
}

fn files(read: &FilesRead, out: &mut String) {
    let _ = write!(out, "- **Asks:** the files {}", code(&read.file));
    if let Some(fits) = &read.fits {
        let _ = write!(out, " whose names fit {}", code(fits));
    }
    let layout = &read.layout;
    match &layout.sheet {
        SheetChoice::First => {}
        SheetChoice::Name(name) => {
            let _ = write!(out, ", the sheet {}", code(name));
        }
        SheetChoice::Number(number) => {
            let _ = write!(out, ", sheet number {number}");
        }
        SheetChoice::Fits(pattern) => {
            let _ = write!(out, ", the sheets {}", code(pattern));
        }
    }
    if let Some(find) = &layout.region.find {
        let _ = write!(out, ", from the cell {} on", code(find));
    }
    if !layout.region.texts.is_empty() {
        let texts: Vec<String> = layout.region.texts.iter().map(|text| code(text)).collect();
        let _ = write!(out, " to the row that begins with {}", texts.join(" or "));
    }
    out.push_str(".\n");
    if layout.header.rows > 1 {
        let _ =
            writeln!(out, "- **Header:** {} rows, joined by {}.", layout.header.rows, code(layout.header.join.trim()));
    }
    if !layout.fill_down.is_empty() {
        let columns: Vec<String> = layout.fill_down.iter().map(|name| code(name)).collect();
        let _ = writeln!(out, "- **Filled down:** {}.", columns.join(", "));
    }
    out.push_str(match read.snapshot {
        Snapshot::PerFile => "- **A newer file** of the same name or groups replaces what the one before held.\n",
        Snapshot::Append => "- **Files only add:** nothing is ever deleted.\n",
    });
}

/// How the list is cut.
pub(super) fn paging(paging: Option<&Paging>, out: &mut String) {
    let Some(paging) = paging else { return };
    let by = match paging {
        Paging::Page { .. } => "by number",
        Paging::Offset { .. } => "by the number of records to leave out",
        Paging::Cursor { .. } => "by a token that the source hands out",
        Paging::Link { .. } => "by a link that the source hands out",
    };
    let _ = write!(out, "- **Pages:** {by}");
    if let Some(size) = paging.size() {
        let _ = write!(out, ", {} records each", size.value);
    }
    out.push_str(if paging.total().is_some() { ", up to the total that the source tells.\n" } else { ".\n" });
}

/// What records are made of an answer: how it is split, and what is left out.
pub(super) fn parts(stream: &Stream, out: &mut String) {
    match &stream.each {
        Some(Each::List(path)) => {
            let _ = writeln!(out, "- **Split:** a record for each item of {}.", code(path.as_str()));
        }
        Some(Each::Expr(expr)) => {
            let _ = writeln!(out, "- **Split:** a record for each value of {}.", code(expr.program.text()));
        }
        None => {}
    }
    for (path, texts) in &stream.where_.fields {
        let texts: Vec<String> =
            texts.iter().map(|text| if text.is_empty() { "absent".to_owned() } else { code(text) }).collect();
        let _ = writeln!(out, "- **Takes** only records whose {} is {}.", code(path.as_str()), texts.join(" or "));
    }
    if let Some(expr) = &stream.where_.expr {
        let _ = writeln!(out, "- **Takes** only records for which {} holds.", code(expr.program.text()));
    }
    if !stream.zero.is_empty() {
        let zero: Vec<String> = stream.zero.iter().map(|text| code(text)).collect();
        let _ = writeln!(out, "- **Absent** is also what the source writes as {}.", zero.join(" or "));
    }
}

/// How what is new is told from what is known.
pub(super) fn newness(stream: &Stream, out: &mut String) {
    if matches!(stream.read, Read::Push(_)) {
        return;
    }
    if stream.keeps_state {
        out.push_str("- **Reads** from where the program says that it was.\n");
        return;
    }
    let Some(cursor) = &stream.cursor else {
        out.push_str("- **Reads** everything each time; what did not change is not sent again.\n");
        return;
    };
    let _ = write!(out, "- **Reads** from the greatest {} on, less {}", code(cursor.field.as_str()), span(cursor.lag));
    match stream.full_read.every {
        Some(every) => {
            let _ = writeln!(out, "; everything every {}.", span(every));
        }
        None => out.push_str("; never everything.\n"),
    }
}
