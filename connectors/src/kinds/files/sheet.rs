//! Which sheets of a workbook are read.

use calamine::{Sheet, SheetType, SheetVisible};
use regex::Regex;

use super::frame::Problem;
use crate::definition::model::{Layout, SheetChoice};

/// How many sheets a message names.
const NAMED: usize = 12;

/// A sheet to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) name: String,
    /// Fields of each of its records that its name gives.
    pub(super) groups: Vec<(String, String)>,
}

/// The sheets that a definition means, in the order of the workbook; at least one.
pub(super) fn choose(sheets: &[Sheet], layout: &Layout) -> Result<Vec<Chosen>, Problem> {
    let tables = || sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let shown = |sheet: &&Sheet| layout.hidden || sheet.visible == SheetVisible::Visible;
    let alone =
        |sheet: Option<&Sheet>| sheet.map(|sheet| vec![Chosen { name: sheet.name.clone(), groups: Vec::new() }]);
    let (found, wanted) = match &layout.sheet {
        SheetChoice::First => (alone(tables().find(shown)), "no sheet that is not hidden".to_owned()),
        SheetChoice::Name(name) => {
            let called = |sheet: &&Sheet| sheet.name.trim().to_lowercase() == name.trim().to_lowercase();
            if let Some(sheet) = tables().find(called).filter(|sheet| !shown(sheet)) {
                return Err(Problem::no_sheet(format!(
                    "its sheet `{}` is hidden; write `hidden: true` if it is to be read",
                    sheet.name
                )));
            }
            (alone(tables().find(called)), format!("no sheet `{name}`"))
        }
        SheetChoice::Number(number) => {
            (alone(tables().filter(shown).nth(*number as usize - 1)), format!("no sheet number {number}"))
        }
        SheetChoice::Fits(pattern) => {
            let fits = Regex::new(pattern).map_err(|_| Problem::no_sheet("`sheet` is no regular expression"))?;
            let found: Vec<Chosen> = tables()
                .filter(shown)
                .filter_map(|sheet| Some(Chosen { name: sheet.name.clone(), groups: groups(&fits, &sheet.name)? }))
                .collect();
            (Some(found).filter(|found| !found.is_empty()), format!("no sheet whose name fits `{pattern}`"))
        }
    };
    found.ok_or_else(|| {
        let names: Vec<String> = tables().filter(shown).take(NAMED).map(|sheet| format!("`{}`", sheet.name)).collect();
        let but = if names.is_empty() { String::new() } else { format!(", but {}", names.join(", ")) };
        Problem::no_sheet(format!("it has {wanted}{but}"))
    })
}

/// What the named groups of an expression take of a name, as fields of records; `None` where it does not fit.
pub(super) fn groups(fits: &Regex, name: &str) -> Option<Vec<(String, String)>> {
    let found = fits.captures(name)?;
    let group = |group: &str| Some((format!("${group}"), found.name(group)?.as_str().to_owned()));
    Some(fits.capture_names().flatten().filter_map(group).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(sheet: SheetChoice, hidden: bool) -> Result<Vec<String>, String> {
        let sheet_of = |name: &str, typ, visible| Sheet { name: name.to_owned(), typ, visible };
        let sheets = [
            sheet_of("Rumus", SheetType::WorkSheet, SheetVisible::Hidden),
            sheet_of("Grafik", SheetType::ChartSheet, SheetVisible::Visible),
            sheet_of(" RBA 1", SheetType::WorkSheet, SheetVisible::Visible),
            sheet_of("Rekap", SheetType::WorkSheet, SheetVisible::Visible),
            sheet_of("rba 2", SheetType::WorkSheet, SheetVisible::Visible),
        ];
        let layout = Layout { sheet, hidden, ..Layout::default() };
        let found = choose(&sheets, &layout).map_err(|problem| problem.why)?;
        Ok(found
            .into_iter()
            .map(|sheet| {
                sheet.groups.into_iter().fold(sheet.name, |name, (group, value)| format!("{name} {group}={value}"))
            })
            .collect())
    }

    #[test]
    fn a_sheet_is_found_by_name_number_or_pattern() {
        let name = |name: &str| SheetChoice::Name(name.to_owned());
        let fits = |pattern: &str| SheetChoice::Fits(pattern.to_owned());
        assert_eq!(chosen(SheetChoice::First, false).unwrap(), [" RBA 1"]);
        assert_eq!(chosen(SheetChoice::First, true).unwrap(), ["Rumus"]);
        assert_eq!(chosen(name("RBA 1 "), false).unwrap(), [" RBA 1"]);
        assert_eq!(chosen(SheetChoice::Number(3), false).unwrap(), ["rba 2"]);
        assert_eq!(chosen(fits(r"(?i)^\s*rba (?<bulan>\d)"), false).unwrap(), [" RBA 1 $bulan=1", "rba 2 $bulan=2"]);
        assert_eq!(chosen(name("DPA"), false).unwrap_err(), "it has no sheet `DPA`, but ` RBA 1`, `Rekap`, `rba 2`");
        assert!(chosen(SheetChoice::Number(4), false).unwrap_err().starts_with("it has no sheet number 4, but"));
        assert!(chosen(fits("^Rumus"), false).is_err() && chosen(name("Grafik"), true).is_err());
        assert!(chosen(name("rumus"), false).unwrap_err().contains("hidden: true"));
    }
}
