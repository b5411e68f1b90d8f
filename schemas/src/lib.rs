//! What two processes of Muara must agree on.
//!
//! Read in this order: [`stream`] (who a record belongs to), [`page`] (what travels over the bus),
//! [`canonical`] (one value, one wire form, one hash), [`catalog`] (is it valid), [`bus`] (how it travels).
//! The JSON Schemas, their examples and the code lists are language-neutral files beside `src/`.

pub mod bus;
pub mod canonical;
pub mod catalog;
pub mod clock;
pub mod codes;
pub mod control;
pub mod events;
pub mod explain;
pub mod fault;
pub mod id;
pub mod message;
pub mod money;
pub mod page;
pub mod proof;
pub mod quantity;
pub mod random;
pub mod record;
pub mod stream;

pub use canonical::ContentHash;
pub use catalog::{Catalog, Violation};
pub use clock::{Clock, Moment};
pub use id::{RecordId, Secret};
pub use money::Rupiah;
pub use proof::Proof;
pub use quantity::Quantity;
pub use stream::StreamName;
