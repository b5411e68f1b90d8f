//! The cookies of a session. They go to the system that gave them and nowhere else.

use reqwest::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};

use super::request::header;
use crate::definition::template::Filling;
use crate::kind::PullError;

/// More cookies than this has no session.
const MAX: usize = 50;

/// Cookies by name.
#[derive(Default)]
pub(super) struct Cookies(Vec<(String, String)>);

impl Cookies {
    /// Takes what an answer sets, and forgets what it takes back.
    pub(super) fn take(&mut self, answer: &HeaderMap) {
        for text in answer.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let mut parts = text.split(';');
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let (name, value) = (name.trim(), value.trim());
            let is_over = parts.filter_map(|part| part.split_once('=')).any(|(attribute, age)| {
                attribute.trim().eq_ignore_ascii_case("max-age") && age.trim().parse::<i64>().is_ok_and(|age| age <= 0)
            });
            self.0.retain(|(known, _)| known != name);
            if !is_over && self.0.len() < MAX {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// Adds them to a request.
    pub(super) fn put(&self, headers: &mut HeaderMap<HeaderValue>) -> Result<(), PullError> {
        if !self.0.is_empty() {
            let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.insert(COOKIE, header(COOKIE.as_str(), &Filling::secret(pairs.join("; ")))?);
        }
        Ok(())
    }

    /// Whether there is none.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_kept_exchanged_and_taken_back() {
        let mut cookies = Cookies::default();
        let mut answer = HeaderMap::new();
        for set in ["sesi=satu; Path=/; HttpOnly", "lain = dua", "tanpa", "basi=x; Max-Age=0"] {
            answer.append(SET_COOKIE, HeaderValue::from_static(set));
        }
        cookies.take(&answer);
        answer.clear();
        answer.append(SET_COOKIE, HeaderValue::from_static("sesi=tiga=3"));
        cookies.take(&answer);

        let mut headers = HeaderMap::new();
        cookies.put(&mut headers).unwrap();

        assert_eq!(headers[COOKIE], "lain=dua; sesi=tiga=3");
        answer.clear();
        answer.append(SET_COOKIE, HeaderValue::from_static("sesi=; max-age=-1"));
        answer.append(SET_COOKIE, HeaderValue::from_static("lain=; Max-Age=0"));
        cookies.take(&answer);
        assert!(cookies.is_empty());
    }
}
