//! A look at an API: where in its answer the list stands, and how it is paged.

use url::Url;

use super::{Found, Trouble, draft, slug, take, variable};
use crate::definition::is_secret_name;
use crate::json::{Json, Path};
use crate::proposal::yaml;
use crate::raw::Raw;
use crate::runner::preview::Look;
use crate::xml;

/// Lists may stand this deep.
const MAX_DEPTH: usize = 5;
/// A list that is shorter is not asked for its second page.
const LEAST: usize = 2;
/// Where answers give the address of the next page, its token, and how many records there are.
const LINKS: &[&str] =
    &["next", "links.next", "next_page_url", "meta.next", "_links.next.href", "paging.next", "links.next.href"];
const TOKENS: &[(&str, &str)] = &[
    ("meta.cursor", "meta.has_more"),
    ("meta.next_cursor", "meta.has_more"),
    ("next_cursor", "has_more"),
    ("cursor", "has_more"),
];
const TOTALS: &[&str] = &[
    "total",
    "meta.total",
    "meta.pagination.total",
    "pagination.total",
    "recordsFiltered",
    "recordsTotal",
    "totalRecords",
    "total_data",
    "data.total",
    "count",
];
/// Parameters by which servers page.
const PAGES: &[&str] = &["page", "halaman"];
const OFFSETS: &[&str] = &["offset", "start"];
const SIZES: &[&str] = &["limit", "per_page", "size", "length"];
/// The variables by which secrets are handed to the kind; they stand in no file.
const TOKEN: &str = "MUARA_LOOK_TOKEN";

/// What the person said.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The whole address of a list.
    pub url: &'a str,
    /// The variable that holds a bearer token.
    pub token_env: Option<&'a str>,
    /// Id of the system, for names of variables.
    pub system: &'a str,
}

/// Looks at the API.
pub async fn look(wanted: Wanted<'_>, look: &Look) -> Result<Found, Trouble> {
    let url = Url::parse(wanted.url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(url) = url else {
        return Err(Trouble::Failed(format!(
            "E0748: `{}` is no address that begins with http:// or https://",
            wanted.url.split('?').next().unwrap_or_default()
        )));
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Trouble::Failed(
            "E0748: a user and a password have no place in an address: write `auth:` by hand".to_owned(),
        ));
    }
    let mut asking = Asking::new(&url, wanted, look)?;
    let (records, asked) = asking.take("format: json, records: \"\"", None, true).await?;
    let Some(text) = records.first().and_then(|raw| raw.parse().ok()).and_then(|fields| match fields {
        crate::raw::Fields::Json(Json::Text(text)) => Some(text),
        _ => None,
    }) else {
        return Err(Trouble::Failed("E0748: the answer is empty".to_owned()));
    };
    let body = Body::of(&text).map_err(|why| Trouble::Failed(format!("E0748: {why}")))?;
    let (format, tree) = (body.format, body.tree);
    let list = tree.as_ref().and_then(longest);
    let records = match (&list, body.is_table) {
        (Some(list), _) => list.clone(),
        (None, true) => String::new(),
        (None, false) => return Err(Trouble::Failed("E0748: the answer holds no list of records".to_owned())),
    };
    let columns = tree.as_ref().and_then(|tree| columns(tree, &records)).unwrap_or_default();
    let mut how = format!("{format}{columns}");
    if tree.is_some() {
        how =
            format!("{how}, records: {}", if records.is_empty() { "\"\"".to_owned() } else { yaml::scalar(&records) });
    }
    let mut found = Found {
        stream: slug(
            url.path_segments().and_then(|mut all| all.next_back()).filter(|last| !last.is_empty()).unwrap_or("data"),
        ),
        names: vec![url.path().to_owned()],
        asked,
        ..Found::default()
    };
    let first = asking.take(&how, None, false).await?.0;
    found.page = match &tree {
        Some(tree) if format.contains("json") => paging(tree, &first, &how, &mut asking, &mut found.notes).await,
        _ => None,
    };
    found.records = match &found.page {
        Some(page) => asking.take(&how, Some(page), false).await.map_or(first, |taken| taken.0),
        None => first,
    };
    (found.source, found.read, found.needs) = asking.written(&how, wanted);
    Ok(found)
}

/// Requests to one address.
struct Asking {
    look: Look,
    base: String,
    path: String,
    /// Parameters with the value as YAML in the file, and in this look.
    query: Vec<(String, String, String)>,
    auth: Option<(String, String)>,
    needs: Vec<String>,
}

impl Asking {
    fn new(url: &Url, wanted: Wanted<'_>, look: &Look) -> Result<Self, Trouble> {
        let mut look = look.clone();
        let mut needs = Vec::new();
        let mut query = Vec::new();
        for (number, (name, value)) in url.query_pairs().enumerate() {
            let (name, value) = (name.into_owned(), value.into_owned());
            if is_secret_name(&name) {
                let (own, here) = (
                    variable(wanted.system, &slug(&name).to_uppercase().replace('-', "_")),
                    format!("MUARA_LOOK_{number}"),
                );
                look.variables.set(here.clone(), value);
                query.push((name, format!("{{env: {own}}}"), format!("{{env: {here}}}")));
                needs.push(own);
            } else if PAGES.iter().chain(OFFSETS).any(|page| *page == name) {
                // Where a read begins is for `page:` to say.
            } else {
                query.push((name, yaml::quoted(&value), yaml::quoted(&value)));
            }
        }
        let mut auth = None;
        if let Some(token) = wanted.token_env {
            let value = look.variables.get(token);
            let Some(value) = value else {
                return Err(Trouble::Failed(format!("E0748: the variable {token} is not set")));
            };
            look.variables.set(TOKEN, value);
            auth = Some((format!("auth: {{bearer: {{env: {token}}}}}"), format!("auth: {{bearer: {{env: {TOKEN}}}}}")));
            needs.push(token.to_owned());
        }
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        let base = format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default());
        Ok(Self { look, base, path: url.path().to_owned(), query, auth, needs })
    }

    fn source(&self, here: bool) -> Vec<String> {
        let mut source = vec!["kind: http".to_owned(), format!("base_url: {}", yaml::quoted(&self.base))];
        source.extend(self.auth.iter().map(|(own, look)| if here { look.clone() } else { own.clone() }));
        source
    }

    fn read(&self, how: &str, here: bool, more: Option<(&str, String)>) -> String {
        let mut query: Vec<String> = (self.query.iter())
            .filter(|(name, ..)| more.as_ref().is_none_or(|(other, _)| other != name))
            .map(|(name, own, look)| format!("{}: {}", yaml::scalar(name), if here { look } else { own }))
            .collect();
        query.extend(more.map(|(name, value)| format!("{}: {}", yaml::scalar(name), yaml::quoted(&value))));
        let query = if query.is_empty() { String::new() } else { format!(", query: {{{}}}", query.join(", ")) };
        format!("{{get: {}, {how}{query}}}", yaml::quoted(&self.path))
    }

    async fn take(&self, how: &str, page: Option<&str>, whole: bool) -> Result<(Vec<Raw>, Vec<String>), Trouble> {
        let mut definition = draft(&self.source(true), &self.read(how, true, None), page)?;
        if whole
            && let Some(crate::definition::model::Read::Http(read)) =
                definition.streams.first_mut().map(|stream| &mut stream.read)
        {
            read.format = crate::definition::model::Format::Whole;
        }
        let (records, asked) = take(&definition, &self.look).await?;
        Ok((records.into_iter().map(|(_, raw)| raw).collect(), asked))
    }

    /// The list with one parameter more; `None` when the server does not like it.
    async fn with(&self, how: &str, name: &str, value: usize) -> Option<Vec<String>> {
        let read = self.read(how, true, Some((name, value.to_string())));
        let (records, _) = take(&draft(&self.source(true), &read, None).ok()?, &self.look).await.ok()?;
        Some(records.iter().map(|(_, raw)| raw.to_text()).collect())
    }

    fn written(&self, how: &str, _: Wanted<'_>) -> (Vec<String>, String, Vec<String>) {
        let how = how.strip_prefix("format: json, ").unwrap_or(how);
        (self.source(false), self.read(how, false, None), self.needs.clone())
    }
}

/// What an answer is.
struct Body {
    format: String,
    tree: Option<Json>,
    is_table: bool,
}

impl Body {
    fn of(text: &str) -> Result<Self, String> {
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.starts_with(['{', '[']) {
            if let Ok(tree) = Json::parse(text.as_bytes()) {
                return Ok(Self { format: "format: json".to_owned(), tree: Some(tree), is_table: false });
            }
            return Ok(Self { format: "format: jsonl".to_owned(), tree: None, is_table: true });
        }
        if text.starts_with('<') {
            let tree = xml::parse(text.as_bytes(), None).map_err(|error| format!("the answer is no XML: {error}"))?;
            return Ok(Self { format: "format: xml".to_owned(), tree: Some(tree), is_table: false });
        }
        let head = text.lines().next().unwrap_or_default();
        let delimiter = [';', '\t', '|', ','].into_iter().max_by_key(|delimiter| head.matches(*delimiter).count());
        match delimiter.filter(|delimiter| head.contains(*delimiter)) {
            Some(',') => Ok(Self { format: "format: csv".to_owned(), tree: None, is_table: true }),
            Some(other) => {
                let format = format!("format: csv, delimiter: {}", yaml::quoted(&other.to_string()));
                Ok(Self { format, tree: None, is_table: true })
            }
            None => Err("the answer is neither JSON nor XML nor CSV".to_owned()),
        }
    }
}

/// The path of the longest list whose items are objects or lists; the answer itself has the empty path.
fn longest(tree: &Json) -> Option<String> {
    fn walk(at: &Json, path: &str, depth: usize, best: &mut Option<(usize, String)>) {
        match at {
            Json::List(items)
                if matches!(items.first(), Some(Json::Object(_) | Json::List(_)))
                    && best.as_ref().is_none_or(|(length, _)| items.len() > *length) =>
            {
                *best = Some((items.len(), path.to_owned()));
            }
            Json::Object(members) if depth < MAX_DEPTH => {
                for (name, value) in members {
                    let below = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
                    walk(value, &below, depth + 1, best);
                }
            }
            _ => {}
        }
    }
    let mut best = None;
    walk(tree, "", 0, &mut best);
    best.map(|(_, path)| path)
}

/// `columns` for records that are lists of cells.
fn columns(tree: &Json, records: &str) -> Option<String> {
    let first = tree.get(&Path::new(records))?.as_list()?.first()?.as_list()?;
    let names: Vec<String> = (1..=first.len()).map(|number| format!("kolom_{number}")).collect();
    Some(format!(", columns: [{}]", names.join(", ")))
}

/// `page:`, by what the answer says and what the server does when it is asked for more.
async fn paging(tree: &Json, first: &[Raw], how: &str, asking: &mut Asking, notes: &mut Vec<String>) -> Option<String> {
    let text = |path: &str| {
        tree.get(&Path::new(path)).and_then(Json::as_text).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let total = TOTALS
        .iter()
        .find(|path| text(path).is_some_and(|total| total.parse::<usize>().is_ok_and(|total| total >= first.len())));
    let total_key = total.map_or_else(String::new, |path| format!(", total: {{path: {path}}}"));
    let is_link =
        |path: &&&str| text(path).is_some_and(|link| link.starts_with("http") || link.starts_with(['/', '?']));
    if let Some(path) = LINKS.iter().find(is_link) {
        return Some(format!("{{by: link, next: {path}{total_key}}}"));
    }
    if let Some((path, more)) = TOKENS.iter().find(|(path, _)| text(path).is_some()) {
        let more = if text(more).is_some() { format!(", more: {more}") } else { String::new() };
        let size = size(first, how, asking).await;
        return Some(format!("{{by: cursor, param: cursor, next: {path}{more}{size}}}"));
    }
    let known = total.and_then(|path| text(path)?.parse::<usize>().ok());
    if first.len() < LEAST || known == Some(first.len()) {
        if known.is_none() {
            notes.push("Whether the list has further pages could not be told; add `page:` where it has.".to_owned());
        }
        return None;
    }
    let texts: Vec<String> = first.iter().map(Raw::to_text).collect();
    for (names, by, value) in [(PAGES, "page", 2), (OFFSETS, "offset", first.len())] {
        for name in names {
            // Another page has other records; a server that does not know the parameter gives the same again.
            let next = asking.with(how, name, value).await;
            if next.is_some_and(|next| !next.is_empty() && next.iter().all(|record| !texts.contains(record))) {
                let size = size(first, how, asking).await;
                let from = if by == "page" { ", from: 1" } else { "" };
                return Some(format!("{{by: {by}, param: {name}{from}{size}{total_key}}}"));
            }
        }
    }
    notes.push(
        "No further page was found by page, halaman, offset or start; add `page:` where the list has more.".to_owned(),
    );
    None
}

/// The parameter that sets the size of a page: the one by which a list of two can be had.
async fn size(first: &[Raw], how: &str, asking: &Asking) -> String {
    if first.len() <= LEAST {
        return String::new();
    }
    for name in SIZES {
        if asking.with(how, name, LEAST).await.is_some_and(|records| records.len() == LEAST) {
            return format!(", size: {{param: {name}, value: 100}}");
        }
    }
    String::new()
}
