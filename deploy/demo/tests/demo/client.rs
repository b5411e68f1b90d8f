//! A running demo and a plain client for its two web services.

use muara_demo::Demo;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A demo that stands still in a folder of its own.
pub(crate) struct Town {
    pub(crate) demo: Demo,
    pub(crate) folder: TempDir,
    pub(crate) token: CancellationToken,
    client: Client,
}

impl Town {
    pub(crate) async fn new(seed: u64) -> Self {
        let folder = TempDir::new().unwrap();
        let token = CancellationToken::new();
        let demo = Demo::start(folder.path(), seed, true, token.clone()).await.unwrap();
        Self { demo, folder, token, client: Client::builder().no_proxy().build().unwrap() }
    }

    pub(crate) fn variable(&self, name: &str) -> &str {
        &self.demo.variables()[name]
    }

    /// One request as it is, with the token of the system or another one.
    pub(crate) async fn get(&self, system: &str, path: &str, bearer: Option<&str>) -> Response {
        let base = self.variable(&format!("MUARA_DEMO_{system}_URL"));
        let token = bearer.unwrap_or_else(|| self.variable(&format!("MUARA_DEMO_{system}_TOKEN")));
        self.client.get(format!("{base}{path}")).bearer_auth(token).send().await.unwrap()
    }

    /// One request, asked again as long as the service is busy; answers header total and body.
    pub(crate) async fn ask(&self, system: &str, path: &str) -> (Option<usize>, Value) {
        for _ in 0..3 {
            let response = self.get(system, path, None).await;
            let status = response.status();
            let total =
                response.headers().get("x-pagination-total-count").and_then(|value| value.to_str().ok()?.parse().ok());
            let text = response.text().await.unwrap();
            if status == StatusCode::TOO_MANY_REQUESTS || text == "Too Many Requests" {
                continue;
            }
            assert_eq!(status, StatusCode::OK, "{path}: {text}");
            return (total, serde_json::from_str(&text).unwrap());
        }
        panic!("{path} stays busy");
    }

    /// A whole list of SIPD.
    pub(crate) async fn sipd(&self, list: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        for page in 1.. {
            let (total, body) = self.ask("SIPD", &format!("/{list}?tahun=2026&page={page}&limit=1000")).await;
            let data = body["data"].as_array().unwrap();
            rows.extend(data.iter().cloned());
            if data.len() < 1000 {
                assert_eq!(Some(rows.len()), total, "{list}");
                break;
            }
        }
        rows
    }

    /// A whole list of the procurement gateway.
    pub(crate) async fn inaproc(&self, list: &str, limit: usize) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let (_, body) =
                self.ask("INAPROC", &format!("/{list}?kode_klpd=D902&tahun=2026&limit={limit}{cursor}")).await;
            rows.extend(body["data"].as_array().unwrap().iter().cloned());
            if body["meta"]["has_more"] == false {
                return rows;
            }
            cursor = format!("&cursor={}", body["meta"]["cursor"].as_str().unwrap());
        }
    }
}

/// A field as text; numbers come as text or as numbers.
pub(crate) fn text<'a>(row: &'a Value, field: &str) -> Option<&'a str> {
    row[field].as_str().filter(|text| !text.is_empty())
}

/// A plain amount in sen, by rules of its own: digits, at most two decimals.
pub(crate) fn sen(amount: &str) -> Option<i128> {
    let (sign, digits) = amount.strip_prefix('-').map_or((1, amount), |digits| (-1, digits));
    let (whole, cents) = digits.split_once('.').unwrap_or((digits, "00"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(cents) || cents.len() > 2 {
        return None;
    }
    Some(sign * (whole.parse::<i128>().ok()? * 100 + format!("{cents:0<2}").parse::<i128>().ok()?))
}

/// Sen in the wire form of money.
pub(crate) fn wire(sen: i128) -> String {
    format!("{}.{:02}", sen / 100, sen % 100)
}
