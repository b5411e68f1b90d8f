//! Places where a test may kill the process, to prove that nothing is lost there.
//!
//! Without the feature `failpoints` they compile to nothing. With it, `FAILPOINTS=intake.committed=3*off->return`
//! makes the fourth pass through that place the process's last.

/// The places, in the order in which a record passes them.
pub const POINTS: &[&str] = &[
    "run.begun",
    "page.pulled",
    "page.mapped",
    "page.published",
    "page.confirmed",
    "state.saving",
    "state.saved",
    "intake.delivered",
    "intake.locked",
    "intake.written",
    "intake.committed",
    "intake.acked",
    "reader.written",
    "reader.committed",
];

/// Dies here and now when the environment says so.
#[cfg(feature = "failpoints")]
pub fn point(name: &str) {
    fail::fail_point!(name, |_| std::process::abort());
}

/// Nothing, in a release.
#[cfg(not(feature = "failpoints"))]
pub const fn point(_name: &str) {}

/// Reads `FAILPOINTS` from the environment; call once at start.
#[cfg(feature = "failpoints")]
pub fn arm() {
    // The scenario must live as long as the process.
    std::mem::forget(fail::FailScenario::setup());
}

/// Nothing, in a release.
#[cfg(not(feature = "failpoints"))]
pub const fn arm() {}
