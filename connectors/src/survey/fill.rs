//! Columns in which an empty cell means the value above: the outer levels of a grouped table.

/// Of so many rows at most a half has a value in such a column.
const LEAST_ROWS: usize = 6;

/// The columns, the outermost one first. `rows` has a value of every column for each record.
pub(super) fn down(columns: &[&str], rows: &[Vec<Option<String>>]) -> Vec<String> {
    if rows.len() < LEAST_ROWS {
        return Vec::new();
    }
    let present = |column: usize| rows.iter().filter(|row| row[column].is_some()).count();
    // The levels stand to the left of what every row has.
    let levels = (0..columns.len()).take_while(|column| present(*column) * 2 <= rows.len());
    let levels: Vec<usize> = levels.filter(|column| is_level(rows, *column)).collect();
    if levels.len() == columns.len() || levels.first().is_none_or(|first| rows[0][*first].is_none()) {
        return Vec::new();
    }
    levels.into_iter().map(|column| columns[column].to_owned()).collect()
}

/// Whether a column begins groups: it has values, and none that the row above has too.
fn is_level(rows: &[Vec<Option<String>>], column: usize) -> bool {
    let repeats = |pair: &[Vec<Option<String>>]| pair[0][column].is_some() && pair[0][column] == pair[1][column];
    rows.iter().any(|row| row[column].is_some()) && !rows.windows(2).any(repeats)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[&str]) -> Vec<Vec<Option<String>>> {
        let cell = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        lines.iter().map(|line| line.split('|').map(cell).collect()).collect()
    }

    #[test]
    fn outer_columns_of_a_grouped_table_are_filled_down_and_others_not() {
        let grouped = rows(&["P1|K1|5.1|10|", "||5.2|20|x", "|K2|5.1|30|", "||5.2|40|", "P2|K1|5.1|50|", "||5.2|60|"]);
        let flat = rows(&["5.1|10|x", "5.2|20|", "5.1|30|", "5.2|40|", "5.1|50|", "5.2|60|"]);

        assert_eq!(down(&["Program", "Kegiatan", "Rekening", "Pagu", "Ket"], &grouped), ["Program", "Kegiatan"]);
        assert_eq!(down(&["Rekening", "Pagu", "Ket"], &flat), Vec::<String>::new());
        assert_eq!(down(&["Program", "Kegiatan", "Rekening", "Pagu", "Ket"], &grouped[..3]), Vec::<String>::new());
    }
}
