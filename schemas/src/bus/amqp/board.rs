//! What is wrong at present, role by role, for `/readyz` and `doctor`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::Error;

/// The board on which each role hangs its trouble and takes it off again.
#[derive(Default)]
pub(super) struct Board(Mutex<Troubles>);

/// What keeps one publisher of letters from going on: the line, or what hangs on a board of its own, because the queue
/// of one subscriber is no trouble of the bus.
#[derive(Clone)]
pub(in crate::bus) struct Plight {
    pub(super) line: Arc<Board>,
    pub(super) role: &'static str,
    pub(super) own: Arc<Board>,
}

#[derive(Default)]
struct Troubles {
    count: u64,
    of: BTreeMap<String, (u64, Error)>,
}

impl Board {
    /// Hangs a trouble up and logs it, unless the same one hangs there already.
    pub(super) fn hang(&self, role: &str, error: Error) {
        let mut troubles = self.lock();
        if troubles.of.get(role).is_some_and(|(_, known)| *known == error) {
            return;
        }
        tracing::warn!(role, code = error.code(), cure = error.cure(), "{error}");
        troubles.count += 1;
        let count = troubles.count;
        troubles.of.insert(role.to_owned(), (count, error));
    }

    /// Takes a role's trouble off.
    pub(super) fn clear(&self, role: &str) {
        if self.lock().of.remove(role).is_some() {
            tracing::info!(role, "the bus works again");
        }
    }

    /// Takes a role off that is no more.
    pub(super) fn forget(&self, role: &str) {
        self.lock().of.remove(role);
    }

    /// The trouble of one role.
    pub(super) fn of(&self, role: &str) -> Option<Error> {
        self.lock().of.get(role).map(|(_, error)| error.clone())
    }

    /// The youngest trouble.
    pub(super) fn latest(&self) -> Option<Error> {
        self.lock().of.values().max_by_key(|(count, _)| *count).map(|(_, error)| error.clone())
    }

    /// A panic elsewhere leaves the map whole: every change to it is one step.
    fn lock(&self) -> MutexGuard<'_, Troubles> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plight {
    /// The trouble that has to end first.
    pub(in crate::bus) fn latest(&self) -> Option<Error> {
        self.line.of(self.role).or_else(|| self.own.latest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_youngest_trouble_is_told_until_it_is_taken_off() {
        let board = Board::default();
        assert_eq!(board.latest(), None);
        board.hang("consuming", Error::Closed);
        board.hang("publishing", Error::Expired);
        assert_eq!(board.latest(), Some(Error::Expired));
        assert_eq!(board.of("consuming"), Some(Error::Closed));
        board.clear("publishing");
        assert_eq!((board.latest(), board.of("publishing")), (Some(Error::Closed), None));
        board.clear("consuming");
        assert_eq!(board.latest(), None);
    }
}
