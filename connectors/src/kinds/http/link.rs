//! Addresses that a source hands out for its next page.

use reqwest::header::{HeaderMap, LINK};
use url::Url;

use super::request::masked;
use crate::kind::PullError;

/// The address with `rel="next"` in the headers `Link` (RFC 8288).
pub(super) fn next(headers: &HeaderMap) -> Option<String> {
    headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).find_map(|mut text| {
        while let Some((address, rest)) = text.split_once('<').and_then(|(_, rest)| rest.split_once('>')) {
            // Parameters go on to the next address; quoted texts of links hold no `<` that matters here.
            let (parameters, more) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
            if is_next(parameters) {
                return Some(address.trim().to_owned());
            }
            text = more;
        }
        None
    })
}

fn is_next(parameters: &str) -> bool {
    let pairs = parameters.split([';', ',']).filter_map(|parameter| parameter.split_once('='));
    pairs.into_iter().any(|(name, value)| {
        let words = value.trim().trim_matches('"').split_ascii_whitespace();
        name.trim().eq_ignore_ascii_case("rel") && words.into_iter().any(|word| word.eq_ignore_ascii_case("next"))
    })
}

/// The whole address of a link that stood in the answer to `url`.
///
/// # Errors
/// When it leads to another host, port or scheme than the base address: our token would go there too.
pub(super) fn resolve(text: &str, url: &Url, base: &Url, shown: &str) -> Result<Url, PullError> {
    let mut link = url
        .join(text)
        .map_err(|error| PullError::malformed(format!("{shown} gives a next link that is no address: {error}"), ""))?;
    let of = |url: &Url| (url.username().to_owned(), url.password().map(str::to_owned));
    let is_ours = of(&link) == of(base) || of(&link) == (String::new(), None);
    if link.origin() != base.origin() || !is_ours {
        let mut to = masked(&link, &[]);
        to.set_query(None);
        let why = format!("{shown} gives a next link to {to}, which is not under `base_url`: it is not followed");
        return Err(PullError::Failed { code: "E0222", why });
    }
    let (user, password) = of(base);
    let _ = link.set_username(&user).and_then(|()| link.set_password(password.as_deref()));
    Ok(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found_among_others() {
        for (header, wanted) in [
            (r#"<https://a/x?page=2>; rel="next""#, Some("https://a/x?page=2")),
            (
                r#"<https://a/x?page=1>; rel="prev", <https://a/x?p=3,4>; rel="next"; title="n""#,
                Some("https://a/x?p=3,4"),
            ),
            (r"</x?page=2>;rel=next", Some("/x?page=2")),
            (r#"</last>; rel="last next""#, Some("/last")),
            (r#"</x>; rel="nextish""#, None),
            ("", None),
            ("<", None),
        ] {
            let headers = [(LINK, header.parse().unwrap())].into_iter().collect();
            assert_eq!(next(&headers).as_deref(), wanted, "{header}");
        }
    }

    #[test]
    fn a_link_is_followed_within_the_source_alone() {
        let [url, base] = ["https://a.id/v1/dpa?page=1", "https://a.id/v1/dpa"].map(|text| Url::parse(text).unwrap());
        let to = |text: &str| resolve(text, &url, &base, "u").map(String::from);
        assert_eq!(to("?page=2").unwrap(), "https://a.id/v1/dpa?page=2");
        assert_eq!(to("/v1/dpa/2").unwrap(), "https://a.id/v1/dpa/2");
        assert_eq!(to("https://a.id:443/x").unwrap(), "https://a.id/x");
        for elsewhere in [
            "http://a.id/x",
            "https://a.id:444/x",
            "//b.id/x",
            "https://u:rahasia@a.id/x",
            "file:///x",
            "http://10.0.0.1/",
        ] {
            let error = to(elsewhere).unwrap_err();
            assert_eq!(error.code(), "E0222", "{elsewhere}");
            assert!(!error.to_string().contains("rahasia"));
        }
        assert_eq!(to("http://").unwrap_err().code(), "E0203");
    }
}
