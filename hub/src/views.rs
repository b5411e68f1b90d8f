//! Read models as people see them: figures in, answers out. Pure.

pub mod absorption;
pub mod replay;
