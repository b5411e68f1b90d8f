//! Which user of the broker may write which systems: pure.

use std::collections::BTreeMap;

use muara_schemas::stream::StreamName;

/// User → what it may write, as (region, system); `*` stands for any. An empty table lets everybody write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Senders(BTreeMap<String, Vec<(String, String)>>);

impl Senders {
    /// Nobody is bound.
    pub const fn anybody() -> Self {
        Self(BTreeMap::new())
    }

    /// Whether everybody may write everything.
    pub fn is_open(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the user that the broker has verified may write the stream.
    pub fn permit(&self, user: Option<&str>, stream: &StreamName) -> bool {
        if self.is_open() {
            return true;
        }
        let fits = |pattern: &str, value: &str| pattern == "*" || pattern == value;
        user.and_then(|user| self.0.get(user)).is_some_and(|grants| {
            grants.iter().any(|(region, system)| fits(region, &stream.region) && fits(system, &stream.system))
        })
    }
}

impl FromIterator<(String, Vec<(String, String)>)> for Senders {
    fn from_iter<T: IntoIterator<Item = (String, Vec<(String, String)>)>>(table: T) -> Self {
        Self(table.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_writes_its_own_systems_and_no_others() {
        let grant = |region: &str, system: &str| (region.to_owned(), system.to_owned());
        let senders: Senders =
            [("a".to_owned(), vec![grant("33.02", "sipd")]), ("b".to_owned(), vec![grant("*", "simda")])]
                .into_iter()
                .collect();
        let (sipd, simda) = (StreamName::new("33.02", "sipd", "dpa"), StreamName::new("33.74", "simda", "dpa"));

        assert!(senders.permit(Some("a"), &sipd) && senders.permit(Some("b"), &simda));
        assert!(!senders.permit(Some("a"), &simda) && !senders.permit(Some("b"), &sipd));
        assert!(!senders.permit(Some("c"), &sipd) && !senders.permit(None, &sipd), "default deny");
        assert!(Senders::anybody().permit(None, &sipd));
    }
}
