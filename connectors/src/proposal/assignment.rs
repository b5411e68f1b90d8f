//! All fields of a source against a record type: each target at most one field, each field at most one target.

use muara_schemas::Catalog;
use muara_schemas::catalog::RecordType;
use serde::Serialize;

use super::target::{Target, targets};
use super::{Proposal, SourceField, constant, kinship, name, value, words, yaml};
use crate::mapping::shape::Kind;

/// What the person says beside the source.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The agency that all records belong to, where they do not tell.
    pub agency: Option<String>,
    /// Targets and their constants, as YAML.
    pub constants: Vec<(String, String)>,
    /// Names of files, sheets, tables and paths, which often say what the records are.
    pub names: Vec<String>,
}

/// One line of the field table.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// The proposal.
    #[serde(flatten)]
    pub proposal: Proposal,
    /// The source field; `None` for a constant.
    pub source: Option<String>,
    /// Whether a person has to look at it before it is used.
    pub confirm: bool,
}

/// A record type with what fills it.
#[derive(Debug, Clone, Serialize)]
pub struct Assignment {
    /// The record type.
    pub record_type: String,
    /// How well the source fits it, up to 100.
    pub score: u8,
    /// The field table, in the order of the source.
    pub lines: Vec<Line>,
    /// Required targets that nothing fills.
    pub missing: Vec<String>,
    /// Source fields that go nowhere.
    pub unused: Vec<String>,
}

/// The record types, the one that the fields fit best first.
pub fn best(fields: &[SourceField], given: &Given) -> Vec<Assignment> {
    let mut all: Vec<Assignment> = Catalog::embedded().iter().map(|known| assign(fields, known, given)).collect();
    all.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.record_type.cmp(&b.record_type)));
    all
}

/// The fields against one record type.
pub fn assign(fields: &[SourceField], record_type: &RecordType, given: &Given) -> Assignment {
    let all = targets(record_type);
    let mut table = Filling { fields, targets: &all, lines: Vec::new() };
    for (target, value) in &given.constants {
        table.constant(target, value, 100, "it was given", false);
    }
    let taken: Vec<String> = given.constants.iter().map(|(target, _)| target.clone()).collect();
    let mut proposals: Vec<(usize, Proposal)> = Vec::new();
    for (number, field) in fields.iter().enumerate() {
        let found = super::among(field, record_type.name(), &all, &taken);
        proposals.extend(found.into_iter().map(|proposal| (number, proposal)));
    }
    // What is required goes first among equals, and of two fields the earlier one.
    let is_required = |proposal: &Proposal| all.iter().any(|t| t.path == proposal.target && t.required);
    proposals.sort_by_key(|(number, proposal)| {
        (std::cmp::Reverse(proposal.confidence + if is_required(proposal) { 3 } else { 0 }), *number)
    });
    for (number, proposal) in proposals {
        table.take(number, proposal, false);
    }
    table.derive();
    table.only_amount();
    let pruned = table.prune();
    for target in all.iter().filter(|target| target.required && target.list.is_none()) {
        if !table.is_filled(&target.path)
            && let Some(found) = constant::of(record_type.name(), &target.path, fields, &table.lines, given)
        {
            table.constant(&target.path, &found.value, if found.confirm { 30 } else { 60 }, found.why, found.confirm);
        }
    }
    for list in constant::required_lists(record_type) {
        if table.has_within(&list) {
            continue;
        }
        match table.may_hold(record_type.name(), &list, &pruned) {
            None => table.constant(&list, "[]", 60, "the source tells none", false),
            Some(field) => {
                let why = format!("`{field}` may tell some of them, but not all that one needs");
                table.constant(&list, "[]", 30, &why, true);
            }
        }
    }
    table.end(record_type, given)
}

struct Filling<'a> {
    fields: &'a [SourceField],
    targets: &'a [Target],
    /// The number of the field beside the line; constants come last.
    lines: Vec<(usize, Line)>,
}

impl Filling<'_> {
    fn is_filled(&self, path: &str) -> bool {
        self.lines.iter().any(|(_, line)| line.proposal.target == path)
    }

    fn has_within(&self, path: &str) -> bool {
        let within =
            |target: &str| target.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.lines.iter().any(|(_, line)| within(&line.proposal.target))
    }

    fn take(&mut self, number: usize, proposal: Proposal, again: bool) {
        let used = !again && self.lines.iter().any(|(known, _)| *known == number);
        let list = proposal.target.split(".0").next().unwrap_or_default().to_owned();
        let overlaps = proposal.target.contains(".0") && self.is_filled(&list)
            || !proposal.target.contains('.') && self.has_within(&proposal.target);
        if !used && !overlaps && !self.is_filled(&proposal.target) {
            let source = Some(self.fields[number].path.clone());
            self.lines.push((number, Line { confirm: proposal.confidence < 50, proposal, source }));
        }
    }

    fn constant(&mut self, target: &str, value: &str, confidence: u8, why: &str, confirm: bool) {
        let rule = if value.starts_with("{from:") || value.starts_with("{expr:") {
            value.to_owned()
        } else {
            format!("{{const: {value}}}")
        };
        let proposal = Proposal { target: target.to_owned(), rule, confidence, reasons: vec![why.to_owned()] };
        self.lines.push((usize::MAX, Line { proposal, source: None, confirm }));
    }

    /// Year and month of a record that tells only its day.
    fn derive(&mut self) {
        for (target, converter) in [("fiscal_year", "year"), ("period", "month")] {
            let wanted = self.targets.iter().find(|known| known.path == target && known.required);
            let Some(wanted) = wanted.filter(|_| !self.is_filled(target)) else { continue };
            let day = self.lines.iter().find_map(|(number, line)| {
                let known = self.targets.iter().find(|known| known.path == line.proposal.target)?;
                matches!(known.kind, Kind::Date | Kind::Moment).then_some(*number)
            });
            let Some(number) = day.filter(|number| *number < self.fields.len()) else { continue };
            let field = &self.fields[number];
            let Some(read) = value::reading(field, wanted).filter(|read| read.looked > 0) else { continue };
            self.take(
                number,
                Proposal {
                    target: target.to_owned(),
                    rule: read.rule(&field.path),
                    confidence: 60,
                    reasons: vec![format!("the {converter} of `{}`, for nothing else tells it", field.path)],
                },
                true,
            );
        }
    }

    /// A required amount takes the only column of amounts that is left.
    fn only_amount(&mut self) {
        let is_money = |target: &&Target| target.kind == Kind::Money && target.required && target.list.is_none();
        let open: Vec<&Target> = self.targets.iter().filter(is_money).filter(|t| !self.is_filled(&t.path)).collect();
        let [target] = open[..] else { return };
        let is_code = |field: &SourceField| {
            let name = words::normal(&field.path);
            ["id", "kode", "nomor", "tahun", "nip", "urut"].iter().any(|word| name.iter().any(|known| known == word))
        };
        let left: Vec<(usize, value::Reading)> = (self.fields.iter().enumerate())
            .filter(|(number, field)| {
                !is_code(field) && field.items.is_empty() && self.lines.iter().all(|(known, _)| known != number)
            })
            .filter_map(|(number, field)| Some((number, value::reading(field, target)?)))
            .filter(|(_, read)| read.looked > 0 && read.fits == read.looked)
            .collect();
        if let [(number, read)] = &left[..] {
            let mut reasons = vec!["the only column of amounts that is left".to_owned()];
            if name::is_of_one(&self.fields[*number].path) {
                reasons.push("its name says that it is the price of one: the amount is a total".to_owned());
            }
            let rule = read.rule(&self.fields[*number].path);
            let proposal = Proposal { target: target.path.clone(), rule, confidence: 45, reasons };
            self.take(*number, proposal, false);
        }
    }

    /// A field that may hold what a list is made of, though no line takes it.
    fn may_hold(&self, record_type: &str, list: &str, pruned: &[Line]) -> Option<String> {
        let of_list = |target: &str| target.strip_prefix(list).is_some_and(|rest| rest.starts_with('.'));
        let dropped = pruned.iter().find(|line| of_list(&line.proposal.target)).and_then(|line| line.source.clone());
        let is_free = |number: usize| self.lines.iter().all(|(known, _)| *known != number);
        let is_list = |field: &SourceField| !field.items.is_empty() || field.path.ends_with(".0");
        let is_named = |field: &SourceField| {
            let phrases = words::phrases(record_type, list);
            phrases.iter().any(|phrase| words::normal(phrase) == words::normal(&field.path))
        };
        let free = self.fields.iter().enumerate().filter(|(number, _)| is_free(*number)).map(|(_, field)| field);
        dropped.or_else(|| free.into_iter().find(|field| is_list(field) || is_named(field)).map(|f| f.path.clone()))
    }

    /// An object or item of which a required part is missing would break every record: it is left out whole. Answers
    /// the lines that this has cost.
    fn prune(&mut self) -> Vec<Line> {
        let broken: Vec<String> = (self.targets.iter())
            .filter(|target| target.member && !self.is_filled(&target.path))
            .filter_map(|target| target.group.clone())
            .filter(|group| self.has_within(group))
            .collect();
        let is_broken = |line: &Line| broken.iter().any(|group| line.proposal.target.starts_with(&format!("{group}.")));
        let (pruned, kept) = std::mem::take(&mut self.lines).into_iter().partition(|(_, line)| is_broken(line));
        self.lines = kept;
        let pruned: Vec<(usize, Line)> = pruned;
        pruned.into_iter().map(|(_, line)| line).collect()
    }

    fn end(mut self, record_type: &RecordType, given: &Given) -> Assignment {
        self.lines.sort_by_key(|(number, _)| *number);
        let unused = (self.fields.iter().enumerate())
            .filter(|(number, _)| self.lines.iter().all(|(known, _)| known != number))
            .map(|(_, field)| field.path.clone())
            .collect();
        let missing: Vec<String> = (self.targets.iter())
            .filter(|target| target.required && target.list.is_none() && !self.is_filled(&target.path))
            .map(|target| target.path.clone())
            .collect();
        let score = kinship::score(record_type.name(), self.targets, &self.lines, self.fields, given);
        let lines = self.lines.into_iter().map(|(_, line)| line).collect();
        Assignment { record_type: record_type.name().to_owned(), score, lines, missing, unused }
    }
}

impl Line {
    /// The line as YAML, without its comment.
    pub fn yaml(&self) -> String {
        format!("{}: {}", yaml::scalar(&self.proposal.target), self.proposal.rule)
    }
}
