//! Whole-system tests: the program as its users run it, over a real database and a real broker.

mod clients;
mod demo;
mod faults;
mod harness;
mod office;
mod provenance;
mod push;
mod reload;
mod samples;
mod separate;
mod subscribers;
