//! From the bus to the people and applications.
//!
//! Read in this order: [`intake`] (the spine: what arrives, what is decided, what is stored), [`merge`] (pure),
//! [`store`] (both engines), [`reader`] and [`projector`] (everything downstream of the log), [`replay`] (out of
//! quarantine and in again), [`views`] (pure).

pub mod access;
pub mod api;
pub mod delivery;
pub mod digest;
pub mod event;
pub mod facts;
pub mod hub;
pub mod intake;
pub mod mask;
pub mod merge;
pub mod projector;
pub mod proof;
pub mod reader;
pub mod replay;
pub mod store;
pub mod subscriber;
pub mod subscribing;
pub mod subscription;
pub mod views;
pub mod webhook;

pub use hub::Hub;
