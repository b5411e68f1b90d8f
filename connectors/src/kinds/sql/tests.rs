//! The generated statement; `tests/it` runs it.

use super::product::Product;
use super::statement::Statement;

fn of(
    product: Product,
    table: &str,
    columns: &[&str],
    condition: Option<&str>,
    cursor: Option<&str>,
) -> Result<Statement, String> {
    let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
    Statement::new(product, (table, &columns, condition), cursor, ["id"].into_iter())
}

#[test]
fn names_are_quoted_and_nothing_else_goes_in() {
    let condition = Some("tahun = 2026 -- this year");
    let statement = of(Product::Postgres, "simda.ta_belanja", &["id", "total"], condition, Some("last_upd")).unwrap();
    assert_eq!(
        statement.sql(None),
        "select \"id\", \"total\", \"last_upd\" from \"simda\".\"ta_belanja\" where (tahun = 2026 -- this year\n)"
    );
    assert_eq!(
        statement.sql(Some("$1")),
        "select \"id\", \"total\", \"last_upd\" from \"simda\".\"ta_belanja\" where (tahun = 2026 -- this year\n) \
         and \"last_upd\" >= $1 order by \"last_upd\", \"id\""
    );
    assert_eq!(of(Product::Sqlite, "dpa", &[], None, None).unwrap().sql(None), "select * from `dpa`");
}

#[test]
fn mysql_has_quotes_of_its_own_and_a_small_first_column() {
    let statement = of(Product::Mysql, "simda.ta_belanja", &["total"], None, Some("last_upd")).unwrap();
    assert_eq!(
        statement.sql(Some("?")),
        "select 0, `total`, `id`, `last_upd` from `simda`.`ta_belanja` where `last_upd` >= ? order by `last_upd`, `id`"
    );
    assert_eq!(of(Product::Mysql, "a`b", &[], None, None).unwrap().sql(None), "select 0, `a``b`.* from `a``b`");
}

#[test]
fn a_quote_in_a_name_does_not_end_it() {
    let statement = of(Product::Postgres, "Ta \"Belanja\"", &["x\" from y --"], None, None).unwrap();
    assert_eq!(statement.sql(None), r#"select "x"" from y --", "id" from "Ta ""Belanja""""#);
}

#[test]
fn what_is_no_name_is_refused() {
    for product in [Product::Postgres, Product::Mysql, Product::Sqlite] {
        assert!(of(product, "a.b.c", &[], None, None).is_err());
        assert!(of(product, "a", &["b.c"], None, None).is_err());
        assert!(of(product, "a", &[], None, Some("")).is_err());
    }
}

#[test]
fn a_url_tells_its_product_and_an_unknown_one_is_not_repeated() {
    assert_eq!(Product::of("mariadb://db/simda"), Ok(Product::Mysql));
    assert_eq!(Product::of("postgresql://db/simda"), Ok(Product::Postgres));
    let error = Product::of("oracle://user:hush@db/simda").unwrap_err();
    assert!(error.contains("`oracle:`") && !error.contains("hush"), "{error}");
}

#[test]
fn a_parameter_that_would_be_passed_over_is_refused() {
    assert_eq!(Product::of("mysql://db/simda?ssl-mode=VERIFY_CA&ssl-ca=/etc/ca.pem"), Ok(Product::Mysql));
    for url in ["mysql://db/simda?tls=hush", "postgres://db/simda?sslmod=hush", "mysql://db/simda?charset=hush"] {
        let error = Product::of(url).unwrap_err();
        assert!(error.contains("has the parameter `") && !error.contains("hush"), "{error}");
    }
}

#[test]
fn offsets_are_written_with_sign_and_minutes() {
    let written = |seconds| super::written(jiff::tz::Offset::from_seconds(seconds).unwrap());

    assert_eq!(
        (written(0).as_str(), written(7 * 3600).as_str(), written(-12_600).as_str()),
        ("+00:00", "+07:00", "-03:30")
    );
}
