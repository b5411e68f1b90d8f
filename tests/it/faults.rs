//! Tests that try to break the promises: nothing lost, nothing counted twice, whatever dies and whenever.

mod kill;
mod outage;
mod proof;
mod replay;
mod state;
