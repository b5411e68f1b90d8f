//! How data is shown: a table for people, one JSON document for programs.

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// Prints one JSON document.
pub(crate) fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&text),
        Err(error) => eprintln!("muara: the answer cannot be printed: {error}"),
    }
}

/// Prints a table; with no rows, the sentence instead.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<String>>, empty: &str) {
    if rows.is_empty() {
        print(empty);
        return;
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.to_vec());
    table.add_rows(rows);
    print(&table.to_string());
}

/// Prints one text. A reader that has gone away is no error.
pub(crate) fn print(text: &str) {
    use std::io::Write as _;
    drop(writeln!(std::io::stdout().lock(), "{text}"));
}
