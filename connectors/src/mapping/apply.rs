//! One raw record through a compiled table.

use muara_schemas::page::Reason;
use serde_json::{Map, Value};

use super::constant;
use super::lookup::Lookup;
use super::number;
use super::plan::{Context, Node, Table, Take, Via};
use super::shape::Shape;
use super::slots::{Found, Raw, Source};
use super::verdict::{self, Mapped};
use crate::jq::{Answer, Fault};
use crate::json::Json;

impl Table {
    /// Maps a raw record. All that is wrong is told at once; what the schema says is left to [`Table::validate`].
    /// `answers` is what [`Table::programs`] gave for it.
    pub fn apply<L: Lookup + ?Sized>(&self, raw: &L, answers: &[Answer]) -> Mapped {
        let source = self.slots.open(raw, answers);
        let mut run = Run { context: &self.context, errors: Vec::new() };
        let (fields, _) = run.object(&self.root, &source, Place::ROOT);
        let body = Value::Object(fields);
        if run.errors.is_empty() {
            return Mapped::Record(body);
        }
        let mut errors = run.errors;
        verdict::add_violations(self.record_type, &body, &mut errors);
        Mapped::Broken { about: verdict::about(&body), errors: self.sourced(errors) }
    }

    /// Maps and validates.
    pub fn map<L: Lookup + ?Sized>(&self, raw: &L, answers: &[Answer]) -> Mapped {
        match self.apply(raw, answers) {
            Mapped::Record(body) => {
                let errors = self.validate(&body);
                if errors.is_empty() {
                    Mapped::Record(body)
                } else {
                    Mapped::Broken { about: verdict::about(&body), errors }
                }
            }
            broken => broken,
        }
    }

    /// Whether `where:` lets a raw record in; what it drops is left out, not quarantined. `answer` is what
    /// [`Table::condition`] gave for it.
    ///
    /// # Errors
    /// When the condition says neither yes nor no: then the record goes to quarantine.
    pub fn selects<L: Lookup + ?Sized>(&self, raw: &L, answer: Option<&Answer>) -> Result<bool, Reason> {
        if !self.filter.is_empty() {
            let source = self.slots.open(raw, &[]);
            return Ok(self.filter.iter().all(|(slot, wanted)| match source.get(*slot) {
                Raw::Text(text) | Raw::Number(text) => wanted.iter().any(|one| one == text.trim()),
                Raw::Absent => wanted.iter().any(String::is_empty),
                _ => false,
            }));
        }
        let wrong = |code: &str, message: &str| Reason {
            code: code.to_owned(),
            target: String::new(),
            source: None,
            message: message.to_owned(),
        };
        match (&self.condition, answer) {
            (None, _) => Ok(true),
            (Some(_), Some(Ok(values))) => match values.as_slice() {
                [Json::Bool(verdict)] => Ok(*verdict),
                [] => Ok(false),
                _ => Err(wrong("E0314", "the expression of `where` gives neither true nor false")),
            },
            (Some(_), Some(Err(Fault::Raised(_) | Fault::TooMuch))) => {
                Err(wrong("E0313", "the expression of `where` failed on this record"))
            }
            (Some(_), _) => Err(wrong("E0315", "the expression of `where` took too long or too much memory")),
        }
    }
}

/// What an expression must not give to a single target.
const SEVERAL: &str = "the expression gives several values; put them into a list with [ ]";

/// A value whose members that are null are not there: absence has no other form.
fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Object(members) => {
            let there = members.iter().filter(|(_, value)| *value != Json::Null);
            Json::Object(there.map(|(name, value)| (name.clone(), without_nulls(value))).collect())
        }
        Json::List(items) => Json::List(items.iter().map(without_nulls).collect()),
        single => single.clone(),
    }
}

/// Whether a text is a zero: the same, or a zero of a day with no time behind it.
fn is_zero(text: &str, zero: &str) -> bool {
    let Some(rest) = text.strip_prefix(zero) else { return false };
    let is_day = zero.len() == 10 && zero.as_bytes()[4] == b'-' && zero.as_bytes()[7] == b'-';
    rest.is_empty() || (is_day && rest.starts_with([' ', 'T']) && rest.bytes().all(|byte| b" T0:.Z+".contains(&byte)))
}

/// The day that a crosswalk is asked for.
fn day<'s, L: Lookup + ?Sized>(take: &Take, source: &'s Source<'_, L>) -> Option<&'s str> {
    let Some(Via::List { on: Some(slot), .. }) = &take.via else { return None };
    match source.get(*slot) {
        Raw::Text(text) | Raw::Number(text) => Some(text),
        _ => None,
    }
}

/// Where in the target we are: pointers are only written when something is wrong.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The list whose item we are in, and which one.
    outer: Option<(&'a Self, &'a str, usize)>,
}

impl Place<'_> {
    const ROOT: Self = Self { outer: None };

    fn pointer(&self, target: &str) -> String {
        match self.outer {
            Some((outer, list, item)) => format!("{}/{item}{target}", outer.pointer(list)),
            None => target.to_owned(),
        }
    }
}

/// What became of one target.
enum Made {
    /// Nothing: the source has no value.
    Absent,
    /// A value that does not depend on the source, so that it alone does not make an object.
    Given(Value),
    /// A value of the source.
    Taken(Value),
    /// An error was told.
    Broken,
}

struct Run<'a> {
    context: &'a Context,
    errors: Vec<Reason>,
}

impl Run<'_> {
    /// The object, and whether any of it came from the source.
    fn object<L: Lookup + ?Sized>(
        &mut self,
        fields: &[(String, Node)],
        source: &Source<'_, L>,
        place: Place<'_>,
    ) -> (Map<String, Value>, bool) {
        let mut taken = false;
        let mut members = Vec::with_capacity(fields.len());
        for (name, node) in fields {
            match self.node(node, source, place) {
                Made::Absent => {}
                Made::Given(value) => members.push((name.clone(), value)),
                Made::Taken(value) => {
                    taken = true;
                    members.push((name.clone(), value));
                }
                Made::Broken => taken = true,
            }
        }
        // The fields are sorted, so the map is built in one go.
        (members.into_iter().collect(), taken)
    }

    fn node<L: Lookup + ?Sized>(&mut self, node: &Node, source: &Source<'_, L>, place: Place<'_>) -> Made {
        match node {
            Node::Take(take) => self.take(take, source.value(take.input), source, place),
            Node::Made { answer, shape, target } => self.made(source.answer(*answer), shape, &place.pointer(target)),
            Node::Const(value) => Made::Given(value.clone()),
            Node::Object(fields) => {
                let (members, taken) = self.object(fields, source, place);
                if taken { Made::Taken(Value::Object(members)) } else { Made::Absent }
            }
            Node::List(take) => self.list(take, source, place),
            Node::Items { items, target } => self.items(items, target, source, place),
            Node::Each { list, slots, map, target } => {
                let items = match source.list(*list) {
                    Found::Absent => return Made::Absent,
                    Found::List(items) => items,
                    Found::Other => {
                        self.error("E0310", place.pointer(target), source.path(*list), "expected a list".to_owned());
                        return Made::Broken;
                    }
                };
                let mut values = Vec::with_capacity(items.len());
                for (number, item) in items.iter().enumerate() {
                    let within = Place { outer: Some((&place, target, number)) };
                    values.push(Value::Object(self.object(map, &slots.open(item, &[]), within).0));
                }
                Made::Taken(Value::Array(values))
            }
        }
    }

    /// A list whose items are named one by one: absent ones at its end are left out.
    fn items<L: Lookup + ?Sized>(
        &mut self,
        items: &[Node],
        target: &str,
        source: &Source<'_, L>,
        place: Place<'_>,
    ) -> Made {
        let mut values = Vec::with_capacity(items.len());
        let (mut taken, mut hole) = (false, None);
        for (number, node) in items.iter().enumerate() {
            let made = self.node(node, source, place);
            taken |= matches!(made, Made::Taken(_) | Made::Broken);
            match made {
                // Objects stand for themselves; a single value is known by its place, so none may be missing before it.
                Made::Absent if matches!(node, Node::Object(_)) => {}
                Made::Absent => hole = hole.or(Some(number)),
                Made::Broken => {}
                Made::Given(value) | Made::Taken(value) => {
                    if let Some(number) = hole.take() {
                        self.errors.push(Reason {
                            code: "E0311".to_owned(),
                            target: place.pointer(&format!("{target}/{number}")),
                            source: None,
                            message: "a later item of this list has a value, this one has none".to_owned(),
                        });
                    }
                    values.push(value);
                }
            }
        }
        if taken { Made::Taken(Value::Array(values)) } else { Made::Absent }
    }

    /// A list of single values; one value alone is a list of one.
    fn list<L: Lookup + ?Sized>(&mut self, take: &Take, source: &Source<'_, L>, place: Place<'_>) -> Made {
        let items = match source.value(take.input) {
            Raw::Nested(Json::List(items)) => items,
            single => {
                return match self.take(take, single, source, place) {
                    Made::Taken(value) => Made::Taken(Value::Array(vec![value])),
                    Made::Given(value) => Made::Given(Value::Array(vec![value])),
                    other => other,
                };
            }
        };
        let mut values = Vec::with_capacity(items.len());
        let mut broken = false;
        for (number, item) in items.iter().enumerate() {
            let within = Place { outer: Some((&place, &take.target, number)) };
            let raw = match item {
                Json::Null => Raw::Absent,
                nested @ (Json::List(_) | Json::Object(_)) => Raw::Nested(nested),
                Json::Number(text) => Raw::Number(text),
                single => single.as_text().map_or(Raw::Absent, Raw::Text),
            };
            match self.convert(take, raw, day(take, source)) {
                Ok(Some(value)) => values.push(value),
                Ok(None) => {}
                Err(fault) => {
                    broken = true;
                    self.fault(take, fault, raw, source.origin(take.input), within.pointer(""));
                }
            }
        }
        if broken { Made::Broken } else { Made::Taken(Value::Array(values)) }
    }

    fn take<L: Lookup + ?Sized>(
        &mut self,
        take: &Take,
        raw: Raw<'_>,
        source: &Source<'_, L>,
        place: Place<'_>,
    ) -> Made {
        match self.convert(take, raw, day(take, source)) {
            Ok(Some(value)) => Made::Taken(value),
            Ok(None) => take.default.clone().map_or(Made::Absent, Made::Given),
            Err(fault) => {
                self.fault(take, fault, raw, source.origin(take.input), place.pointer(&take.target));
                Made::Broken
            }
        }
    }

    /// The value; `None` when the source has none; an error without a fault is a text that the crosswalk lacks.
    fn convert(&self, take: &Take, raw: Raw<'_>, on: Option<&str>) -> Result<Option<Value>, Option<number::Fault>> {
        let (text, number) = match raw {
            Raw::Absent => return Ok(None),
            Raw::Text(text) => (text.trim(), false),
            Raw::Number(text) => (text, true),
            Raw::Nested(_) | Raw::Failed(_) | Raw::Several => return Err(Some(number::Fault::Nested)),
        };
        if text.is_empty() || self.context.zero.iter().any(|zero| is_zero(text, zero)) {
            return Ok(None);
        }
        match &take.via {
            None => {}
            Some(Via::Inline(via)) => {
                let at = via.binary_search_by(|(known, _)| known.as_str().cmp(text)).map_err(|_| None)?;
                return Ok(Some(via[at].1.clone()));
            }
            Some(Via::List { list, values, on: slot }) => {
                if slot.is_some() && on.is_none() {
                    return Err(None);
                }
                let to = list.find(text, on).and_then(|to| values.get(to)).ok_or(None)?;
                return Ok(Some(to.clone()));
            }
        }
        take.converter.convert(text, number, take.round, &self.context.zone).map(Some).map_err(Some)
    }

    /// A list or an object that an expression made.
    fn made(&mut self, answer: Result<&[Json], &Fault>, shape: &Shape, target: &str) -> Made {
        let value = match answer {
            Err(fault) => {
                self.failed(fault, target.to_owned());
                return Made::Broken;
            }
            Ok([] | [Json::Null]) => return Made::Absent,
            Ok([one]) => one,
            Ok(_) => {
                self.error("E0314", target.to_owned(), "", SEVERAL.to_owned());
                return Made::Broken;
            }
        };
        if let Ok(value) = constant::value(&without_nulls(value), shape) {
            return Made::Taken(value);
        }
        let message = format!("the expression gives something else than {} as the target has it", shape.name());
        self.error("E0314", target.to_owned(), "", message);
        Made::Broken
    }

    fn failed(&mut self, fault: &Fault, target: String) {
        // What an expression says of a failure may hold values of the record.
        let (code, message) = match fault {
            Fault::Raised(_) => ("E0313", "the expression failed on this record"),
            Fault::TooMuch => ("E0314", "the expression gives more than is taken"),
            Fault::Runaway => ("E0315", "the expression took too long or too much memory"),
        };
        self.error(code, target, "", message.to_owned());
    }

    fn fault(&mut self, take: &Take, fault: Option<number::Fault>, raw: Raw<'_>, source: &str, target: String) {
        match raw {
            Raw::Failed(fault) => return self.failed(fault, target),
            Raw::Several => return self.error("E0314", target, source, SEVERAL.to_owned()),
            _ => {}
        }
        let expected = take.converter.expected();
        // A message goes to people who may not see persons, so it tells the shape: any field may hold a stray value.
        let found = match raw {
            Raw::Text(text) => format!("found text of {} characters", text.trim().chars().count()),
            Raw::Number(_) => "found a number".to_owned(),
            Raw::Nested(_) => "found a list or an object".to_owned(),
            Raw::Absent | Raw::Failed(_) | Raw::Several => "found nothing".to_owned(),
        };
        let (code, message) = match fault {
            None => ("E0304", format!("the crosswalk of this field has no such value; {found}")),
            Some(number::Fault::Form) => ("E0302", format!("expected {expected}; {found}")),
            Some(number::Fault::Precise) => ("E0303", format!("expected {expected} and no more decimals; {found}")),
            Some(number::Fault::Large) => ("E0302", format!("expected {expected} and fewer digits; {found}")),
            Some(number::Fault::Nul) => ("E0305", "a NUL character, which no store keeps".to_owned()),
            Some(number::Fault::Nested) => ("E0310", format!("expected {expected}; {found}")),
        };
        self.error(code, target, source, message);
    }

    fn error(&mut self, code: &str, target: String, source: &str, message: String) {
        let source = (!source.is_empty()).then(|| source.to_owned());
        self.errors.push(Reason { code: code.to_owned(), target, source, message });
    }
}
