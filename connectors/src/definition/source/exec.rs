//! `source:` and `read:` of kind exec.

use std::time::Duration;

use super::{is_clear, secret};
use crate::definition::model::{Exec, ExecRead, Protocol, Tree};
use crate::definition::node::{Node, Value};
use crate::definition::reference::Setting;
use crate::definition::walk::{Section, Walk};

/// Keys of `source:` and of `read:`.
pub(super) const SOURCE: &[&str] = &["command", "protocol", "config", "env", "legacy", "idle", "longest", "memory"];
pub(super) const READ: &[&str] = &["stream", "select"];

/// Where nothing is said: patience, and bytes of memory.
const IDLE: Duration = Duration::from_mins(5);
const LONGEST: Duration = Duration::from_hours(1);
const MEMORY_MIB: u64 = 2048;

/// Reads the keys of `source:`.
pub(super) fn source(walk: &Walk, section: &Section<'_, '_>) -> Exec {
    let command = section.need("command").map_or_else(Vec::new, |node| {
        let words: Vec<String> =
            walk.list(node, "command").iter().filter_map(|item| walk.text(item, "command")).collect();
        if words.is_empty() && matches!(node.value, Value::List(_)) {
            walk.cure(
                "E0105",
                section.place("command"),
                "`command` names no program",
                "write [tap-mssql] or [python3, ./baca.py]",
            );
        }
        words
    });
    let protocol = section.need("protocol").and_then(|node| {
        let text = walk.text(node, "protocol")?;
        let known = [("singer", Protocol::Singer), ("muara-jsonl", Protocol::Jsonl)];
        let found = known.iter().find(|(name, _)| *name == text).map(|(_, protocol)| *protocol);
        if found.is_none() {
            let report = walk.origin.report("E0108", node.mark, format!("no protocol is called `{text}`"));
            walk.push(report.nearest(&text, known.iter().map(|(name, _)| *name)));
        }
        found
    });
    let config = section.take("config").map_or_else(|| Tree::Object(Vec::new()), |node| tree(walk, node, "config"));
    let env = section.take("env").map_or_else(Vec::new, |node| {
        let entries = walk.entries(node, "env").iter();
        let entry = |(name, mark, node): &(String, _, Node)| {
            let setting = walk.setting(node, name)?;
            if setting.plain().is_some_and(|text| is_clear(name, text)) {
                secret(walk, *mark, name);
            }
            Some((name.clone(), setting))
        };
        entries.filter_map(entry).collect()
    });
    let legacy = section.take("legacy").is_some_and(|node| match &node.value {
        Value::Scalar(text, true) if text == "true" || text == "false" => text == "true",
        _ => {
            walk.cure(
                "E0108",
                node.mark,
                "`legacy` is true or false",
                "write `legacy: true` for a tap that does not know `--catalog`",
            );
            false
        }
    });
    let duration = |key, default| {
        let node: Option<&Node> = section.take(key);
        node.and_then(|node| walk.duration(node, key, Duration::from_millis(100))).unwrap_or(default)
    };
    let (idle, longest) = (duration("idle", IDLE), duration("longest", LONGEST));
    let memory = section.take("memory").and_then(|node| walk.number(node, "memory", 16, 1 << 20)).unwrap_or(MEMORY_MIB);
    let protocol = protocol.unwrap_or(Protocol::Singer);
    if protocol == Protocol::Jsonl && section.has("legacy") {
        walk.cure("E0111", section.place("legacy"), "`legacy` belongs to `protocol: singer`", "take it out");
    }
    Exec { command, protocol, config, env, legacy, idle, longest, memory: memory << 20 }
}

/// A tree of values, with references where a table has one key that names one.
fn tree(walk: &Walk, node: &Node, name: &str) -> Tree {
    match &node.value {
        Value::Map(entries) if matches!(entries.as_slice(), [(key, ..)] if ["env", "file", "cmd"].contains(&key.as_str())) => {
            Tree::Setting(walk.setting(node, name).unwrap_or(Setting::Plain(String::new())))
        }
        Value::Map(entries) => Tree::Object(
            entries
                .iter()
                .map(|(key, mark, node)| {
                    let below = tree(walk, node, key);
                    if matches!(&node.value, Value::Scalar(text, _) if is_clear(key, text)) {
                        secret(walk, *mark, key);
                    }
                    (key.clone(), below)
                })
                .collect(),
        ),
        Value::List(items) => Tree::List(items.iter().map(|item| tree(walk, item, name)).collect()),
        Value::Null | Value::Scalar(..) => Tree::Value(node.json()),
    }
}

/// Reads the keys of `read:`.
pub(super) fn read(walk: &Walk, section: &Section<'_, '_>) -> Option<ExecRead> {
    let stream = section.need("stream").and_then(|node| walk.text(node, "stream"));
    let select = section.take("select").map_or_else(Vec::new, |node| {
        walk.list(node, "select").iter().filter_map(|item| walk.text(item, "select")).collect()
    });
    Some(ExecRead { stream: stream?, select })
}
