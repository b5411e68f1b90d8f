//! One event to one endpoint: what is signed, where it may go, what the answer means and when it goes again.
//!
//! Whoever delivers holds a [`sender::Sender`], asks [`health::Health`] whether the endpoint may be tried, sends, and
//! then hands the [`sender::Attempt`] to [`schedule::judge`] (this event) and to [`health::Health::after`] (the
//! endpoint). Everything but [`sender`] and the looking up of names in [`guard`] is pure.

pub mod address;
pub mod guard;
pub mod health;
pub mod outcome;
pub mod schedule;
pub mod secret;
pub mod sender;
pub mod signature;
