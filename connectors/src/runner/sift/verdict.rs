//! One record through the field table and its expressions.

use muara_schemas::ContentHash;
use muara_schemas::page::{About, MAX_BODY_BYTES, Reason, Record};

use super::{Sifter, about, reason};
use crate::mapping::{Mapped, Table};
use crate::raw::{Fields, Raw};
use crate::state::{Hash, Mark, Print};

/// What the field table says of a record.
pub(super) enum Verdict {
    /// It stands as it was published.
    Same(Hash),
    /// It is new or another; key and pointer are still to be filled in.
    Valid(Record, Hash),
    /// It goes to quarantine.
    Broken(Vec<Reason>, About),
}

impl Sifter {
    /// Whether `where:` lets a record in.
    pub(super) fn selects(&mut self, fields: &Fields<'_>, raw: &Raw) -> Result<bool, Reason> {
        let Some(condition) = self.table.condition() else { return self.table.selects(fields, None) };
        let answers = self.evaluator.ask(std::slice::from_ref(condition), &raw.to_text());
        self.table.selects(fields, answers.first())
    }

    pub(super) fn mapped(&mut self, fields: &Fields<'_>, raw: &Raw) -> Mapped {
        let programs = self.table.programs();
        let answers = if programs.is_empty() { Vec::new() } else { self.evaluator.ask(programs, &raw.to_text()) };
        self.table.map(fields, &answers)
    }

    pub(super) fn map(&mut self, fields: &Fields<'_>, raw: &Raw, print: Option<&Print>) -> Verdict {
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
        if print.is_some_and(|print| print.mark == Mark::Live && print.body == *hash.as_bytes()) {
            return Verdict::Same(*hash.as_bytes());
        }
        Verdict::Valid(Record { key: String::new(), pointer: String::new(), hash, body }, *hash.as_bytes())
    }
}
