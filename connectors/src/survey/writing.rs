//! From what a look found to a definition that lints, with everything that was decided on the way.

use muara_schemas::Catalog;

use super::{Found, fields};
use crate::definition::{self, Ask, Diagnostic, Origin};
use crate::proposal::document::{self, Draft};
use crate::proposal::{self, Assignment, Given, Key, example};
use crate::raw::Raw;

/// Who the records belong to, and what the person says of them.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Id of the system.
    pub system: String,
    /// Code of the region.
    pub region: String,
    /// Code of the agency.
    pub agency: String,
    /// The record type; the one that fits best where nothing is said.
    pub record_type: Option<String>,
    /// Targets and their constants, as YAML.
    pub constants: Vec<(String, String)>,
}

/// The definition.
#[derive(Debug)]
pub struct Written {
    /// The file.
    pub text: String,
    /// The field table that stands in it.
    pub table: Assignment,
    /// The three record types that fit best, with their scores.
    pub best: Vec<(String, u8)>,
    /// The key that stands in it.
    pub key: Key,
    /// Records of the sample that the definition lets in, and how many of them it maps.
    pub tried: (usize, usize),
    /// Why the first one that is not mapped is not.
    pub first: Option<String>,
    /// What lint says of it; with undecided lines, that they are missing.
    pub found: Vec<Diagnostic>,
}

/// Proposes the definition; `None` when the records have no field or nothing identifies them.
pub fn write(source: &Found, wanted: &Wanted, ask: Ask<'_>) -> Option<Written> {
    let given = Given {
        agency: Some(wanted.agency.clone()),
        constants: wanted.constants.clone(),
        names: [source.names.clone(), vec![source.stream.clone(), wanted.system.clone()]].concat(),
    };
    let propose = |records: &[Raw]| {
        let (fields, rows) = fields(records);
        let best = proposal::best(&fields, &given);
        let chosen = wanted.record_type.as_deref().and_then(|name| Catalog::embedded().get(name));
        let table =
            chosen.map_or_else(|| best.first().cloned(), |chosen| Some(proposal::assign(&fields, chosen, &given)));
        let ranked: Vec<(String, u8)> =
            best.iter().take(3).map(|known| (known.record_type.clone(), known.score)).collect();
        (fields, rows, table, ranked)
    };
    let (mut known, mut rows, mut table, mut ranked) = propose(&source.records);
    let mut records = source.records.clone();
    let leaf = proposal::leaf(&known, table.as_ref()?);
    if let Some(leaf) = &leaf {
        let at = known.iter().position(|field| field.path == leaf.field)?;
        let holds = |row: &Vec<Option<String>>| row[at].as_deref().is_some_and(|code| leaf.holds(code));
        records = source.records.iter().zip(&rows).filter(|(_, row)| holds(row)).map(|(raw, _)| raw.clone()).collect();
        (known, rows, table, ranked) = propose(&records);
    }
    let table = table?;
    let own =
        source.key.clone().map(|fields| Key { fields, reason: "the table's primary key".to_owned(), confirm: false });
    let key = own.or_else(|| Some(proposal::within_year(proposal::key(&known, &rows)?, &known)))?;
    let mut notes = source.notes.clone();
    let mut cursor = None;
    if let Some(field) = proposal::cursor(&known) {
        let field = proposal::yaml::scalar(&field);
        match source.source.first().map(String::as_str) {
            Some("kind: sql") => cursor = Some(format!("{{field: {field}}}")),
            Some("kind: http") => notes.push(format!(
                "`{field}` tells what is new. If the API has a parameter for it: cursor: {{field: {field}, param: updated_since}}"
            )),
            _ => {}
        }
    }
    let is_row = matches!(source.records.first(), Some(Raw::Row(_)));
    let filter = leaf.as_ref().map(|leaf| (leaf.yaml(is_row), leaf.reason()));
    let others: Vec<(String, u8)> =
        ranked.iter().filter(|(name, _)| *name != table.record_type).take(2).cloned().collect();
    let zero = document::zeros(&known, &table);
    let mut draft = Draft {
        head: head(source, records.len()),
        system: &wanted.system,
        region: &wanted.region,
        agency: &wanted.agency,
        timezone: example::timezone(&wanted.region),
        source: &source.source,
        stream: &source.stream,
        read: &source.read,
        page: source.page.as_deref(),
        notes: &notes,
        key: &key,
        cursor: cursor.as_deref(),
        filter: filter.as_ref().map(|(filter, why)| (filter.as_str(), why.as_str())),
        table: &table,
        others: &others,
        zero: &zero,
        tests: &[],
    };
    let mut text = document::text(&draft);
    let name = format!("{}.yaml", wanted.system);
    let (definitions, mut found) = definition::read_with(vec![Origin::new(&name, &text)], ask);
    let (mut tried, mut first) = ((records.len(), 0), None);
    if let Some(definition) = definitions.first() {
        let tests = example::tests(definition, &records, ask);
        draft.tests = &tests;
        text = document::text(&draft);
        found = definition::read_with(vec![Origin::new(&name, &text)], ask).1;
        let (good, why) = example::trial(definition, &records, ask);
        (tried, first) = ((records.len(), good), why);
    }
    Some(Written { text, table, best: ranked, key, tried, first, found })
}

/// What was asked, in sentences.
fn head(source: &Found, looked: usize) -> Vec<String> {
    let mut head = vec![format!("Proposed by `muara connector new` from {looked} records of a sample. It has asked:")];
    head.extend(source.asked.iter().take(3).map(|asked| format!("  {asked}")));
    head.push(
        "Behind each line of `map` stands how sure it is, and why. Look at what is marked CONFIRM and take the word out;"
            .to_owned(),
    );
    head.push(
        "fill what is marked DECIDE: until then nothing is sent. `muara lint`, `muara preview` and `muara test` help."
            .to_owned(),
    );
    if !source.needs.is_empty() {
        head.push(format!("It needs the environment variables {}.", source.needs.join(", ")));
    }
    head
}
