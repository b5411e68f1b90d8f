//! `kind: push`: who may hand records to us, and how much at once.

use super::http::Budget;
use crate::definition::reference::Setting;
use crate::json::Path;

/// The largest body that is taken where nothing is said.
pub const MAX_BODY: usize = 8 << 20;

/// A system that calls us.
#[derive(Debug, Clone)]
pub struct Push {
    /// Tokens that open the door, any of them: with two, one can be changed while the other is in use.
    pub tokens: Vec<Setting>,
    /// The largest body that is taken, in bytes and unpacked.
    pub max_body: usize,
    /// Requests that are taken per span, by all streams of the system together.
    pub budget: Option<Budget>,
}

/// `read:` of what is handed over.
#[derive(Debug, Clone)]
pub struct PushRead {
    /// Path of the list in a JSON body that is an object; the empty path is the body itself.
    pub records: Path,
}
