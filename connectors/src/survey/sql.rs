//! A look at a database: its tables and views, a primary key, and the first rows.

use super::{Found, Trouble, draft, slug, take, variable};
use crate::definition::Variables;
use crate::proposal::yaml;
use crate::raw::Raw;
use crate::runner::preview::Look;

/// Schemas of the databases themselves.
const OWN: &str = "('pg_catalog', 'information_schema', 'mysql', 'sys', 'performance_schema')";
/// Most tables that are named.
const NAMED: usize = 200;
/// The variable by which the address is handed to the kind; it stands in no file.
const ADDRESS: &str = "MUARA_LOOK_URL";

/// What the person said.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The address, or the name of the variable that holds it.
    pub url: &'a str,
    /// A table or view.
    pub table: Option<&'a str>,
    /// Id of the system, for names of variables.
    pub system: &'a str,
}

/// Looks at the database.
pub async fn look(wanted: Wanted<'_>, look: &Look) -> Result<Found, Trouble> {
    let given = wanted.url;
    let is_address = given.contains("://") || given.starts_with("sqlite:");
    let (url, needs) = match (is_address, given.starts_with("sqlite:")) {
        (_, true) => (yaml::quoted(given), Vec::new()),
        (true, _) => {
            let name = variable(wanted.system, "URL");
            (format!("{{env: {name}}}"), vec![name])
        }
        _ => (format!("{{env: {given}}}"), vec![given.to_owned()]),
    };
    let address = if is_address { given.to_owned() } else { look.variables.get(given).unwrap_or_default() };
    if address.is_empty() {
        return Err(Trouble::Failed(format!(
            "E0748: the variable {given} is not set, or this is no address of a database"
        )));
    }
    let variables: Variables = look.variables.clone().with(ADDRESS, address.clone());
    let look = Look { variables, ..look.clone() };
    let asking = vec!["kind: sql".to_owned(), format!("url: {{env: {ADDRESS}}}")];
    let table = match wanted.table {
        Some(table) => table.to_owned(),
        None => only_table(tables(&asking, &address, &look).await?)?,
    };
    let table = table.as_str();
    let read = format!("{{table: {}}}", yaml::scalar(table));
    let (records, asked) = take(&draft(&asking, &read, None)?, &look).await?;
    Ok(Found {
        source: vec!["kind: sql".to_owned(), format!("url: {url}")],
        key: primary_key(&asking, &address, table, &look).await,
        read,
        stream: slug(table.rsplit('.').next().unwrap_or(table)),
        names: vec![table.to_owned()],
        asked,
        needs,
        records: records.into_iter().map(|(_, raw)| raw).collect(),
        ..Found::default()
    })
}

/// The only table or view, which needs no asking.
fn only_table(mut tables: Vec<String>) -> Result<String, Trouble> {
    match tables.len() {
        0 => Err(Trouble::Failed("E0748: the database has no table or view that this user may see".to_owned())),
        1 => Ok(tables.remove(0)),
        _ => Err(Trouble::Choose { what: "table", among: tables }),
    }
}

/// Tables and views that the user may see, with their schema where that is not the usual one.
async fn tables(source: &[String], address: &str, look: &Look) -> Result<Vec<String>, Trouble> {
    let is_lite = address.starts_with("sqlite:");
    let read = if is_lite {
        "{table: sqlite_master, where: \"type in ('table', 'view') and name not like 'sqlite_%'\"}".to_owned()
    } else {
        format!("{{table: information_schema.tables, where: \"table_schema not in {OWN}\"}}")
    };
    let look = Look { most: NAMED, ..look.clone() };
    let (rows, _) = take(&draft(source, &read, None)?, &look).await?;
    let own =
        url::Url::parse(address).ok().map(|url| url.path().trim_start_matches('/').to_owned()).unwrap_or_default();
    let name = |(_, raw): &(u64, Raw)| {
        if is_lite {
            return cell(raw, "name");
        }
        let (schema, table) = (cell(raw, "table_schema")?, cell(raw, "table_name")?);
        Some(if schema == "public" || schema == own { table } else { format!("{schema}.{table}") })
    };
    let mut names: Vec<String> = rows.iter().filter_map(name).collect();
    names.sort();
    Ok(names)
}

/// The primary key, where the catalog tells it; a view has none.
async fn primary_key(source: &[String], address: &str, table: &str, look: &Look) -> Option<Vec<String>> {
    let name = table.replace('\'', "''");
    let bare = name.rsplit('.').next().unwrap_or(&name).to_owned();
    let (catalog, condition, column) = if address.starts_with("sqlite:") {
        ("pragma_table_info", format!("arg = '{bare}' and pk > 0"), "name")
    } else if address.starts_with("postgres") {
        let quoted: Vec<String> = name.split('.').map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
        let oid = format!("'{}'::regclass", quoted.join("."));
        let index = "exists (select 1 from pg_catalog.pg_index i where i.indrelid = attrelid and i.indisprimary and attnum = any(i.indkey))".to_string();
        ("pg_catalog.pg_attribute", format!("attrelid = {oid} and {index}"), "attname")
    } else {
        let schema = name.split_once('.').map_or_else(|| "database()".to_owned(), |(schema, _)| format!("'{schema}'"));
        (
            "information_schema.columns",
            format!("table_schema = {schema} and table_name = '{bare}' and column_key = 'PRI'"),
            "column_name",
        )
    };
    let read = format!("{{table: {catalog}, where: {}}}", yaml::quoted(&condition));
    let (rows, _) = take(&draft(source, &read, None).ok()?, look).await.ok()?;
    let columns: Vec<String> = rows.iter().filter_map(|(_, raw)| cell(raw, column)).collect();
    (!columns.is_empty()).then_some(columns)
}

/// A cell by the name of its column, in whatever letters the server writes it.
fn cell(raw: &Raw, column: &str) -> Option<String> {
    let Raw::Row(row) = raw else { return None };
    let at = row.head().columns().names().iter().position(|name| name.eq_ignore_ascii_case(column))?;
    row.cell(at).map(str::to_owned)
}
