//! The generated statement; `tests/sql.rs` runs it.

use super::statement::Statement;

fn of(table: &str, columns: &[&str], condition: Option<&str>, cursor: Option<&str>) -> Result<Statement, String> {
    let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
    Statement::new(table, &columns, condition, cursor, ["id"].into_iter())
}

#[test]
fn names_are_quoted_and_nothing_else_goes_in() {
    let statement =
        of("simda.ta_belanja", &["id", "total"], Some("tahun = 2026 -- this year"), Some("last_upd")).unwrap();
    assert_eq!(
        statement.sql(None),
        "select \"id\", \"total\", \"last_upd\" from \"simda\".\"ta_belanja\" where (tahun = 2026 -- this year\n)"
    );
    assert_eq!(
        statement.sql(Some("$1")),
        "select \"id\", \"total\", \"last_upd\" from \"simda\".\"ta_belanja\" where (tahun = 2026 -- this year\n) \
         and \"last_upd\" >= $1 order by \"last_upd\", \"id\""
    );
    assert_eq!(of("dpa", &[], None, None).unwrap().sql(None), "select * from \"dpa\"");
}

#[test]
fn a_quote_in_a_name_does_not_end_it() {
    let statement = of("Ta \"Belanja\"", &["x\" from y --"], None, None).unwrap();
    assert_eq!(statement.sql(None), r#"select "x"" from y --", "id" from "Ta ""Belanja""""#);
}

#[test]
fn what_is_no_name_is_refused() {
    assert!(of("a.b.c", &[], None, None).is_err());
    assert!(of("a", &["b.c"], None, None).is_err());
    assert!(of("a", &[], None, Some("")).is_err());
}
