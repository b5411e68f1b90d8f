//! What has to be set before a definition can run, and what for.

use std::fmt::Write as _;

use crate::definition::model::{Auth, Body, Definition, Http, HttpRead, KeyPlace, Part, Read, SourceSpec};
use crate::definition::reference::{Reference, Setting};

/// The table of variables, files and commands, each with what it is for.
pub(super) fn needs(definition: &Definition, out: &mut String) {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for (setting, purpose) in purposes(definition) {
        let Setting::Reference(reference) = setting else { continue };
        let name = match reference {
            Reference::Env(name) => format!("environment variable `{name}`"),
            Reference::File(path) => format!("file `{path}`"),
            // A command may hold what it is meant to hide.
            Reference::Cmd(_) => "a command".to_owned(),
        };
        match found.iter_mut().find(|(known, _)| *known == name) {
            Some((_, purposes)) if purposes.contains(&purpose) => {}
            Some((_, purposes)) => purposes.push(purpose),
            None => found.push((name, vec![purpose])),
        }
    }
    if found.is_empty() {
        return;
    }
    out.push_str("\n| what it needs | what for |\n|---|---|\n");
    for (name, purposes) in found {
        let _ = writeln!(out, "| {name} | {} |", super::cell(&purposes.join("; ")));
    }
}

fn purposes(definition: &Definition) -> Vec<(&Setting, String)> {
    let mut found = match &*definition.source {
        SourceSpec::Http(http) => of_http(http),
        SourceSpec::Sql(sql) => {
            vec![(&sql.url, "the database, with a user who may only read".to_owned())]
        }
        SourceSpec::Files(files) => vec![(&files.folder, "the folder of the files".to_owned())],
        SourceSpec::Exec(exec) => {
            let told =
                exec.config.settings().into_iter().map(|setting| (setting, "what the program is told".to_owned()));
            told.chain(exec.env.iter().map(|(name, setting)| (setting, format!("the program's variable `{name}`"))))
                .collect()
        }
        SourceSpec::Push(push) => {
            push.tokens.iter().map(|token| (token, "a token that lets the system in, a secret".to_owned())).collect()
        }
    };
    for stream in &definition.streams {
        if let Read::Http(read) = &stream.read {
            found.extend(of_read(read));
        }
    }
    found
}

fn of_http(http: &Http) -> Vec<(&Setting, String)> {
    let mut found = vec![(&http.base_url, "where the system is, up to what all paths share".to_owned())];
    found.extend(of_auth(&http.auth));
    if let Some(tls) = &http.tls {
        let parts =
            [(&tls.cert, "our certificate"), (&tls.key, "its private key, a secret"), (&tls.ca, "the authority")];
        found.extend(parts.into_iter().filter_map(|(setting, what)| Some((setting.as_ref()?, what.to_owned()))));
    }
    found
        .extend(http.values.iter().map(|(name, setting)| (setting, format!("`{{{{{name}}}}}` in requests, a secret"))));
    found.extend(http.headers.iter().map(|(name, setting)| (setting, format!("the header `{name}`"))));
    found
}

fn of_auth(auth: &Auth) -> Vec<(&Setting, String)> {
    match auth {
        Auth::None => Vec::new(),
        Auth::Bearer(token) => vec![(token, "the bearer token, a secret".to_owned())],
        Auth::Basic { user, password } => {
            vec![(user, "the user".to_owned()), (password, "the user's password, a secret".to_owned())]
        }
        Auth::ApiKey { place: KeyPlace::Header(name) | KeyPlace::Query(name), value } => {
            vec![(value, format!("the key `{name}`, a secret"))]
        }
        Auth::OAuth2(oauth) => {
            let known = [(&oauth.token_url, "where tokens are handed out"), (&oauth.client_id, "who asks for a token")];
            let secrets = oauth.client_secret.iter().map(|setting| (setting, "the client's secret"));
            let consent = oauth.refresh_token.iter().map(|setting| (setting, "what a person's consent left, a secret"));
            let all = known.into_iter().chain(secrets).chain(consent);
            all.map(|(setting, what)| (setting, what.to_owned())).collect()
        }
        Auth::Login(steps) => steps
            .iter()
            .flat_map(|step| {
                step.headers.iter().map(|(name, setting)| (setting, name)).chain(of_body(step.body.as_ref()))
            })
            .map(|(setting, name)| (setting, format!("`{name}` of the login, a secret")))
            .collect(),
    }
}

fn of_read(read: &HttpRead) -> Vec<(&Setting, String)> {
    let query = read.query.iter().chain(&read.headers).map(|(name, setting)| (setting, name));
    query
        .chain(of_body(read.body.as_ref()))
        .map(|(setting, name)| (setting, format!("`{name}` of each request")))
        .collect()
}

/// The texts of a body with their names.
fn of_body(body: Option<&Body>) -> Vec<(&Setting, &String)> {
    match body {
        Some(Body::Form(fields)) => fields.iter().map(|(name, setting)| (setting, name)).collect(),
        Some(Body::Json(Part::Object(members))) => {
            let mut found = Vec::new();
            members.iter().for_each(|(name, part)| of_part(part, name, &mut found));
            found
        }
        _ => Vec::new(),
    }
}

fn of_part<'a>(part: &'a Part, name: &'a String, found: &mut Vec<(&'a Setting, &'a String)>) {
    match part {
        Part::Value(_) => {}
        Part::Text(setting) => found.push((setting, name)),
        Part::List(items) => items.iter().for_each(|item| of_part(item, name, found)),
        Part::Object(members) => members.iter().for_each(|(name, part)| of_part(part, name, found)),
    }
}
