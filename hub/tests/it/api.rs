//! The API over HTTP, as an application meets it.

mod absorption;
mod changes;
mod described;
mod guard;
mod paging;
mod quarantine;
mod records;
mod replays;
mod scope;
mod sources;
mod stream;
mod subscriptions;
