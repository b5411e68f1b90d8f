//! The connectors against real sources: SQLite, PostgreSQL, MariaDB, HTTP servers, CSV files and workbooks, with a small
//! hub at the other end of the bus.

mod catalog;
mod control;
mod crash;
mod cursors;
mod database;
mod drift;
mod each;
mod exec;
mod expressions;
mod files;
mod format;
mod http;
mod hub;
mod jq;
mod mysql;
mod outcome;
mod plan;
mod postgres;
mod preview;
mod push;
mod rehearsal;
mod reload;
mod replay;
mod rig;
mod samples;
#[path = "../../../tests/src/services.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with other tests, which use more of it")]
mod services;
mod sql;
mod sqlite;
mod survey;
