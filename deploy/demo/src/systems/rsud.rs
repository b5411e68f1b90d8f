//! The hospitals' workbooks: the RBA behind their lump lines, and the SP2B of the year.

use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use crate::error::{Error, Result};
use crate::folder::replace;
use crate::systems::raw::{Cells, break_cells};
use crate::world::{ACCOUNTS, BLUD_FUND, FUNDS, Sen, Stream, World, month_end};

/// Address of the RBA workbook in the folder.
const RBA: &str = "rsud/RBA_2026.xlsx";

/// Address of the SP2B workbook in the folder.
const SP2B: &str = "rsud/SP2B_2026.xlsx";

/// The sub-activity that a BLUD's money stands under.
const BLUD_SUB: &str = "1.02.01.2.10.0001";

/// Writes both workbooks.
pub(crate) fn write(folder: &Path, world: &World) -> Result<()> {
    let rba = (0..world.rba.len()).map(|row| {
        let mut cells = rba(world, row);
        break_cells(&mut cells, world.defects.get(&(Stream::Rba, row)));
        cells
    });
    book(&folder.join(RBA), "RBA", "Jumlah", rba)?;
    let sp2b = (0..world.sp2b.len()).map(|row| {
        let mut cells = sp2b(world, row);
        break_cells(&mut cells, world.defects.get(&(Stream::Sp2b, row)));
        cells
    });
    book(&folder.join(SP2B), "SP2B", "Nilai", sp2b)
}

fn rba(world: &World, row: usize) -> Cells {
    let line = &world.rba[row];
    vec![
        ("Kode RBA", Some(line.code.clone())),
        ("Tahun", Some("2026".to_owned())),
        ("Kode Unit", Some(world.agencies[line.agency].code.to_owned())),
        ("Nama Unit", Some(world.agencies[line.agency].name.to_owned())),
        ("Sub Kegiatan", Some(BLUD_SUB.to_owned())),
        ("Kode Rekening", Some(ACCOUNTS[line.account].code.to_owned())),
        ("Nama Rekening", Some(ACCOUNTS[line.account].name.to_owned())),
        ("Kode Dana", Some(FUNDS[BLUD_FUND].code.to_owned())),
        ("Uraian", Some(line.text.clone())),
        ("Jumlah", Some(cell(line.amount))),
    ]
}

fn sp2b(world: &World, row: usize) -> Cells {
    let line = &world.sp2b[row];
    let direction = if line.account.starts_with('4') { "Pendapatan" } else { "Belanja" };
    vec![
        ("Kode", Some(line.code.clone())),
        ("Nomor SP2B", Some(line.number.clone())),
        ("Tanggal", Some(month_end(line.month).to_string())),
        ("Periode", Some(format!("2026-{:02}", line.month))),
        ("Tahun", Some("2026".to_owned())),
        ("Kode Unit", Some(world.agencies[line.agency].code.to_owned())),
        ("Kode Rekening", Some(line.account.to_owned())),
        ("Kode Dana", Some(FUNDS[BLUD_FUND].code.to_owned())),
        ("Jenis", Some(direction.to_owned())),
        ("Nilai", Some(cell(line.amount))),
    ]
}

fn cell(amount: Sen) -> String {
    amount.short()
}

/// One sheet with its header in the first row; cells of the amount column are numbers where they can be.
fn book(path: &Path, sheet: &str, amount: &str, rows: impl Iterator<Item = Cells>) -> Result<()> {
    let trouble = |source: XlsxError| Error::Workbook { path: path.to_owned(), source };
    let mut workbook = Workbook::new();
    // The same world gives the same bytes: the time of creation is the world's, not the clock's.
    let created = ExcelDateTime::from_ymd(2026, 1, 5).map_err(trouble)?;
    workbook.set_properties(&DocProperties::new().set_title(sheet).set_creation_datetime(&created));
    let page = workbook.add_worksheet();
    page.set_name(sheet).map_err(trouble)?;
    for (row, cells) in (1_u32..).zip(rows) {
        for (column, (name, text)) in (0_u16..).zip(cells) {
            if row == 1 {
                page.write_string(0, column, name).map_err(trouble)?;
            }
            let Some(text) = text else { continue };
            // A cell of a workbook knows no other number than a double; whole rupiah below 2^53 are exact in it.
            match text.parse::<f64>() {
                Ok(value) if name == amount => page.write_number(row, column, value),
                _ => page.write_string(row, column, text),
            }
            .map_err(trouble)?;
        }
    }
    replace(path, &workbook.save_to_buffer().map_err(trouble)?)
}
