//! Query parameters, strictly: unknown ones, doubled ones and malformed values are refused.

use axum::extract::{FromRequestParts, MatchedPath, Query};
use axum::http::request::Parts;
use muara_schemas::record::TYPES;
use muara_schemas::stream::{is_name, is_region};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::nearest::nearest;
use super::problem::Problem;

/// How many items a page has unless it is said.
pub(super) const DEFAULT_LIMIT: i64 = 100;
/// How many items a page has at most.
pub(super) const MAX_LIMIT: i64 = 500;
/// The longest value that is looked at, in bytes.
const MAX_VALUE_BYTES: usize = 600;

/// The query of a request. The parameters that exist are those that the description of `T` lists, and no others.
pub struct Params<T> {
    /// The values.
    pub query: T,
    /// What was asked, without how much and where to go on from; a place to go on from holds good for it alone.
    pub question: [u8; 4],
}

impl<T: DeserializeOwned + IntoParams, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Query(mut pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| Problem::parameter("the query is not of the form `name=value&name=value`"))?;
        let known: Vec<String> = T::into_params(|| None).into_iter().map(|parameter| parameter.name).collect();
        pairs.sort();
        for (at, (name, value)) in pairs.iter().enumerate() {
            if !known.contains(name) {
                return Err(Problem::unknown_parameter(name, nearest(name, known.iter().map(String::as_str))));
            }
            if pairs[..at].iter().any(|(before, _)| before == name) {
                return Err(Problem::doubled_parameter(name));
            }
            if value.len() > MAX_VALUE_BYTES {
                return Err(Problem::parameter(format!("`{name}` is longer than {MAX_VALUE_BYTES} bytes")));
            }
        }
        let Query(query) = Query::<T>::try_from_uri(&parts.uri)
            .map_err(|rejection| Problem::parameter(plain(&rejection.body_text())))?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str).as_bytes());
        for (name, value) in pairs.iter().filter(|(name, _)| name != "after" && name != "limit") {
            hasher.update(format!("\0{name}={value}").as_bytes());
        }
        let mut question = [0; 4];
        question.copy_from_slice(&hasher.finalize().as_bytes()[..4]);
        Ok(Self { query, question })
    }
}

/// The query of an address that takes no parameter.
#[derive(Debug, Deserialize, IntoParams)]
pub struct NoQuery {}

/// What the reader of values says, without its own preface.
fn plain(text: &str) -> String {
    text.rsplit_once("query string: ").map_or(text, |(_, rest)| rest).to_owned()
}

/// How many items are wanted.
pub(super) fn limit(given: Option<i64>) -> Result<i64, Problem> {
    let limit = given.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::parameter(format!("`limit` is a number from 1 to {MAX_LIMIT}")))
    }
}

/// A record type.
pub(super) fn record_type(given: Option<&str>) -> Result<(), Problem> {
    one_of("type", given, TYPES)
}

/// One of several words.
pub(super) fn one_of(name: &str, given: Option<&str>, words: &[&'static str]) -> Result<(), Problem> {
    match given {
        Some(word) if !words.contains(&word) => Err(Problem::parameter(match nearest(word, words.iter().copied()) {
            Some(near) => format!("`{name}` is not `{word}`; did you mean `{near}`?"),
            None => format!("`{name}` is one of: {}", words.join(", ")),
        })),
        _ => Ok(()),
    }
}

/// Region, system and stream have their forms.
pub(super) fn stream(region: Option<&str>, system: Option<&str>, stream: Option<&str>) -> Result<(), Problem> {
    if region.is_some_and(|code| !is_region(code)) {
        return Err(Problem::parameter("`region` is a code such as 33 or 33.02"));
    }
    for (name, value) in [("system", system), ("stream", stream)] {
        if value.is_some_and(|text| !is_name(text)) {
            return Err(Problem::parameter(format!("`{name}` is 1 to 40 of a-z, 0-9 and -, beginning with a letter")));
        }
    }
    Ok(())
}

/// A fiscal year.
pub(super) fn fiscal_year(given: i64) -> Result<i64, Problem> {
    if (2000..=2100).contains(&given) {
        Ok(given)
    } else {
        Err(Problem::parameter("`fiscal_year` is a year from 2000 to 2100"))
    }
}
