//! What expressions gave for one record.

use super::program::{Fault, Program};
use crate::json::Json;

/// What one expression gave: any number of values, or why none.
pub type Answer = Result<Vec<Json>, Fault>;

/// Evaluates expressions in this process: for the tests of people who trust what they wrote.
pub fn evaluate(programs: &[Program], record: &Json) -> Vec<Answer> {
    programs.iter().map(|program| program.run(record).and_then(|texts| read(&texts))).collect()
}

/// Reads the texts of [`Program::run`].
pub(crate) fn read(texts: &[String]) -> Answer {
    let parse = |text: &String| Json::parse(text.as_bytes());
    texts.iter().map(parse).collect::<Result<_, _>>().map_err(|error| Fault::Raised(error.to_string()))
}
