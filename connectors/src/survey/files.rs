//! A look at a folder: which file, which sheet, where its header is.

use std::path::Path;

use super::sheet::{self, Header, Row};
use super::{Found, Trouble, draft, fields, fill, slug, take, version};
use crate::definition::model::{Form, Read};
use crate::kinds;
use crate::proposal::{self, Given, yaml};
use crate::raw::Raw;
use crate::runner::preview::Look;

/// Rows of each sheet that are looked at before its header is known.
const ROWS: u32 = 1_000;
/// Columns.
const COLUMNS: u32 = 150;
/// Most files that are named.
const NAMED: usize = 40;
/// Where lists stand in JSON files.
const LISTS: &[&str] = &["data", "items", "records", "results", "rows", "result", "data.items", "data.data"];
/// The field in which a look keeps the sheet.
const SHEET: &str = "$sheet";

/// What the person said.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// A file or a pattern in it.
    pub file: Option<&'a str>,
    /// A sheet of it.
    pub sheet: Option<&'a str>,
}

/// Looks at the folder.
pub async fn look(wanted: Wanted<'_>, look: &Look) -> Result<Found, Trouble> {
    let folder = wanted.folder.canonicalize().unwrap_or_else(|_| wanted.folder.to_path_buf());
    let file = match wanted.file {
        Some(file) => file.to_owned(),
        None => only_file(&folder)?,
    };
    let versions = version::pattern(&names(&folder, &file));
    let source = vec!["kind: files".to_owned(), format!("folder: {}", yaml::quoted(&folder.display().to_string()))];
    let stem = file.rsplit('/').next().unwrap_or(&file).split('.').next().unwrap_or(&file).replace('*', "");
    let stem = versions.as_ref().and_then(|_| version::stem(&stem)).unwrap_or(stem);
    let mut found = Found { source, stream: slug(&stem), names: vec![file.clone()], ..Found::default() };
    let beginning = version::read(&file, versions.as_deref());
    match Form::of(&file) {
        Some(Form::Json) => json(&mut found, &beginning, look).await?,
        Some(Form::Jsonl) => plain(&mut found, format!("{{{beginning}}}"), look).await?,
        Some(Form::Xml) => {
            return Err(Trouble::Failed(
                "E0748: an XML file needs the path of its records: begin with `records:` by hand".to_owned(),
            ));
        }
        Some(_) => table(&mut found, (&file, &beginning), wanted.sheet, look).await?,
        None => return Err(Trouble::Failed(format!("E0748: the ending of `{file}` tells no form that is read"))),
    }
    found.notes.extend(versions.as_deref().map(version::note));
    Ok(found)
}

/// The names of the files that a pattern means.
fn names(folder: &Path, pattern: &str) -> Vec<String> {
    let (below, last) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    if !last.contains('*') {
        return vec![last.to_owned()];
    }
    let entries = std::fs::read_dir(folder.join(below)).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| kinds::is_meant(last, name)).collect();
    names.sort();
    names
}

/// The only file of the folder that can be read.
fn only_file(folder: &Path) -> Result<String, Trouble> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Trouble::Failed(format!("E0748: {} cannot be listed: {error}", folder.display())))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| Form::of(name).is_some() && !name.starts_with(['.', '~']))
        .collect();
    names.sort();
    if names.is_empty() {
        let why = format!("E0748: {} holds no xlsx, xls, ods, csv, json or xml file", folder.display());
        return Err(Trouble::Failed(why));
    }
    if names.len() > 1 {
        names.truncate(NAMED);
        return Err(Trouble::Choose { what: "file", among: names });
    }
    Ok(names.remove(0))
}

async fn plain(found: &mut Found, read: String, look: &Look) -> Result<(), Trouble> {
    let (records, asked) = take(&draft(&found.source, &read, None)?, look).await?;
    found.records = records.into_iter().map(|(_, raw)| raw).collect();
    (found.read, found.asked) = (read, asked);
    Ok(())
}

/// A JSON file is a list itself, or holds one under a usual name.
async fn json(found: &mut Found, beginning: &str, look: &Look) -> Result<(), Trouble> {
    let mut failed = match plain(found, format!("{{{beginning}}}"), look).await {
        Ok(()) if !found.records.is_empty() => return Ok(()),
        Ok(()) => Trouble::Failed("E0748: the file holds no record".to_owned()),
        Err(failed) => failed,
    };
    for list in LISTS {
        match plain(found, format!("{{{beginning}, records: {list}}}"), look).await {
            Ok(()) if !found.records.is_empty() => return Ok(()),
            Ok(()) => {}
            Err(other) => failed = other,
        }
    }
    Err(failed)
}

/// A sheet or a CSV file: the raw grid tells the header, the fields that it gives tell which of the likely ones is right.
async fn table(
    found: &mut Found,
    (file, beginning): (&str, &str),
    sheet: Option<&str>,
    look: &Look,
) -> Result<(), Trouble> {
    let is_csv = Form::of(file) == Some(Form::Csv);
    let at = format!("file: {}", yaml::scalar(file));
    let chosen = sheet.map_or_else(|| "/(?<sheet>.+)/".to_owned(), str::to_owned);
    let named = if is_csv { String::new() } else { format!(", sheet: {}", yaml::quoted(&chosen)) };
    let mut grid = draft(&found.source, &format!("{{{at}{named}}}"), None)?;
    if let Some(Read::Files(read)) = grid.streams.first_mut().map(|stream| &mut stream.read) {
        read.layout.header.rows = 0;
        read.layout.region.cells.to = (ROWS - 1, COLUMNS - 1);
        // The letters begin in the first row, whatever stands there.
        read.layout.region.cells.from = (0, 0);
    }
    let wide = Look { most: 20 * ROWS as usize, ..look.clone() };
    let (cells, _) = take(&grid, &wide).await?;
    let sheets = sheets(cells);
    if sheets.is_empty() {
        return Err(Trouble::Failed(format!("E0748: `{file}` holds no row")));
    }
    let mut tried: Vec<(u8, Found)> = Vec::new();
    for (name, rows) in &sheets {
        let named = match (is_csv, sheet) {
            (true, _) => String::new(),
            (_, Some(sheet)) => format!(", sheet: {}", yaml::scalar(sheet)),
            (_, None) => format!(", sheet: {}", yaml::scalar(name)),
        };
        for header in sheet::headers(rows).iter().take(if sheets.len() > 4 { 1 } else { 3 }) {
            let read = format!("{{{beginning}{named}{}}}", region(header, rows));
            let mut one = Found { source: found.source.clone(), stream: found.stream.clone(), ..Found::default() };
            if plain(&mut one, read, look).await.is_err() || one.records.is_empty() {
                continue;
            }
            filled(&mut one, look).await;
            let (fields, _) = fields(&one.records);
            let names = [found.names.clone(), vec![name.clone()]].concat();
            let best = proposal::best(&fields, &Given { names, ..Given::default() });
            one.notes = note(header, &sheets, name);
            tried.push((best.first().map_or(0, |best| best.score), one));
        }
    }
    // The first of equals: the likelier header of the earlier sheet.
    tried.reverse();
    let Some((_, best)) = tried.into_iter().max_by_key(|(score, _)| *score) else {
        return Err(Trouble::Failed(format!("E0748: no header was found in `{file}`; begin with `region:` by hand")));
    };
    found.names.extend(sheets.iter().map(|(name, _)| name.clone()).filter(|name| best.read.contains(name.as_str())));
    (found.read, found.asked, found.records) = (best.read, best.asked, best.records);
    found.notes.extend(best.notes);
    Ok(())
}

/// Reads once more with the columns filled down that begin groups of rows.
async fn filled(found: &mut Found, look: &Look) {
    let (known, rows) = fields(&found.records);
    let columns: Vec<&str> = known.iter().map(|field| field.path.as_str()).collect();
    let down = fill::down(&columns, &rows);
    if !down.is_empty() {
        let named: Vec<String> = down.iter().map(|column| yaml::scalar(column)).collect();
        let open = found.read.strip_suffix('}').unwrap_or(&found.read);
        let read = format!("{open}, fill_down: [{}]}}", named.join(", "));
        drop(plain(found, read, look).await);
    }
}

/// Rows of a grid by their sheet; the group that names it is the last column.
fn sheets(cells: Vec<(u64, Raw)>) -> Vec<(String, Vec<Row>)> {
    let mut sheets: Vec<(String, Vec<Row>)> = Vec::new();
    for (number, raw) in cells {
        let Raw::Row(row) = raw else { continue };
        let group = row.position(SHEET);
        let name = group.and_then(|group| row.cell(group)).unwrap_or_default().to_owned();
        let width = group.unwrap_or_else(|| row.head().columns().len());
        let cells =
            (0..width).map(|at| row.cell(at).map(str::to_owned).filter(|cell| !cell.trim().is_empty())).collect();
        match sheets.iter_mut().find(|(known, _)| *known == name) {
            Some((_, rows)) => rows.push(Row { number, cells }),
            None => sheets.push((name, vec![Row { number, cells }])),
        }
    }
    sheets
}

/// `region`, `header` and `skip` as they stand behind the file.
fn region(header: &Header, rows: &[Row]) -> String {
    let whole = rows.last().is_none_or(|row| row.number < u64::from(ROWS));
    let end = sheet::end(rows, header, whole).map(|text| format!("end: {{text: [{}]}}", yaml::quoted(&text)));
    let is_plain = header.row == 1 && header.column == 0;
    let begin = match &header.find {
        _ if is_plain => None,
        Some(find) => Some(format!("find: {}", yaml::quoted(find))),
        None => Some(format!("from: {}{}", letters(header.column), header.row)),
    };
    let parts: Vec<String> = begin.into_iter().chain(end).collect();
    let mut out = String::new();
    if !parts.is_empty() {
        out.extend([", region: {", &parts.join(", "), "}"]);
    }
    if header.rows > 1 {
        out.extend([", header: {rows: ", &header.rows.to_string(), "}"]);
    }
    if header.skip > 0 {
        out.extend([", skip: ", &header.skip.to_string()]);
    }
    out
}

fn letters(mut column: usize) -> String {
    let mut out = Vec::new();
    loop {
        out.insert(0, char::from(b'A' + u8::try_from(column % 26).unwrap_or(0)));
        if column < 26 {
            return out.into_iter().collect();
        }
        column = column / 26 - 1;
    }
}

fn note(header: &Header, sheets: &[(String, Vec<Row>)], name: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let others: Vec<String> =
        sheets.iter().filter(|(other, _)| other != name).map(|(other, _)| format!("`{other}`")).collect();
    if !others.is_empty() {
        notes.push(format!("The workbook also has the sheets {}.", others.join(", ")));
    }
    if header.row > 1 || header.rows > 1 {
        notes.push(format!("The header was found in row {}, over {} row(s).", header.row, header.rows));
    }
    notes
}
