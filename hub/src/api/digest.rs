//! `digest`: do two installations show the same?

use axum::Json;
use axum::extract::State;
use muara_schemas::StreamName;
use serde::Serialize;
use utoipa::ToSchema;

use super::app::App;
use super::auth::Called;
use super::params::{NoQuery, Params};
use super::problem::{Problem, Refusals};
use crate::digest::reading::{self, Reading, Standing};

/// The digest of the view, and what it is worth.
#[derive(Debug, Serialize, ToSchema)]
pub struct Digest {
    /// BLAKE3 over the live records (region, system, stream, key, content hash), sorted, and the rows of the totals; 64
    /// hex digits. Engines, buses, ids and times do not matter to it.
    #[schema(min_length = 64, max_length = 64)]
    pub digest: String,
    /// Live records.
    pub records: u64,
    /// Rows of the totals.
    pub totals: u64,
    /// Where the log stood.
    #[schema(example = "0a1b2c3d-4711")]
    pub log_head: String,
    /// Whether nothing moved meanwhile, the read models are up to the log, and no proof is being repaired. Only settled
    /// digests are worth comparing.
    pub settled: bool,
    /// Where the readers of the log stand.
    pub readers: Vec<Reader>,
    /// Streams whose proof is being repaired, as `region/system/stream`.
    pub repairing: Vec<String>,
}

/// A reader of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reader {
    /// Its name.
    #[schema(example = "totals")]
    pub name: String,
    /// Position up to which it has read.
    pub position: String,
    /// Changes that it has not read yet.
    pub lag: i64,
}

/// The digest of the whole view; only for keys that see all regions and agencies.
#[utoipa::path(
    get,
    path = "/digest",
    tag = "views",
    operation_id = "digest",
    responses((status = 200, description = "The digest.", body = Digest), Refusals)
)]
pub async fn read(
    State(app): State<App>,
    Called(caller): Called,
    _none: Params<NoQuery>,
) -> Result<Json<Digest>, Problem> {
    if caller.viewer.regions.is_some() || caller.viewer.agencies.is_some() {
        return Err(Problem::not_whole());
    }
    // One request reads, the others wait for it; as long as the log stands still nobody reads again.
    let mut last = app.digest.lock().await;
    let now = Standing::look(&app.db).await?;
    if let Some(known) = last.as_ref().filter(|known| known.settled && known.standing.is_same_view(&now)) {
        let settled = now.is_settled();
        return Ok(Json(show(&Reading { standing: now, settled, ..known.clone() })));
    }
    let reading = reading::read(&app.db).await?;
    let shown = show(&reading);
    *last = Some(reading);
    Ok(Json(shown))
}

fn show(reading: &Reading) -> Digest {
    let head = &reading.standing.head;
    let reader = |reader: &crate::store::readers::Reader| Reader {
        name: reader.name.clone(),
        position: head.position(reader.cursor),
        lag: (head.seq - reader.cursor).max(0),
    };
    Digest {
        digest: reading.view.digest.clone(),
        records: reading.view.records,
        totals: reading.view.totals,
        log_head: head.position(head.seq),
        settled: reading.settled,
        readers: reading.standing.readers.iter().map(reader).collect(),
        repairing: reading.standing.repairing.iter().map(StreamName::to_string).collect(),
    }
}
