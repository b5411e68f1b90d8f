//! `schemas`: the record types and their JSON Schemas.

use axum::Json;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use muara_schemas::Catalog;
use muara_schemas::catalog::RecordType;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::auth::Called;
use super::list::List;
use super::params::{NoQuery, Params};
use super::problem::{Body, Problem, Refusals};
use crate::mask::is_about_persons;

/// A record type.
#[derive(Debug, Serialize, ToSchema)]
pub struct Schema {
    /// Its name.
    #[serde(rename = "type")]
    #[schema(example = "budget-line")]
    pub record_type: String,
    /// The schema's `$id`.
    pub id: String,
    /// One line.
    pub title: String,
    /// What one record is.
    pub description: String,
    /// Fields of the business key, in order.
    pub business_key: Vec<String>,
    /// Whether it has personal fields.
    pub has_personal_fields: bool,
    /// Whether it is about a person, so that its keys are personal data too.
    pub is_about_persons: bool,
    /// Digest of the schema with its shared definitions.
    pub digest: String,
    /// Where the schema itself is.
    pub href: String,
}

/// Every record type.
#[utoipa::path(
    get,
    path = "/schemas",
    tag = "schemas",
    operation_id = "schemas",
    responses((status = 200, description = "All record types; there is never a next page.", body = List<Schema>), Refusals)
)]
pub async fn all(Called(_caller): Called, _none: Params<NoQuery>) -> Json<List<Schema>> {
    Json(List { items: Catalog::embedded().iter().map(show).collect(), next: None })
}

/// The JSON Schema (2020-12) of a record type, or the shared definitions as `head`.
#[utoipa::path(
    get,
    path = "/schemas/{type}",
    tag = "schemas",
    operation_id = "schema",
    params(("type" = String, Path, description = "Record type, or `head`.", example = "budget-line")),
    responses(
        (status = 200, description = "The schema.", body = Object, content_type = "application/schema+json"),
        (status = 404, description = "There is no such record type (E0605).", body = Body, content_type = "application/problem+json"),
        Refusals
    )
)]
pub async fn one(
    Called(_caller): Called,
    Path(name): Path<String>,
    _none: Params<NoQuery>,
) -> Result<Response, Problem> {
    let catalog = Catalog::embedded();
    let schema = if name == "head" { Some(catalog.head()) } else { catalog.get(&name).map(RecordType::schema) };
    let schema = schema.ok_or_else(|| Problem::not_found("record type"))?;
    let headers = [(CONTENT_TYPE, "application/schema+json"), (CACHE_CONTROL, "private, max-age=300")];
    Ok((headers, schema.to_string()).into_response())
}

fn show(record_type: &RecordType) -> Schema {
    let text = |field: &str| record_type.schema().get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    Schema {
        record_type: record_type.name().to_owned(),
        id: text("$id"),
        title: text("title"),
        description: text("description"),
        business_key: record_type.business_key().to_vec(),
        has_personal_fields: record_type.has_personal_fields(),
        is_about_persons: is_about_persons(record_type.name()),
        digest: record_type.digest().to_owned(),
        href: format!("/api/v1/schemas/{}", record_type.name()),
    }
}
