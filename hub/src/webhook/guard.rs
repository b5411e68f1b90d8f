//! Where events may be sent: what an endpoint's address must be like, and what its name must lead to.
//!
//! The name is looked up once, by the connection itself, and what it leads to is judged then and there. So a name that
//! leads elsewhere a moment later leads nowhere.

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::address::{Closed, judge};

/// The longest address of an endpoint.
const MAX_URL_BYTES: usize = 2_048;
/// Of so many addresses of one name the rest is looked at but not tried.
const MOST_TRIED: usize = 8;

/// Ports of servers that are no web servers, and that take harm from what looks like a line of their own language.
/// Any other port may be a web server's. No allowed network opens them. To add one: in order.
const CLOSED_PORTS: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 138, 139, 143, 161, 179, 389, 427, 445, 465, 512, 513, 514, 515, 526,
    530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 873, 989, 990, 993, 995, 1433, 1434, 1521, 1719, 1720, 1723,
    1883, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 4369, 5060, 5061, 5432, 5433, 5671, 5672,
    5900, 6000, 6379, 6432, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 8883, 9042, 9092, 9200, 9300, 10250, 10255,
    11211, 15672, 25672, 27017, 50000,
];

/// What the installation lets events be sent to, besides the open internet over https.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Networks of which every address is open, such as a government's intranet.
    pub networks: Vec<IpNet>,
    /// Whether `http:` will do.
    pub may_be_http: bool,
}

/// How names become addresses.
#[derive(Clone, Default)]
pub enum Names {
    /// As the machine looks them up.
    #[default]
    System,
    /// As a function answers, for installations and tests that keep names of their own.
    By(Arc<dyn Fn(&str) -> Vec<IpAddr> + Send + Sync>),
}

/// Why nothing is sent to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Its address can never be used (E0640).
    #[error("the endpoint's address {0}")]
    Unusable(&'static str),
    /// Its address, or what its name leads to, is closed (E0641).
    #[error("the endpoint's address cannot be used: {0}")]
    Closed(#[from] Closed),
}

impl Error {
    /// The code that explains it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unusable(_) => "E0640",
            Self::Closed(_) => "E0641",
        }
    }
}

impl Policy {
    /// Reads an endpoint's address and judges all of it but what its name leads to.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub fn check(&self, text: &str) -> Result<Url, Error> {
        if text.len() > MAX_URL_BYTES {
            return Err(Error::Unusable("is longer than 2,048 bytes"));
        }
        if text.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
            return Err(Error::Unusable("holds white space or control characters"));
        }
        let url = Url::parse(text).map_err(|_| Error::Unusable("is no URL"))?;
        match url.scheme() {
            "https" => {}
            "http" if self.may_be_http => {}
            "http" => return Err(Error::Unusable("begins with `http:`, and only `https:` is allowed")),
            _ => return Err(Error::Unusable("does not begin with `https:`")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::Unusable("holds a user or a password; events are signed instead"));
        }
        if url.fragment().is_some() {
            return Err(Error::Unusable("holds a `#`, which is never sent"));
        }
        if url.port_or_known_default().is_none_or(|port| CLOSED_PORTS.contains(&port)) {
            return Err(Error::Unusable("has a port of servers that are no web servers"));
        }
        match url.host() {
            Some(Host::Ipv4(address)) => judge(address.into(), &self.networks)?,
            Some(Host::Ipv6(address)) => judge(address.into(), &self.networks)?,
            Some(Host::Domain(name)) if !name.trim_matches('.').is_empty() => {}
            _ => return Err(Error::Unusable("names no host")),
        }
        Ok(url)
    }

    /// Judges what a name leads to: one closed address closes all, for nobody can say which of them is meant.
    ///
    /// # Errors
    /// With the first that is closed.
    fn sift(&self, addresses: Vec<IpAddr>) -> Result<Vec<SocketAddr>, Closed> {
        for address in &addresses {
            judge(*address, &self.networks)?;
        }
        // The connection puts the URL's port in the place of none.
        Ok(addresses.into_iter().take(MOST_TRIED).map(|address| SocketAddr::new(address, 0)).collect())
    }
}

impl Names {
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        match self {
            Self::System => Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect()),
            Self::By(answer) => Ok(answer(name)),
        }
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::By(_) => "By(…)",
        })
    }
}

/// Looks names up for connections, and answers none that is closed.
pub(super) struct Guard {
    pub(super) policy: Arc<Policy>,
    pub(super) names: Names,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, names) = (Arc::clone(&self.policy), self.names.clone());
        Box::pin(async move {
            let addresses = names.look_up(name.as_str()).await?;
            if addresses.is_empty() {
                return Err("the name leads nowhere".into());
            }
            let open = policy.sift(addresses)?;
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}

/// Whether an error, or one that caused it, is that an address is closed.
pub(super) fn closed_by(error: &(dyn StdError + 'static)) -> Option<Closed> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(closed) = error.downcast_ref::<Closed>() {
            return Some(*closed);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
#[path = "guard/tests.rs"]
mod tests;
