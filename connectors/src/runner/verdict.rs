//! One record through the field table and its expressions; a read and a replay ask the same.

use std::sync::Arc;

use muara_schemas::ContentHash;
use muara_schemas::page::{About, MAX_BODY_BYTES, MAX_RAW_BYTES, RawForm, Reason, Record};

use super::context::Context;
use super::sift::Uses;
use crate::mapping::{Mapped, Table};
use crate::raw::{Fields, Raw};
use crate::state::Hash;
use crate::worker::Evaluator;

/// So many records whose expressions run away end a run.
pub(super) const RUNAWAYS: u32 = 10;

/// What the field table says of a record.
pub(super) enum Verdict {
    /// It is valid; key and pointer are still to be filled in.
    Valid(Record, Hash),
    /// It goes to quarantine.
    Broken(Vec<Reason>, About),
}

/// Judges the records of one run.
pub(super) struct Judge {
    table: Arc<Table>,
    evaluator: Evaluator,
    uses: Arc<Uses>,
}

impl Judge {
    /// With a table of its own.
    pub(super) const fn new(table: Arc<Table>, evaluator: Evaluator, uses: Arc<Uses>) -> Self {
        Self { table, evaluator, uses }
    }

    /// For one run of a stream.
    pub(super) fn of(context: &Context) -> Self {
        Self { table: context.table.clone(), evaluator: context.evaluator(), uses: context.uses.clone() }
    }

    /// Whether expressions run away again and again: each takes seconds of everybody's time.
    pub(super) const fn runs_away(&self) -> bool {
        self.evaluator.lost() >= RUNAWAYS
    }

    /// Whether `where:` lets a record in.
    pub(super) fn selects(&mut self, fields: &Fields<'_>, raw: &Raw) -> Result<bool, Reason> {
        let Some(condition) = self.table.condition() else { return self.table.selects(fields, None) };
        let answers = self.evaluator.ask(std::slice::from_ref(condition), &raw.to_text());
        self.table.selects(fields, answers.first())
    }

    /// What could be read of a record, whatever became of it.
    pub(super) fn about(&mut self, fields: &Fields<'_>, raw: &Raw) -> About {
        about(&self.mapped(fields, raw))
    }

    /// Maps a record and validates what comes of it.
    pub(super) fn judge(&mut self, fields: &Fields<'_>, raw: &Raw) -> Verdict {
        let fault = |message: &str, source: Option<&String>, target: &str| Reason {
            code: "E0324".to_owned(),
            target: target.to_owned(),
            source: source.cloned(),
            message: message.to_owned(),
        };
        let mut faults = Vec::new();
        for (column, message) in raw.faults() {
            if column.is_empty() {
                faults.push(fault(message, None, ""));
            }
            // An error in a cell that nothing uses harms nobody.
            for (source, target) in self.uses.0.iter().filter(|(source, _)| source == column) {
                faults.push(fault(message, Some(source), target));
            }
        }
        let mapped = self.mapped(fields, raw);
        if !faults.is_empty() {
            let about = about(&mapped);
            let others = if let Mapped::Broken { errors, .. } = mapped { errors } else { Vec::new() };
            let others = others.into_iter().filter(|other| faults.iter().all(|fault| fault.target != other.target));
            return Verdict::Broken(faults.iter().cloned().chain(others).collect(), about);
        }
        let value = match mapped {
            Mapped::Record(value) => value,
            Mapped::Broken { errors, about } => return Verdict::Broken(errors, about),
        };
        // Keys of a value are sorted, so its JSON text is canonical.
        let body = serde_json::value::to_raw_value(&value).expect("a JSON value always serialises");
        if body.get().len() > MAX_BODY_BYTES {
            let message = format!("the canonical record has {} bytes, {MAX_BODY_BYTES} are taken", body.get().len());
            return Verdict::Broken(vec![reason("E0323", message)], Table::about(&value));
        }
        let hash = ContentHash::of(body.get().as_bytes());
        Verdict::Valid(Record { key: String::new(), pointer: String::new(), hash, body, mends: None }, *hash.as_bytes())
    }

    fn mapped(&mut self, fields: &Fields<'_>, raw: &Raw) -> Mapped {
        let programs = self.table.programs();
        let answers = if programs.is_empty() { Vec::new() } else { self.evaluator.ask(programs, &raw.to_text()) };
        self.table.map(fields, &answers)
    }
}

fn about(mapped: &Mapped) -> About {
    match mapped {
        Mapped::Record(value) => Table::about(value),
        Mapped::Broken { about, .. } => about.clone(),
    }
}

/// A reason that is about the record as a whole.
pub(super) fn reason(code: &str, message: String) -> Reason {
    Reason { code: code.to_owned(), target: String::new(), source: None, message }
}

/// A raw record as it goes to quarantine: its text, cut, and what the text stands for.
pub(super) fn kept(raw: &Raw) -> (String, RawForm) {
    let mut text = raw.to_text();
    if text.len() > MAX_RAW_BYTES {
        text.truncate(text.floor_char_boundary(MAX_RAW_BYTES));
    }
    let form = match raw {
        Raw::Json(_) => RawForm::Json,
        Raw::Row(_) if raw.faults().next().is_some() => RawForm::FaultyRow,
        Raw::Row(_) => RawForm::Row,
    };
    (text, form)
}
