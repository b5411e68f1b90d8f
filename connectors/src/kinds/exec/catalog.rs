//! A tap's catalog: what it can read, and which of it is selected.

use serde_json::{Map, Value, json};

/// A catalog in which one stream and what it needs are selected.
#[derive(Debug)]
pub(super) struct Selected {
    /// For the tap.
    pub(super) catalog: Value,
    /// Every name by which the tap may call the stream.
    pub(super) names: Vec<String>,
}

/// Selects a stream, by either of its names, and the streams beside it. `incremental`: from a state on, where the tap
/// can.
///
/// # Errors
/// When the catalog has no such stream; names those that it has.
pub(super) fn select(discovered: &str, stream: &str, beside: &[String], incremental: bool) -> Result<Selected, String> {
    let mut catalog: Value =
        serde_json::from_str(discovered).map_err(|error| format!("what the tap discovers is no catalog: {error}"))?;
    let Some(streams) = catalog.get_mut("streams").and_then(Value::as_array_mut) else {
        return Err("what the tap discovers is no catalog: it has no `streams`".to_owned());
    };
    let mut names = Vec::new();
    let mut known = Vec::new();
    let mut missing: Vec<&String> = beside.iter().collect();
    for entry in streams.iter_mut().filter_map(Value::as_object_mut) {
        let own: Vec<String> =
            ["tap_stream_id", "stream", "stream_alias"].iter().filter_map(|key| text(entry, key)).collect();
        known.extend(own.first().cloned());
        missing.retain(|name| !own.contains(name));
        let is_wanted = own.iter().any(|name| name == stream);
        mark(entry, is_wanted || own.iter().any(|name| beside.contains(name)), incremental);
        if is_wanted {
            names = own;
        }
    }
    let absent = if names.is_empty() { Some(stream) } else { missing.first().map(|name| name.as_str()) };
    match absent {
        None => Ok(Selected { catalog, names }),
        Some(absent) => {
            let help = crate::definition::report::suggestion(absent, known.iter().map(String::as_str));
            Err(format!(
                "the tap has no stream `{absent}`; {}",
                help.unwrap_or_else(|| "it has none at all".to_owned())
            ))
        }
    }
}

fn text(entry: &Map<String, Value>, key: &str) -> Option<String> {
    entry.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// Selects a stream in every way that taps look for, or takes it out.
fn mark(entry: &mut Map<String, Value>, selected: bool, incremental: bool) {
    if let Some(schema) = entry.get_mut("schema").and_then(Value::as_object_mut) {
        schema.insert("selected".to_owned(), json!(selected));
    }
    entry.insert("selected".to_owned(), json!(selected));
    let metadata = entry.entry("metadata").or_insert_with(|| json!([]));
    let Some(metadata) = metadata.as_array_mut() else { return };
    let is_root = |item: &Value| item.get("breadcrumb").and_then(Value::as_array).is_some_and(Vec::is_empty);
    if !metadata.iter().any(is_root) {
        metadata.push(json!({"breadcrumb": [], "metadata": {}}));
    }
    let mut by_key = None;
    for item in metadata.iter_mut() {
        let root = is_root(item);
        let Some(about) = item.get_mut("metadata").and_then(Value::as_object_mut) else { continue };
        let inclusion = about.get("inclusion").and_then(Value::as_str);
        if root || inclusion != Some("unsupported") {
            about.insert("selected".to_owned(), json!(selected));
        }
        if root && selected {
            let keys = about.get("valid-replication-keys").and_then(Value::as_array);
            let key = about.get("replication-key").cloned().or_else(|| keys.and_then(|keys| keys.first()).cloned());
            let method = if incremental && key.is_some() { "INCREMENTAL" } else { "FULL_TABLE" };
            // A tap that forces its way keeps it.
            if !about.contains_key("forced-replication-method") {
                about.insert("replication-method".to_owned(), json!(method));
                by_key = Some((method, key.filter(|_| incremental)));
            }
            if let Some((_, Some(key))) = &by_key {
                about.insert("replication-key".to_owned(), key.clone());
            }
        }
    }
    if let Some((method, key)) = by_key {
        entry.insert("replication_method".to_owned(), json!(method));
        if let Some(key) = key {
            entry.insert("replication_key".to_owned(), key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISCOVERED: &str = r#"{"streams": [
        {"tap_stream_id": "dbo-dpa", "stream": "dpa", "schema": {"type": "object"}, "metadata": [
            {"breadcrumb": [], "metadata": {"valid-replication-keys": ["updated_at"]}},
            {"breadcrumb": ["properties", "id"], "metadata": {"inclusion": "automatic"}},
            {"breadcrumb": ["properties", "blob"], "metadata": {"inclusion": "unsupported"}}]},
        {"tap_stream_id": "units", "stream": "units", "schema": {"type": "object"}},
        {"tap_stream_id": "rak", "stream": "rak", "schema": {"type": "object"}, "metadata": []}]}"#;

    #[test]
    fn the_stream_and_its_parents_are_selected_and_nothing_else() {
        let selected = select(DISCOVERED, "dpa", &["units".to_owned()], true).unwrap();

        assert_eq!(selected.names, ["dbo-dpa", "dpa"]);
        let streams = &selected.catalog["streams"];
        let marks: Vec<_> = (0..3).map(|at| (&streams[at]["selected"], &streams[at]["schema"]["selected"])).collect();
        let (yes, no) = (&json!(true), &json!(false));
        assert_eq!(marks, [(yes, yes), (yes, yes), (no, no)]);
        let metadata = &streams[0]["metadata"];
        assert_eq!(metadata[0]["metadata"]["selected"], true);
        assert_eq!(metadata[0]["metadata"]["replication-method"], "INCREMENTAL");
        assert_eq!(metadata[0]["metadata"]["replication-key"], "updated_at");
        assert_eq!(metadata[1]["metadata"]["selected"], true);
        assert_eq!(metadata[2]["metadata"].get("selected"), None, "what the tap cannot read stays out");
        assert_eq!(
            streams[1]["metadata"][0],
            json!({"breadcrumb": [], "metadata": {"selected": true, "replication-method": "FULL_TABLE"}})
        );
        assert_eq!(streams[2]["metadata"][0]["metadata"], json!({"selected": false}));
    }

    #[test]
    fn a_whole_read_is_asked_for_as_one() {
        let selected = select(DISCOVERED, "dbo-dpa", &[], false).unwrap();

        assert_eq!(selected.catalog["streams"][0]["metadata"][0]["metadata"]["replication-method"], "FULL_TABLE");
        assert_eq!(selected.catalog["streams"][0]["replication_method"], "FULL_TABLE");
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        assert!(select(DISCOVERED, "dbo-dpaa", &[], false).unwrap_err().contains("did you mean `dbo-dpa`"));
        assert!(select(DISCOVERED, "dpa", &["unit".to_owned()], false).unwrap_err().contains("no stream `unit`"));
        assert!(select("{}", "dpa", &[], false).unwrap_err().contains("no `streams`"));
        assert!(select("Traceback", "dpa", &[], false).is_err());
    }
}
