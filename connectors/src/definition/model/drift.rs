//! `drift:` – what is done about a source that gains, loses or changes a field.

/// `drift:` of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drift {
    /// A field that the first whole read did not have.
    pub added: Policy,
    /// A field that every record had, and that is not there any more.
    pub removed: Policy,
    /// A field whose values have a form that they never had.
    pub retyped: Policy,
    /// New fields, with all below them, that nobody needs to hear of.
    pub known: Vec<String>,
}

/// What is done about one sort of drift.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Policy {
    /// Nothing.
    Ignore,
    /// It is told, and the read goes on.
    #[default]
    Warn,
    /// It is told, and the records that have it wait in quarantine.
    Quarantine,
    /// The run ends before anything of the record is published.
    Stop,
}

impl Policy {
    /// By their names in a file.
    pub const NAMES: [(&'static str, Self); 4] =
        [("ignore", Self::Ignore), ("warn", Self::Warn), ("quarantine", Self::Quarantine), ("stop", Self::Stop)];

    /// Whether each record has to be looked at before it is published.
    pub const fn is_strict(self) -> bool {
        matches!(self, Self::Quarantine | Self::Stop)
    }
}

impl Drift {
    /// Whether `known` names this field, or one that holds it.
    pub fn is_known(&self, path: &str) -> bool {
        let below =
            |known: &str| path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        self.known.iter().any(|known| below(known))
    }
}
