//! One raw record through a compiled table.

use muara_schemas::page::Reason;
use serde_json::{Map, Value};

use super::lookup::Lookup;
use super::number::Fault;
use super::plan::{Context, Node, Table, Take};
use super::slots::{Found, Raw, Source};
use super::verdict::{self, Mapped};
use crate::json::Json;

impl Table {
    /// Maps a raw record. All that is wrong is told at once; what the schema says is left to [`Table::validate`].
    pub fn apply<L: Lookup + ?Sized>(&self, raw: &L) -> Mapped {
        let source = self.slots.open(raw);
        let mut run = Run { context: &self.context, errors: Vec::new() };
        let (fields, _) = run.object(&self.root, &source, Place::ROOT);
        let body = Value::Object(fields);
        if run.errors.is_empty() {
            return Mapped::Record(body);
        }
        let mut errors = run.errors;
        verdict::add_violations(self.record_type, &body, &mut errors);
        Mapped::Broken { about: verdict::about(&body), errors }
    }

    /// Maps and validates.
    pub fn map<L: Lookup + ?Sized>(&self, raw: &L) -> Mapped {
        match self.apply(raw) {
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

    /// Whether `where:` lets a raw record in; what it drops is left out, not quarantined.
    pub fn selects<L: Lookup + ?Sized>(&self, raw: &L) -> bool {
        if self.filter.is_empty() {
            return true;
        }
        let source = self.slots.open(raw);
        self.filter.iter().all(|(slot, wanted)| match source.get(*slot) {
            Raw::Text(text) | Raw::Number(text) => wanted.iter().any(|one| one == text.trim()),
            Raw::Absent => wanted.iter().any(String::is_empty),
            Raw::Nested(_) => false,
        })
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
            Node::Take(take) => self.take(take, source.get(take.slot), source, place),
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
                    values.push(Value::Object(self.object(map, &slots.open(item), within).0));
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
        let items = match source.get(take.slot) {
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
            match self.convert(take, raw) {
                Ok(Some(value)) => values.push(value),
                Ok(None) => {}
                Err(fault) => {
                    broken = true;
                    self.fault(take, fault, raw, source.path(take.slot), within.pointer(""));
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
        match self.convert(take, raw) {
            Ok(Some(value)) => Made::Taken(value),
            Ok(None) => take.default.clone().map_or(Made::Absent, Made::Given),
            Err(fault) => {
                self.fault(take, fault, raw, source.path(take.slot), place.pointer(&take.target));
                Made::Broken
            }
        }
    }

    /// The value; `None` when the source has none; an error without a fault is a text that the crosswalk lacks.
    fn convert(&self, take: &Take, raw: Raw<'_>) -> Result<Option<Value>, Option<Fault>> {
        let (text, number) = match raw {
            Raw::Absent => return Ok(None),
            Raw::Text(text) => (text.trim(), false),
            Raw::Number(text) => (text, true),
            Raw::Nested(_) => return Err(Some(Fault::Nested)),
        };
        if text.is_empty() || self.context.zero.iter().any(|zero| zero == text) {
            return Ok(None);
        }
        if let Some(via) = &take.via {
            return match via.binary_search_by(|(known, _)| known.as_str().cmp(text)) {
                Ok(at) => Ok(Some(via[at].1.clone())),
                Err(_) => Err(None),
            };
        }
        take.converter.convert(text, number, take.round, &self.context.zone).map(Some).map_err(Some)
    }

    fn fault(&mut self, take: &Take, fault: Option<Fault>, raw: Raw<'_>, source: &str, target: String) {
        let expected = take.converter.expected();
        // A message goes to people who may not see persons, so it tells the shape: any field may hold a stray value.
        let found = match raw {
            Raw::Text(text) => format!("found text of {} characters", text.trim().chars().count()),
            Raw::Number(_) => "found a number".to_owned(),
            Raw::Nested(_) => "found a list or an object".to_owned(),
            Raw::Absent => "found nothing".to_owned(),
        };
        let (code, message) = match fault {
            None => ("E0304", format!("the crosswalk of this field has no such value; {found}")),
            Some(Fault::Form) => ("E0302", format!("expected {expected}; {found}")),
            Some(Fault::Precise) => ("E0303", format!("expected {expected} and no more decimals; {found}")),
            Some(Fault::Large) => ("E0302", format!("expected {expected} and fewer digits; {found}")),
            Some(Fault::Nul) => ("E0305", "a NUL character, which no store keeps".to_owned()),
            Some(Fault::Nested) => ("E0310", format!("expected {expected}; {found}")),
        };
        self.error(code, target, source, message);
    }

    fn error(&mut self, code: &str, target: String, source: &str, message: String) {
        self.errors.push(Reason { code: code.to_owned(), target, source: Some(source.to_owned()), message });
    }
}
