//! The records that `each:` makes of one parent.

use super::Raw;
use crate::definition::model::{INDEX, PARENT};
use crate::json::{Json, write_text};

/// One record for each item: its members, its number, and what single values the parent has.
pub fn children(parent: &Json, items: &[Json]) -> Vec<Raw> {
    let mut tail = format!("\"{PARENT}\":");
    without_lists(parent).write(&mut tail);
    let child = |(index, item): (usize, &Json)| {
        let mut text = String::with_capacity(tail.len() + 64);
        text.push('{');
        match item {
            Json::Object(members) => {
                for (name, value) in members {
                    write_text(name, &mut text);
                    text.push(':');
                    value.write(&mut text);
                    text.push(',');
                }
            }
            single => {
                text.push_str("\"$item\":");
                single.write(&mut text);
                text.push(',');
            }
        }
        text.extend(["\"", INDEX, "\":", &index.to_string(), ",", &tail, "}"]);
        Raw::Json(text.into())
    };
    items.iter().enumerate().map(child).collect()
}

/// A parent without its lists: each of them may be the one that its records came from.
fn without_lists(parent: &Json) -> Json {
    match parent {
        Json::Object(members) => {
            let single = members.iter().filter(|(_, value)| !matches!(value, Json::List(_)));
            Json::Object(single.map(|(name, value)| (name.clone(), without_lists(value))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_its_items_members_and_its_parents_single_values() {
        let parent = Json::parse(br#"{"id":7,"rows":[{"x":1.50},"y"],"a":{"b":2,"c":[1]}}"#).unwrap();
        let items = parent.step("rows").and_then(Json::as_list).unwrap();
        let made: Vec<String> = children(&parent, items).iter().map(Raw::to_text).collect();
        assert_eq!(
            made,
            [
                r#"{"x":1.50,"$index":0,"$parent":{"id":7,"a":{"b":2}}}"#,
                r#"{"$item":"y","$index":1,"$parent":{"id":7,"a":{"b":2}}}"#
            ]
        );
    }
}
