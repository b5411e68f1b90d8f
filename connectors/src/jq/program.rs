//! One expression: compiled once, evaluated for each record.

use std::sync::Arc;

use jaq_core::compile::Undefined;
use jaq_core::load::{Arena, Error, File, Loader, lex, parse};
use jaq_core::{Compiler, Ctx, Filter, Vars, load};
use jaq_json::{Val, read};

use super::fence::{self, Data};
use crate::definition::report::suggestion;
use crate::json::{Json, Path};

/// The longest text of an expression.
pub const MAX_TEXT_BYTES: usize = 8 * 1024;
/// The most values that one expression may give for one record.
const MAX_OUTPUTS: usize = 10_000;
/// The most bytes that they may have together.
const MAX_OUTPUT_BYTES: usize = 4 * 1024 * 1024;
/// The parser calls itself for what stands within something: its stack bears any text of [`MAX_TEXT_BYTES`].
const STACK: usize = 64 * 1024 * 1024;

/// An expression, ready to be evaluated.
#[derive(Clone)]
pub struct Program {
    text: Arc<str>,
    /// Where in the record its input stands; the empty path is the record itself.
    from: Path,
    filter: Arc<Filter<Data>>,
}

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it shows, in bytes of the text.
    pub at: usize,
    /// How many bytes are meant.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Why an expression gave nothing for a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It raised an error. The text may hold values of the record: it is for authors, never for logs.
    #[error("{0}")]
    Raised(String),
    /// It gave too many values, or too large ones.
    #[error("it gives more than {MAX_OUTPUTS} values or {MAX_OUTPUT_BYTES} bytes")]
    TooMuch,
    /// It took too long or too much memory, and its process was ended.
    #[error("it took too long or too much memory")]
    Runaway,
}

impl Program {
    /// Compiles an expression whose input is what stands at `from`.
    pub fn compile(text: &str, from: &Path) -> Result<Self, Vec<Mistake>> {
        let whole = |message: String, help: &str| {
            vec![Mistake { at: 0, length: text.len(), message, help: Some(help.to_owned()) }]
        };
        if text.len() > MAX_TEXT_BYTES {
            let help = "an expression is for what the field table cannot say; split it";
            return Err(whole(format!("the expression has more than {MAX_TEXT_BYTES} bytes"), help));
        }
        let compiled = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || filter(text));
            thread.ok()?.join().ok()
        });
        let none = || whole("the expression could not be compiled".to_owned(), "write it shorter");
        let filter = compiled.ok_or_else(none)??;
        Ok(Self { text: text.into(), from: from.clone(), filter: Arc::new(filter) })
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where in the record its input stands.
    pub const fn from(&self) -> &Path {
        &self.from
    }

    /// Everything that the expression gives for a record, each as JSON text in which decimals keep their digits.
    /// May take any time and memory; call it where that costs nobody else.
    pub fn run(&self, record: &Json) -> Result<Vec<String>, Fault> {
        let input =
            if self.from.as_str().is_empty() { Some(record) } else { crate::mapping::lookup::find(record, &self.from) };
        let text = input.map_or_else(|| "null".to_owned(), Json::to_text);
        let input = read::parse_single(text.as_bytes()).map_err(|error| Fault::Raised(error.to_string()))?;
        let context = Ctx::<Data>::new(&self.filter.lut, Vars::new([]));
        let (mut outputs, mut bytes) = (Vec::new(), 0);
        for output in self.filter.id.run((context, input)) {
            let output = output.map_err(|exception| match exception.get_err() {
                Ok(error) => Fault::Raised(error.to_string()),
                Err(_) => Fault::Raised("it breaks out of itself".to_owned()),
            })?;
            let output = json(&output)?;
            bytes += output.len();
            if outputs.len() == MAX_OUTPUTS || bytes > MAX_OUTPUT_BYTES {
                return Err(Fault::TooMuch);
            }
            outputs.push(output);
        }
        Ok(outputs)
    }
}

/// Values that JSON does not know, such as NaN or bytes, are errors.
fn json(value: &Val) -> Result<String, Fault> {
    let text = value.to_string();
    match Json::parse(text.as_bytes()) {
        Ok(_) => Ok(text),
        Err(error) => Err(Fault::Raised(format!("what it gives is no JSON: {error}"))),
    }
}

fn filter(text: &str) -> Result<Filter<Data>, Vec<Mistake>> {
    let arena = Arena::default();
    let modules = Loader::new(fence::defs()).load(&arena, File { code: text, path: () });
    let modules =
        modules.map_err(|errors| errors.into_iter().flat_map(|(_, error)| misread(text, error)).collect::<Vec<_>>())?;
    let compiler = Compiler::<_, Data>::default().with_funs(fence::funs());
    compiler.compile(modules).map_err(|errors| {
        let all = errors.into_iter().flat_map(|(_, errors)| errors);
        all.map(|(name, kind)| unknown(text, name, &kind)).collect()
    })
}

fn misread(text: &str, error: Error<&str>) -> Vec<Mistake> {
    let mistake = |part: &str, message: String| {
        let at = load::span(text, part);
        Mistake { at: at.start, length: at.len().clamp(1, 20), message, help: None }
    };
    let found = |part: &str| match part.chars().next() {
        Some(_) => format!("found `{}`", part.chars().take(20).collect::<String>()),
        None => "the expression ends".to_owned(),
    };
    match error {
        Error::Io(imports) => {
            imports.into_iter().map(|(part, _)| mistake(part, "an expression imports nothing".to_owned())).collect()
        }
        Error::Lex(errors) => {
            let expected = |expect: &lex::Expect<&str>| match expect {
                lex::Expect::Delim(bracket) => format!("the end of `{bracket}`"),
                other => other.as_str().to_owned(),
            };
            let told = |(expect, part): (lex::Expect<&str>, &str)| {
                mistake(part, format!("expected {}, {}", expected(&expect), found(part)))
            };
            errors.into_iter().map(told).collect()
        }
        Error::Parse(errors) => {
            let told = |(expect, part): (parse::Expect<&str>, &str)| {
                mistake(part, format!("expected {}, {}", expect.as_str(), found(part)))
            };
            errors.into_iter().map(told).collect()
        }
    }
}

fn unknown(text: &str, name: &str, kind: &Undefined) -> Mistake {
    let at = load::span(text, name);
    let (message, help) = match (fence::reason(name), kind) {
        (Some(why), _) => (format!("`{name}` is not for expressions"), Some(why.to_owned())),
        (None, Undefined::Filter(arity)) => {
            let names = fence::names();
            let known = names.iter().any(|known| known == name);
            let help = if known {
                Some(format!("`{name}` takes another number of arguments than {arity}"))
            } else {
                crate::definition::report::nearest(name, names.iter().map(String::as_str))
                    .map(|near| format!("did you mean `{near}`?"))
            };
            (format!("no function is called `{name}`"), help)
        }
        (None, kind) => (format!("no {} is called `{name}`", kind.as_str()), suggestion(name, [])),
    };
    Mistake { at: at.start, length: at.len(), message, help }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Program").field(&self.text).finish()
    }
}
