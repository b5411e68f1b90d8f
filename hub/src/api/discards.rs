//! `quarantine/discards`: entries that somebody has looked at and does not want.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::app::App;
use super::auth::Called;
use super::given::Given;
use super::params::{NoQuery, Params};
use super::problem::{Body, Problem, Refusals};
use crate::store::discards::{self, Outcome, Wish};

/// How many entries are discarded at once at most.
const MAX_ENTRIES: usize = 500;
/// The longest reason, in letters.
const MAX_REASON: usize = 500;

/// Which entries, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DiscardRequest)]
pub struct Asked {
    /// Their numbers, 1 to 500.
    #[schema(example = json!([17, 18]))]
    pub entries: Vec<i64>,
    /// Why, 1 to 500 letters; it is kept with who discards and when. Name no person in it.
    #[schema(example = "A test record of the vendor")]
    pub reason: String,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Discards {
    /// How many entries are discarded now.
    pub discarded: u64,
    /// How many were closed already.
    pub closed_before: u64,
}

/// Discards open entries, all of them or none. The same raw record does not come up again until it changes.
#[utoipa::path(
    post,
    path = "/quarantine/discards",
    tag = "quarantine",
    operation_id = "quarantine_discard",
    request_body = Asked,
    responses(
        (status = 200, description = "They are discarded.", body = Discards),
        (status = 404, description = "One of them is not there, or not for this key (E0605); nothing was done.", body = Body, content_type = "application/problem+json"),
        (status = 409, description = "One of them is being replayed (E0625); nothing was done.", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn discard(
    State(app): State<App>,
    Called(caller): Called,
    _none: Params<NoQuery>,
    Given(asked): Given<Asked>,
) -> Result<Json<Discards>, Problem> {
    let reason = asked.reason.trim();
    if reason.is_empty() || reason.chars().count() > MAX_REASON || reason.contains('\0') {
        return Err(Problem::body(format!("`reason` has 1 to {MAX_REASON} letters")));
    }
    let mut entries = asked.entries;
    entries.sort_unstable();
    entries.dedup();
    if !(1..=MAX_ENTRIES).contains(&entries.len()) {
        return Err(Problem::body(format!("`entries` names 1 to {MAX_ENTRIES} entries")));
    }
    let by = caller.signature();
    let mut tx = app.db.write().await?;
    let wish = Wish { by: &by, reason };
    match discards::discard(&mut tx, &caller.viewer, &entries, wish, app.clock.now()).await? {
        Outcome::Unknown(_) => Err(Problem::not_found("quarantine entry")),
        Outcome::UnderWay(entry) => Err(Problem::under_way(entry)),
        Outcome::Done(discarded) => {
            tx.commit().await?;
            tracing::info!(target: "muara::audit", by, what = "discard", count = discarded, "quarantine entries were discarded");
            let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
            Ok(Json(Discards { discarded, closed_before: count.saturating_sub(discarded) }))
        }
    }
}
