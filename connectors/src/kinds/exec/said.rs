//! What one line of a program's standard output says to whoever waits for the records of one stream.

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// A record of the stream, byte for byte.
    Record(Box<str>),
    /// The fields of the key of a record that is gone, as JSON.
    Gone(Box<str>),
    /// Where to go on, as JSON that only the program understands.
    State(Box<str>),
    /// The stream begins. `complete`: what follows is all that there is.
    Begin {
        /// Whether it is all that there is.
        complete: bool,
    },
    /// The stream is over.
    End {
        /// How many records it had.
        count: u64,
    },
    /// Files with the records of the stream.
    Files(Files),
    /// The program gives up.
    Trouble {
        /// What to do about it.
        class: Class,
        /// What happened.
        why: String,
    },
    /// Something that concerns other streams, or nobody.
    Aside,
    /// No message of the protocol, with the reason.
    Noise(String),
}

/// What to do about trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// A person has to mend the definition or the source.
    Config,
    /// It may pass.
    Transient,
    /// What came from the source is not what it should be.
    Data,
}

/// Files that hold records, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    /// Where they lie.
    pub(crate) paths: Vec<String>,
    /// Whether they are packed with gzip.
    pub(crate) gzip: bool,
}

/// The beginning of a line, for people; what looks like a value may be one of a person, so it is kept short.
pub(super) fn excerpt(line: &str) -> String {
    let shown: String = line.chars().take(40).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if shown.len() < line.len() { format!("{shown}…") } else { shown }
}
