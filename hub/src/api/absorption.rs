//! `views/absorption`: budget against what was spent, per agency.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use muara_schemas::Rupiah;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::Called;
use super::list::{self, List};
use super::params::{self, Params};
use super::problem::{Body, Problem, Refusals};
use crate::store::{figures, head, streams, totals};
use crate::views::absorption::{self as view, Authority, Line};

/// The ledger of the regional budget; a BLUD's internal one is never added to it.
const LEDGER: &str = "apbd";

/// The absorption of one agency.
#[derive(Debug, Serialize, ToSchema)]
pub struct Absorption {
    /// Region.
    #[schema(example = "33.02")]
    pub region: String,
    /// Agency; `null` gathers what names none.
    #[schema(example = "1.02.0.00.0.00.01.0000")]
    pub agency: Option<String>,
    /// Budget at the stage that counts: the newest locked one.
    #[schema(value_type = String, example = "125000000000.00")]
    pub budget: Rupiah,
    /// SP2D of LS and GU that were transferred; without UP and TU, which are not spending yet.
    #[schema(value_type = String, example = "61250000000.50")]
    pub realized_sp2d: Rupiah,
    /// Realization by the LRA. It is never added to `realized_sp2d`.
    #[schema(value_type = String, example = "60100000000.00")]
    pub realized_lra: Rupiah,
    /// Whether nothing that waits in quarantine is known to belong to these figures. Look at `unplaced` too.
    pub complete: bool,
    /// What waits in quarantine and is therefore in none of the figures.
    pub not_counted: NotCounted,
    /// What somebody has discarded, with a reason.
    pub discarded: NotCounted,
}

/// Records in quarantine.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotCounted {
    /// How many.
    pub records: u64,
    /// Of how many of these the money could not be read.
    pub without_amount: u64,
    /// The money of the others.
    #[schema(value_type = String, example = "1250000.00")]
    pub amount: Rupiah,
}

/// Records in quarantine that name no agency or no year.
#[derive(Debug, Serialize, ToSchema)]
pub struct Unplaced {
    /// What waits.
    pub not_counted: NotCounted,
    /// What somebody has discarded.
    pub discarded: NotCounted,
}

/// A page of the view.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page {
    /// The agencies.
    #[serde(flatten)]
    pub list: List<Absorption>,
    /// What is in quarantine and names no agency or no year: nobody knows whose figures lack it. It is in no item.
    pub unplaced: Unplaced,
}

/// Which year.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Fiscal year.
    #[param(example = 2026)]
    fiscal_year: i64,
    /// Region, exactly.
    #[param(example = "33.02")]
    region: Option<String>,
    /// Where to go on: the `next` of the answer before.
    after: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
}

/// Budget, spending on SP2D and on LRA basis, and what is not counted, by region and agency.
///
/// Of two systems that hold the same fact one counts: the one that `authority` names, else the one of the lowest rank.
#[utoipa::path(
    get,
    path = "/views/absorption",
    tag = "views",
    operation_id = "absorption",
    params(Query),
    responses(
        (status = 200, description = "A page of agencies.", body = Page),
        (status = 410, description = "`after` is of an earlier log (E0609).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn page(
    State(app): State<App>,
    Called(caller): Called,
    params: Params<Query>,
) -> Result<Json<Page>, Problem> {
    let Params { query, question } = params;
    let limit = params::limit(query.limit)?;
    let fiscal_year = params::fiscal_year(query.fiscal_year)?;
    params::stream(query.region.as_deref(), None, None)?;
    let (viewer, region) = (&caller.viewer, query.region.as_deref());
    let mut tx = app.db.read().await?;
    let head = head::read(&mut tx).await?;
    let after = list::after(query.after.as_deref(), &head, question)?.map(place).transpose()?;
    let sums = figures::sums(&mut tx, viewer, fiscal_year, LEDGER, region).await?;
    let stages = figures::stages(&mut tx, viewer, fiscal_year).await?;
    let held = figures::not_counted(&mut tx, viewer, fiscal_year, region).await?;
    let streams = streams::all(&mut tx).await?;
    let decided = totals::authority(&mut tx).await?;
    drop(tx);
    let decided = decided.into_iter().filter(|(_, _, _, year, _)| *year == fiscal_year);
    let mut ranks = BTreeMap::new();
    for stream in streams.into_values() {
        let rank = ranks.entry((stream.name.region, stream.name.system)).or_insert(stream.rank);
        *rank = stream.rank.min(*rank);
    }
    let authority = Authority {
        decided: decided.map(|(kind, region, agency, _, system)| ((kind, region, agency), system)).collect(),
        ranks,
    };
    let view::View { lines, unplaced } = view::view(&sums, &stages, &held, &authority);
    let rest =
        lines.into_iter().filter(|line| after.as_ref().is_none_or(|after| key(line) > (&after.0, after.1.as_deref())));
    let page: Vec<Line> = rest.take(usize::try_from(limit + 1).unwrap_or(usize::MAX)).collect();
    let next = |last: &Line| list::place(&head, question, &printed(last));
    let list = List::cut(page, limit, next, show);
    let unplaced = Unplaced { not_counted: not_counted(unplaced.waiting), discarded: not_counted(unplaced.discarded) };
    Ok(Json(Page { list, unplaced }))
}

fn key(line: &Line) -> (&String, Option<&str>) {
    (&line.region, line.agency.as_deref())
}

/// Region, then `/` and the agency where there is one; no region holds a `/`.
fn printed(line: &Line) -> Vec<u8> {
    line.agency.as_ref().map_or_else(|| line.region.clone(), |agency| format!("{}/{agency}", line.region)).into_bytes()
}

fn place(bytes: Vec<u8>) -> Result<(String, Option<String>), Problem> {
    let text = String::from_utf8(bytes).map_err(|_| Problem::cursor())?;
    Ok(match text.split_once('/') {
        Some((region, agency)) => (region.to_owned(), Some(agency.to_owned())),
        None => (text, None),
    })
}

fn show(line: Line) -> Absorption {
    Absorption {
        region: line.region,
        agency: line.agency,
        budget: line.budget,
        realized_sp2d: line.realized_sp2d,
        realized_lra: line.realized_lra,
        complete: line.is_complete,
        not_counted: not_counted(line.aside.waiting),
        discarded: not_counted(line.aside.discarded),
    }
}

fn not_counted(what: view::NotCounted) -> NotCounted {
    NotCounted { records: what.records, without_amount: what.without_amount, amount: what.amount }
}
