//! Systems that call us. What they hand over runs through the chain like what is read; by itself such a source has
//! nothing to give.

use async_trait::async_trait;

use crate::definition::Stream;
use crate::kind::{Access, Cursor, Kind, OpenError, Page, PullError, Source};
use crate::raw::{Place, Raw};

/// The kind.
pub(super) struct Push;

impl Kind for Push {
    fn name(&self) -> &'static str {
        "push"
    }

    fn open(&self, stream: &Stream, access: &Access) -> Result<Box<dyn Source>, OpenError> {
        let address = format!("POST /api/v1/ingest/{}/{}", access.system.id, stream.name);
        Ok(Box::new(Awaited { address }))
    }
}

/// A source that has to be waited for.
struct Awaited {
    address: String,
}

#[async_trait]
impl Source for Awaited {
    async fn pull(&mut self, _cursor: &Cursor) -> Result<Page, PullError> {
        let why = format!("nothing is pulled from a system that pushes; it calls `{}`", self.address);
        Err(PullError::Failed { code: "E0271", why })
    }

    fn plan(&mut self, _from: Option<&str>) -> Vec<String> {
        vec![self.address.clone()]
    }
}

/// Records that were handed over; `list` is a JSON pointer to where they stood.
pub(crate) fn handed(records: Vec<Raw>, list: &str) -> Box<dyn Source> {
    Box::new(Handed { records, place: Place::list("push", list) })
}

struct Handed {
    records: Vec<Raw>,
    place: Place,
}

#[async_trait]
impl Source for Handed {
    async fn pull(&mut self, _cursor: &Cursor) -> Result<Page, PullError> {
        Ok(Page {
            total: None,
            checkpoint: None,
            gone: Vec::new(),
            records: std::mem::take(&mut self.records),
            place: self.place.clone(),
            first: 0,
            next: Cursor::At(String::new()),
            more: false,
            snapshot: true,
        })
    }

    fn plan(&mut self, _from: Option<&str>) -> Vec<String> {
        Vec::new()
    }
}
