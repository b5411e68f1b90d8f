//! One seeded regency and the simulated legacy systems that serve it.
//!
//! [`Demo::start`] opens everything in a folder and on local ports; [`Demo::definitions`] are the connector definitions
//! that read it, and [`Demo::truth`] is what the absorption view must say in the end.
//! The world itself is pure: the same seed and tick are the same regency on every machine.
#![doc = include_str!("../README.md")]

mod demo;
mod error;
mod folder;
mod systems;
mod truth;
mod world;

pub use demo::Demo;
pub use error::{Error, Result};
pub use truth::{Absorption, Broken, Count, Measure, Truth};
