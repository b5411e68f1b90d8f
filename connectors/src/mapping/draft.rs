//! The tree of targets while a field table is being compiled.

use std::collections::BTreeMap;

use serde_json::Value;

use super::plan::{Node, Take};
use super::shape::Shape;
use super::slots::Slots;
use crate::definition::model::Field;
use crate::definition::report::Mark;
use crate::json::Path;

/// A node while the table is being read.
pub(super) enum Draft {
    Object(BTreeMap<String, Self>),
    Items(BTreeMap<usize, Self>, String, Mark),
    Each { list: usize, paths: Vec<Path>, map: BTreeMap<String, Self>, target: String },
    Made { answer: usize, shape: Shape, target: String },
    List(Take),
    Take(Take),
    Const(Value),
}

/// Puts a leaf into the tree; `false` when its target is there already, or holds another one.
pub(super) fn place(root: &mut BTreeMap<String, Draft>, field: &Field, draft: Draft) -> bool {
    let steps = field.target.steps();
    let Some((last, parents)) = steps.split_last() else { return false };
    let mut object = Cursor::Object(root);
    for (depth, step) in parents.iter().enumerate() {
        let numbered = steps.get(depth + 1).is_some_and(|next| next.bytes().all(|b| b.is_ascii_digit()));
        let fresh = if numbered {
            let target = Path::new(&steps[..=depth].join(".")).pointer();
            Draft::Items(BTreeMap::new(), target, field.mark)
        } else {
            Draft::Object(BTreeMap::new())
        };
        object = match object.entry(step, fresh) {
            Some(Draft::Object(fields)) => Cursor::Object(fields),
            Some(Draft::Items(items, ..)) => Cursor::Items(items),
            _ => return false,
        };
    }
    object.insert(last, draft)
}

/// Where the next step of a target goes.
enum Cursor<'a> {
    Object(&'a mut BTreeMap<String, Draft>),
    Items(&'a mut BTreeMap<usize, Draft>),
}

impl<'a> Cursor<'a> {
    fn entry(self, step: &str, fresh: Draft) -> Option<&'a mut Draft> {
        Some(match self {
            Self::Object(fields) => fields.entry(step.to_owned()).or_insert(fresh),
            Self::Items(items) => items.entry(step.parse().ok()?).or_insert(fresh),
        })
    }

    /// `false` when something is there.
    fn insert(self, step: &str, draft: Draft) -> bool {
        match self {
            Self::Object(fields) if !fields.contains_key(step) => fields.insert(step.to_owned(), draft).is_none(),
            Self::Items(items) => match step.parse() {
                Ok(place) if !items.contains_key(&place) => items.insert(place, draft).is_none(),
                _ => false,
            },
            Self::Object(_) => false,
        }
    }
}

/// The tree as it is applied.
pub(super) fn finish(fields: BTreeMap<String, Draft>) -> Vec<(String, Node)> {
    fields.into_iter().map(|(name, draft)| (name, node(draft))).collect()
}

fn node(draft: Draft) -> Node {
    match draft {
        Draft::Object(fields) => {
            let fields = finish(fields);
            let given: Option<serde_json::Map<String, Value>> = fields
                .iter()
                .map(
                    |(name, node)| {
                        if let Node::Const(value) = node { Some((name.clone(), value.clone())) } else { None }
                    },
                )
                .collect();
            // Nothing but constants is itself one; otherwise constants alone do not make an object.
            given.map_or(Node::Object(fields), |given| Node::Const(Value::Object(given)))
        }
        Draft::Items(items, target, _) => Node::Items { items: items.into_values().map(node).collect(), target },
        Draft::Each { list, paths, map, target } => {
            Node::Each { list, slots: Slots::new(paths), map: finish(map), target }
        }
        Draft::Made { answer, shape, target } => Node::Made { answer, shape, target },
        Draft::List(take) => Node::List(take),
        Draft::Take(take) => Node::Take(take),
        Draft::Const(value) => Node::Const(value),
    }
}
