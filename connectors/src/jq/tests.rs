//! What expressions give, what they are refused, and where a mistake shows.

use super::{Fault, Mistake, Program};
use crate::json::{Json, Path};

fn compile(text: &str) -> Result<Program, Vec<Mistake>> {
    Program::compile(text, &Path::new(""))
}

fn run(text: &str, record: &str) -> Result<Vec<String>, Fault> {
    compile(text).unwrap().run(&Json::parse(record.as_bytes()).unwrap())
}

fn one(text: &str, record: &str) -> String {
    run(text, record).unwrap().remove(0)
}

#[test]
fn digits_survive() {
    let record = r#"{"a":9007199254740993,"b":1250000000.50,"c":"12345678901234567.89"}"#;
    assert_eq!(one(".", record), record);
    assert_eq!(one(".c | tonumber", record), "12345678901234567.89");
    assert_eq!(one("[.a, .b]", record), "[9007199254740993,1250000000.50]");
}

#[test]
fn the_input_may_be_a_part_of_the_record() {
    let program = Program::compile("map(.x) | add", &Path::new("detail.rows")).unwrap();
    let record = Json::parse(br#"{"detail":{"rows":[{"x":1},{"x":2}]}}"#).unwrap();
    assert_eq!(program.run(&record).unwrap(), ["3"]);
    assert_eq!(
        program.run(&Json::Null),
        Err(Fault::Raised("cannot use null as iterable (array or object)".to_owned()))
    );
}

#[test]
fn our_own_functions() {
    for (text, record, gives) in [
        ("money_id", r#""1.250.000,50""#, "1250000.50"),
        ("money_id", r#""1,2 M""#, "1200000000.00"),
        ("digits", r#""01.234.567-8""#, r#""012345678""#),
        ("number(9)", r#""01.234.567-8""#, r#""012345678""#),
        (r#"date("d MMMM yyyy")"#, r#""7 Maret 2026""#, r#""2026-03-07""#),
        ("code(2)", r#""5.1.02.01""#, r#""5.1""#),
        ("code(-2)", r#""5.1.02.01""#, r#""02.01""#),
        ("norm_name", r#"" Dinas  Kesehatan, Kab. X ""#, r#""DINAS KESEHATAN KAB X""#),
        (r#"ascii_downcase | gsub("[^a-z]"; "")"#, r#""A-b 1""#, r#""ab""#),
    ] {
        assert_eq!(one(text, record), gives, "{text}");
    }
    for text in ["money_id", "number(3)", r#"date("d MMMM yyyy")"#] {
        assert!(matches!(run(text, r#""n/a""#), Err(Fault::Raised(_))), "{text}");
    }
}

#[test]
fn nothing_of_the_world_is_seen() {
    for text in ["env", "$ENV", "now", "input", "inputs", "halt", "halt_error", "debug", "stderr", "localtime"] {
        let mistakes = compile(text).unwrap_err();
        assert!(mistakes[0].help.is_some(), "{text}: {mistakes:?}");
    }
    assert!(compile(r#"import "x" as x; 1"#).is_err());
    assert!(compile("input_filename").is_err());
}

#[test]
fn a_mistake_shows_where_it_is_and_what_was_meant() {
    let told = |text: &str| {
        let mistake = compile(text).unwrap_err().remove(0);
        (mistake.at, mistake.length, mistake.message, mistake.help.unwrap_or_default())
    };
    assert_eq!(
        told(".a | tonumbr"),
        (5, 7, "no function is called `tonumbr`".to_owned(), "did you mean `tonumber`?".to_owned())
    );
    assert_eq!(told(".a | test").3, "`test` takes another number of arguments than 0");
    assert_eq!(told("[.a, ").2, "expected the end of `[`, the expression ends");
    assert_eq!(told(".a + ").2, "expected term, the expression ends");
    assert_eq!(told("$x").2, "no variable is called `$x`");
    assert_eq!(told(".a § 1").0, 3);
}

#[test]
fn too_many_values_and_what_is_no_json_are_errors() {
    assert_eq!(run("range(20000)", "null"), Err(Fault::TooMuch));
    assert_eq!(run(r#"range(9) | "x" * 1000000"#, "null"), Err(Fault::TooMuch));
    assert!(matches!(run("nan", "null"), Err(Fault::Raised(_))));
    assert!(
        matches!(run(r#"error("kode tidak dikenal")"#, "null"), Err(Fault::Raised(why)) if why.contains("kode tidak dikenal"))
    );
}

#[test]
fn a_long_or_deep_text_is_told_of() {
    assert!(compile(&"1+".repeat(5_000)).unwrap_err()[0].message.contains("8192 bytes"));
    let deep = format!("{}1{}", "(".repeat(4_000), ")".repeat(4_000));
    assert!(compile(&deep).is_ok_and(|program| program.run(&Json::Null).is_ok()) || compile(&deep).is_err());
    assert!(compile(&"[".repeat(8_000)).is_err());
    assert!(compile(&"-".repeat(8_000)).is_err());
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "[a-z.|()\\[\\]{}$\"0-9+*/, ;:?]{0,40}") {
        let _ = compile(&text);
    }
}
