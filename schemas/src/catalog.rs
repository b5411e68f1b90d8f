//! The catalog of record types: schemas compiled once, references resolved offline, formats asserted.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, Registry, ValidationError, Validator};
use serde_json::Value;

use crate::canonical::{self, hex};

#[cfg(test)]
mod conformance;
mod personal;
#[cfg(test)]
mod tests;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/records");

static EMBEDDED: LazyLock<Catalog> = LazyLock::new(|| {
    let schemas = FILES.files().filter_map(|file| Some((file.path().file_stem()?.to_str()?, file.contents())));
    Catalog::compile(schemas).expect("the embedded schemas compile; a test compiles them")
});

/// Every record type that this version knows.
pub struct Catalog {
    types: BTreeMap<String, RecordType>,
    head: Value,
}

/// One record type.
pub struct RecordType {
    name: String,
    schema: Value,
    validator: Validator,
    business_key: Vec<String>,
    personal: Vec<Vec<String>>,
    digest: String,
}

/// One way in which a record breaks its schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// JSON pointer of the offending field; empty for the record itself.
    pub pointer: String,
    /// The keyword that is broken, such as `pattern` or `required`.
    pub keyword: String,
    /// What is wrong, told by the shape of what stands there: never a value, nor a name, that came with the record.
    pub message: String,
}

/// Why a set of schemas is no catalog.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is not JSON.
    #[error("schema `{name}` is not JSON: {source}")]
    Json {
        /// The file's stem.
        name: String,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// A schema does not compile, or refers to something that is not there.
    #[error("schema `{name}` does not compile: {message}")]
    Schema {
        /// The file's stem.
        name: String,
        /// What the compiler says.
        message: String,
    },
}

impl Catalog {
    /// The catalog that this program ships.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// Compiles schema files given as (stem, bytes); the stem `head` holds the shared definitions.
    pub fn compile<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<Self, Error> {
        let mut schemas = BTreeMap::new();
        for (name, bytes) in files {
            let schema: Value =
                serde_json::from_slice(bytes).map_err(|source| Error::Json { name: name.to_owned(), source })?;
            schemas.insert(name.to_owned(), schema);
        }
        let head = schemas.remove("head").unwrap_or(Value::Null);
        let failed = |name: &str, message: String| Error::Schema { name: name.to_owned(), message };
        let registry = match head.get("$id").and_then(Value::as_str) {
            Some(id) => Registry::new().draft(Draft::Draft202012).add(id, head.clone()),
            None => Ok(Registry::new().draft(Draft::Draft202012)),
        };
        let registry =
            registry.and_then(jsonschema::RegistryBuilder::prepare).map_err(|e| failed("head", e.to_string()))?;
        let mut types = BTreeMap::new();
        for (name, schema) in schemas {
            let validator = jsonschema::options()
                .with_draft(Draft::Draft202012)
                .offline()
                .with_registry(&registry)
                .with_pattern_options(PatternOptions::regex())
                .should_validate_formats(true)
                .should_ignore_unknown_formats(false)
                .build(&schema)
                .map_err(|error| failed(&name, error.to_string()))?;
            let business_key = texts(schema.get("x-muara-business-key"));
            let personal = personal::paths(&schema, &head);
            let digest = hex(
                &blake3::hash(&[canonical::to_bytes(&schema), canonical::to_bytes(&head)].concat()).as_bytes()[..8]
            );
            types.insert(name.clone(), RecordType { name, schema, validator, business_key, personal, digest });
        }
        Ok(Self { types, head })
    }

    /// The record type of this name.
    pub fn get(&self, name: &str) -> Option<&RecordType> {
        self.types.get(name)
    }

    /// All record types, by name.
    pub fn iter(&self) -> impl Iterator<Item = &RecordType> {
        self.types.values()
    }

    /// The properties of a record type as whoever reads it is shown them: personal ones may be `null`.
    pub fn shown(&self, record_type: &RecordType) -> Value {
        let shown = personal::shown(&record_type.schema, &self.head);
        shown.get("properties").cloned().unwrap_or_default()
    }

    /// The shared definitions that every schema refers to.
    pub const fn head(&self) -> &Value {
        &self.head
    }
}

impl RecordType {
    /// Its name, such as `budget-line`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The JSON Schema itself.
    pub const fn schema(&self) -> &Value {
        &self.schema
    }

    /// Fields of the business key, in order.
    pub fn business_key(&self) -> &[String] {
        &self.business_key
    }

    /// Digest of schema and shared definitions: 16 hex digits; part of a definition's digest.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Whether the record is valid; cheaper than [`RecordType::violations`] by little, so rarely needed.
    pub fn is_valid(&self, body: &Value) -> bool {
        self.validator.is_valid(body)
    }

    /// Everything that is wrong with a record, sorted by place; empty when it is valid.
    pub fn violations(&self, body: &Value) -> Vec<Violation> {
        let mut violations: Vec<Violation> = self
            .validator
            .iter_errors(body)
            .map(|error| Violation {
                pointer: error.instance_path().to_string(),
                keyword: error.kind().keyword().to_owned(),
                message: self.said(&error).unwrap_or_else(|| message(&error)),
            })
            .collect();
        violations.sort();
        violations.dedup();
        violations
    }

    /// What the schema itself says where it demands more than a form: `x-muara-says` beside the keyword.
    fn said(&self, error: &ValidationError<'_>) -> Option<String> {
        let path = error.schema_path().to_string();
        let (beside, _) = path.rsplit_once('/')?;
        Some(self.schema().pointer(beside)?.get("x-muara-says")?.as_str()?.to_owned())
    }

    /// Replaces every personal value by `null`, so that the rest may be shown to who may not see persons.
    pub fn mask(&self, body: &mut Value) {
        for path in &self.personal {
            personal::mask(body, path);
        }
    }

    /// Whether the type has any personal field.
    pub fn has_personal_fields(&self) -> bool {
        !self.personal.is_empty()
    }
}

fn message(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            format!("the schema does not know {} of its fields", unexpected.len())
        }
        ValidationErrorKind::PropertyNames { error } => format!("a field's name: {}", message(error)),
        _ => error.masked_with(shape(error.instance())).to_string(),
    }
}

fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(text) => format!("text of {} characters", text.chars().count()),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn texts(list: Option<&Value>) -> Vec<String> {
    list.and_then(Value::as_array)
        .map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default()
}
