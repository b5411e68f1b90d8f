//! What a viewer is told of a change of which he may see one side or both: pure.

use crate::store::feed::Change;

/// A change as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// `created`, `updated`, `deleted` or `erased`.
    pub op: String,
    /// `moved`, when the record only left what the viewer may see.
    pub reason: Option<&'static str>,
    /// The agency on the side that is told.
    pub agency: Option<String>,
    /// Whether the side before is told.
    pub before: bool,
    /// Whether the side after is told: body, pointer and year.
    pub after: bool,
}

/// Cuts a change to what may be seen. Whoever sees only what was, is told that the record is gone, and not where to;
/// whoever sees only what is, is told that it came, and not where from.
pub fn told(change: &Change) -> Told {
    let (before, after) = (change.sees_before == 1, change.sees_after == 1);
    let (op, reason, agency) = match (before, after) {
        (true, false) => ("deleted".to_owned(), Some("moved"), change.prev_agency.clone()),
        (false, true) if change.kind == "record" && change.op == "updated" => {
            ("created".to_owned(), None, change.agency.clone())
        }
        _ => (change.op.clone(), None, change.agency.clone()),
    };
    Told { op, reason, agency, before, after }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(op: &str, sees_before: i64, sees_after: i64) -> Change {
        Change { sees_before, sees_after, ..Change::blank("record", op) }
    }

    #[test]
    fn a_move_is_a_delete_on_one_side_and_a_create_on_the_other() {
        let left = told(&change("updated", 1, 0));
        assert_eq!((left.op.as_str(), left.reason, left.agency.as_deref()), ("deleted", Some("moved"), Some("old")));
        assert!(left.before && !left.after);
        let came = told(&change("updated", 0, 1));
        assert_eq!((came.op.as_str(), came.reason, came.agency.as_deref()), ("created", None, Some("new")));
        assert!(!came.before && came.after);
        let whole = told(&change("updated", 1, 1));
        assert_eq!((whole.op.as_str(), whole.reason), ("updated", None));
    }

    #[test]
    fn deletes_and_notes_stay_what_they_are() {
        assert_eq!(told(&change("deleted", 1, 1)).op, "deleted");
        assert_eq!(told(&change("created", 0, 1)).op, "created");
        let note = Change { kind: "run".into(), ..change("failed", 0, 1) };
        assert_eq!(told(&note).op, "failed");
    }
}
