//! Floors: what reading, copying and upserting the same rows costs without Muara and without any tool.

use std::hint::black_box;

use anyhow::{Result, ensure};
use futures_util::TryStreamExt as _;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgRow, PgTypeInfo, PgValueRef, Postgres};
use sqlx::{
    AssertSqlSafe, Connection as _, Decode, Executor as _, FromRow, PgConnection, Row as _, Type, ValueRef as _,
};

use crate::meter::{Client, Cost, Meter};
use crate::world::World;

/// Rows of one upsert; more gain nothing.
const BATCH: usize = 1_000;
/// Bytes of one message of a copy.
const PIECE: usize = 64 * 1024;

/// The columns of the legacy table and their types.
const COLUMNS: [(&str, &str); 22] = [
    ("id", "bigint"),
    ("fiscal_year", "int"),
    ("region_code", "text"),
    ("agency_code", "text"),
    ("agency_name", "text"),
    ("unit_code", "text"),
    ("unit_name", "text"),
    ("function_code", "text"),
    ("program_code", "text"),
    ("program_name", "text"),
    ("activity_code", "text"),
    ("activity_name", "text"),
    ("sub_activity_code", "text"),
    ("sub_activity_name", "text"),
    ("account_code", "text"),
    ("account_name", "text"),
    ("funding_source", "text"),
    ("description", "text"),
    ("amount", "numeric"),
    ("revised_amount", "numeric"),
    ("cash_plan", "json"),
    ("updated_at", "timestamptz"),
];

/// A row of the legacy table as a program would hold it.
#[expect(dead_code, reason = "what is read is not looked at")]
struct Line {
    id: i64,
    fiscal_year: i32,
    region_code: String,
    agency_code: String,
    agency_name: String,
    unit_code: String,
    unit_name: String,
    function_code: String,
    program_code: String,
    program_name: String,
    activity_code: String,
    activity_name: String,
    sub_activity_code: String,
    sub_activity_name: String,
    account_code: String,
    account_name: String,
    funding_source: String,
    description: Option<String>,
    amount: Wire,
    revised_amount: Wire,
    cash_plan: Wire,
    updated_at: Wire,
}

impl<'r> FromRow<'r, PgRow> for Line {
    fn from_row(row: &'r PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get(0)?,
            fiscal_year: row.try_get(1)?,
            region_code: row.try_get(2)?,
            agency_code: row.try_get(3)?,
            agency_name: row.try_get(4)?,
            unit_code: row.try_get(5)?,
            unit_name: row.try_get(6)?,
            function_code: row.try_get(7)?,
            program_code: row.try_get(8)?,
            program_name: row.try_get(9)?,
            activity_code: row.try_get(10)?,
            activity_name: row.try_get(11)?,
            sub_activity_code: row.try_get(12)?,
            sub_activity_name: row.try_get(13)?,
            account_code: row.try_get(14)?,
            account_name: row.try_get(15)?,
            funding_source: row.try_get(16)?,
            description: row.try_get(17)?,
            amount: row.try_get(18)?,
            revised_amount: row.try_get(19)?,
            cash_plan: row.try_get(20)?,
            updated_at: row.try_get(21)?,
        })
    }
}

/// A value as the wire has it: amounts, times and JSON, for which we want no further library.
struct Wire(#[expect(dead_code, reason = "what is read is not looked at")] Box<[u8]>);

impl Type<Postgres> for Wire {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("bytea")
    }

    fn compatible(_: &PgTypeInfo) -> bool {
        true
    }
}

impl<'r> Decode<'r, Postgres> for Wire {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(value.as_bytes()?.into()))
    }
}

fn names() -> String {
    COLUMNS.map(|(name, _)| name).join(", ")
}

/// The bare streaming read: every row into a struct.
pub(crate) async fn read_structs(world: &World) -> Result<Cost> {
    let mut source = PgConnection::connect(&world.source()).await?;
    let sql = format!("select {} from budget_line", names());
    let meter = Meter::start(world.servers, None).await;
    let mut count = 0;
    {
        let mut lines = sqlx::query_as::<_, Line>(AssertSqlSafe(sql)).fetch(&mut source);
        while let Some(line) = lines.try_next().await? {
            black_box(&line);
            count += 1;
        }
    }
    let cost = meter.end(Client::Own, 0.0);
    ensure!(count == world.rows, "{count} rows were read");
    source.close().await?;
    Ok(cost)
}

/// The same as texts, each cell looked at; what a reader costs that keeps numbers exact without knowing types.
pub(crate) async fn read_texts(world: &World) -> Result<Cost> {
    let mut source = PgConnection::connect(&world.source()).await?;
    let meter = Meter::start(world.servers, None).await;
    let mut count = 0;
    {
        let mut rows = sqlx::raw_sql("select * from budget_line").fetch(&mut source);
        while let Some(row) = rows.try_next().await? {
            for at in 0..row.len() {
                let cell = row.try_get_raw(at)?;
                black_box(if cell.is_null() { None } else { cell.as_str().ok() });
            }
            count += 1;
        }
    }
    let cost = meter.end(Client::Own, 0.0);
    ensure!(count == world.rows, "{count} rows were read");
    source.close().await?;
    Ok(cost)
}

/// An empty typed table with the key that an upsert needs.
async fn fresh_table(world: &World) -> Result<PgConnection> {
    let mut destination = PgConnection::connect(&world.destination()).await?;
    let columns = COLUMNS.map(|(name, kind)| format!("{name} {kind}")).join(", ");
    destination.execute("drop table if exists line").await?;
    let create =
        format!("create table line (source text not null, {columns}, row_hash bytea, primary key (source, id))");
    destination.execute(AssertSqlSafe(create)).await?;
    world.calm().await?;
    Ok(destination)
}

/// COPY out of one database into the other: what nothing can beat.
pub(crate) async fn copy(world: &World) -> Result<Cost> {
    let mut source = PgConnection::connect(&world.source()).await?;
    let mut destination = fresh_table(world).await?;
    let names = names();
    let (from, into) = (
        format!("copy (select 'src'::text, {names} from budget_line) to stdout (format binary)"),
        format!("copy line (source, {names}) from stdin (format binary)"),
    );
    let meter = Meter::start(world.servers, None).await;
    let mut copied = destination.copy_in_raw(&into).await?;
    {
        let mut pieces = source.copy_out_raw(&from).await?;
        let mut buffer = Vec::with_capacity(2 * PIECE);
        while let Some(piece) = pieces.try_next().await? {
            buffer.extend_from_slice(&piece);
            if buffer.len() >= PIECE {
                copied.send(&*buffer).await?;
                buffer.clear();
            }
        }
        copied.send(&*buffer).await?;
    }
    copied.finish().await?;
    let cost = meter.end(Client::Own, 0.0);
    world.compare("line").await?;
    Ok(cost)
}

/// Rows in batches of 1,000 through UNNEST, upserted by (source, id) where their hash differs.
pub(crate) async fn upsert(world: &World) -> Result<Cost> {
    let mut source = PgConnection::connect(&world.source()).await?;
    let mut destination = fresh_table(world).await?;
    // Plans made for an empty table must not outlive the first load.
    destination.execute("set plan_cache_mode = force_custom_plan").await?;
    let sql = upsert_sql();
    let meter = Meter::start(world.servers, None).await;
    {
        let mut rows = sqlx::raw_sql("select * from budget_line").fetch(&mut source).try_chunks(BATCH);
        while let Some(batch) = rows.try_next().await.map_err(|error| error.1)? {
            let mut columns: Vec<Vec<Option<String>>> = vec![Vec::with_capacity(BATCH); COLUMNS.len()];
            let mut hashes = Vec::with_capacity(BATCH);
            for row in &batch {
                let mut hasher = blake3::Hasher::new();
                for (at, column) in columns.iter_mut().enumerate() {
                    let cell = row.try_get_raw(at)?;
                    let text = if cell.is_null() {
                        None
                    } else {
                        Some(cell.as_str().map_err(|error| anyhow::anyhow!(error))?.to_owned())
                    };
                    hasher.update(&[u8::from(text.is_some())]);
                    hasher.update(text.as_deref().unwrap_or_default().as_bytes());
                    column.push(text);
                }
                hashes.push(hasher.finalize().as_bytes()[..16].to_vec());
            }
            let statement = columns.into_iter().fold(sqlx::query(AssertSqlSafe(sql.clone())), sqlx::query::Query::bind);
            statement.bind(hashes).execute(&mut destination).await?;
        }
    }
    let cost = meter.end(Client::Own, 0.0);
    world.compare("line").await?;
    Ok(cost)
}

fn upsert_sql() -> String {
    let names = names();
    let arrays: Vec<String> = (1..=COLUMNS.len()).map(|marker| format!("${marker}::text[]")).collect();
    let values = COLUMNS
        .map(|(name, kind)| if kind == "text" { format!("i.{name}") } else { format!("i.{name}::{kind}") })
        .join(", ");
    let updates: Vec<String> = COLUMNS.iter().skip(1).map(|(name, _)| format!("{name} = excluded.{name}")).collect();
    format!(
        "insert into line (source, {names}, row_hash) select 'src', {values}, i.row_hash \
         from unnest({}, ${}::bytea[]) as i ({names}, row_hash) on conflict (source, id) \
         do update set {}, row_hash = excluded.row_hash where line.row_hash is distinct from excluded.row_hash",
        arrays.join(", "),
        COLUMNS.len() + 1,
        updates.join(", ")
    )
}
