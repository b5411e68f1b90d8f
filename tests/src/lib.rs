//! What whole-system tests stand on: private servers, the program as a child process, and waiting with a deadline.
//!
//! [`services`] starts PostgreSQL and RabbitMQ once a test binary and ends them with it; [`Muara`] runs the program,
//! freezes it and kills it; [`wait_until`] waits for a condition instead of sleeping.

mod database;
mod ports;
mod program;
mod services;
mod waiting;

pub use ports::free_port;
pub use program::{Finished, Muara, Running};
pub use services::{Server, Services, services};
pub use waiting::{wait_telling, wait_until};
