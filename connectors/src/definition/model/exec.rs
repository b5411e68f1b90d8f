//! `kind: exec`: a program that reads the source and writes its records to standard output.

use std::time::Duration;

use crate::definition::reference::Setting;
use crate::json::Json;

/// A program of somebody else.
#[derive(Debug, Clone)]
pub struct Exec {
    /// The program and its arguments; no shell is between.
    pub command: Vec<String>,
    /// What it speaks.
    pub protocol: Protocol,
    /// What it is told: a tree whose leaves may be references.
    pub config: Tree,
    /// Variables of its environment, which has few others.
    pub env: Vec<(String, Setting)>,
    /// Whether a Singer tap is so old that it takes its catalog as `--properties`.
    pub legacy: bool,
    /// It is ended when it says nothing for so long.
    pub idle: Duration,
    /// It is ended when it takes longer in all.
    pub longest: Duration,
    /// Most bytes of memory that it may fill.
    pub memory: u64,
}

/// What a program speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// The messages of Singer taps.
    Singer,
    /// Our own lines of JSON.
    Jsonl,
}

/// A value of `config:`.
#[derive(Debug, Clone)]
pub enum Tree {
    /// As it stands.
    Value(Json),
    /// What stands elsewhere.
    Setting(Setting),
    /// A list.
    List(Vec<Tree>),
    /// An object.
    Object(Vec<(String, Tree)>),
}

/// `read:` of a stream that a program gives.
#[derive(Debug, Clone)]
pub struct ExecRead {
    /// What the program calls it.
    pub stream: String,
    /// Other streams that a tap has to read for it, such as its parents.
    pub select: Vec<String>,
}

impl Tree {
    /// Every text that may be a reference.
    pub fn settings(&self) -> Vec<&Setting> {
        match self {
            Self::Value(_) => Vec::new(),
            Self::Setting(setting) => vec![setting],
            Self::List(items) => items.iter().flat_map(Self::settings).collect(),
            Self::Object(members) => members.iter().flat_map(|(_, tree)| tree.settings()).collect(),
        }
    }
}
