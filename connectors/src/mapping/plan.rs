//! A field table after compilation: nothing is looked up by name any more.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use muara_schemas::catalog::RecordType;
use serde_json::Value;

use super::Crosswalk;
use super::converter::Converter;
use super::shape::Shape;
use super::slots::Slots;
use crate::jq::Program;

/// How the records of one stream are mapped. Made by [`Table::compile`], used by [`Table::apply`].
pub struct Table {
    pub(super) record_type: &'static RecordType,
    pub(super) slots: Slots,
    pub(super) root: Vec<(String, Node)>,
    /// Conditions of `where:`, after the slots of the fields.
    pub(super) filter: Vec<(usize, Vec<String>)>,
    /// The expression of `where:`.
    pub(super) condition: Option<Program>,
    /// Which source each target of the record itself is taken from, for reasons.
    pub(super) origins: Vec<(String, String)>,
    /// The expressions of the fields, by number.
    pub(super) programs: Vec<Program>,
    pub(super) context: Context,
}

/// What every field of a table shares.
pub(super) struct Context {
    /// Texts that mean absent.
    pub(super) zero: Box<[String]>,
    /// Zone of dates and times without an offset.
    pub(super) zone: TimeZone,
}

/// One node of the target.
pub(super) enum Node {
    /// An object, its fields sorted by name.
    Object(Vec<(String, Node)>),
    /// A list whose items are named one by one: `months.0`, `lines.0.account`.
    Items { items: Vec<Node>, target: String },
    /// A nested list, item by item.
    Each { list: usize, slots: Slots, map: Vec<(String, Node)>, target: String },
    /// A list of single values.
    List(Take),
    /// A single value.
    Take(Take),
    /// A list or an object that an expression makes whole.
    Made { answer: usize, shape: Shape, target: String },
    /// Always the same.
    Const(Value),
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// A path of the record, by its slot.
    Slot(usize),
    /// What an expression gave, by its number.
    Answer(usize),
}

/// A crosswalk, its values in the form of the target.
pub(super) enum Via {
    /// Sorted by source text.
    Inline(Box<[(String, Value)]>),
    /// A list, what its values become, and the slot of the day.
    List { list: Arc<Crosswalk>, values: BTreeMap<Box<str>, Value>, on: Option<usize> },
}

/// A single value, or the items of a list of such.
pub(super) struct Take {
    pub(super) input: Input,
    pub(super) converter: Converter,
    pub(super) round: bool,
    pub(super) via: Option<Via>,
    pub(super) default: Option<Value>,
    /// JSON pointer of the target, within the item of the innermost `each:`.
    pub(super) target: String,
}

impl Table {
    /// The expression of `where:`, whose answer [`Table::selects`] takes.
    pub const fn condition(&self) -> Option<&Program> {
        self.condition.as_ref()
    }

    /// The expressions of the fields, whose answers [`Table::apply`] takes in this order.
    pub fn programs(&self) -> &[Program] {
        &self.programs
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("type", &self.record_type.name()).finish_non_exhaustive()
    }
}
