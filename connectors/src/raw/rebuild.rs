//! A raw record out of the text that quarantine keeps, so that it is mapped again just as it was read.

use std::fmt;
use std::sync::Arc;

use muara_schemas::page::RawForm;
use serde::de::{Deserializer as _, MapAccess, Visitor};

use super::{Head, Raw};

/// Rebuilds raw records; rows with the columns of the one before share their head, as the rows of one read do.
#[derive(Debug, Default)]
pub struct Rebuild {
    head: Option<Arc<Head>>,
}

impl Rebuild {
    /// The raw record that [`Raw::to_text`] made this text of. JSON is taken byte for byte and may be malformed still.
    ///
    /// # Errors
    /// For a row whose text is not whole.
    pub fn raw(&mut self, text: String, form: RawForm) -> Result<Raw, serde_json::Error> {
        if form == RawForm::Json {
            return Ok(Raw::Json(text.into()));
        }
        let mut reader = serde_json::Deserializer::from_str(&text);
        let cells = reader.deserialize_map(Cells)?;
        reader.end()?;
        let is_same = |head: &&Arc<Head>| head.columns().names().iter().map(|name| &**name).eq(names(&cells));
        let head = self.head.as_ref().filter(is_same).cloned().unwrap_or_else(|| Head::new(names(&cells)));
        self.head = Some(head.clone());
        let mut row = head.row();
        cells.iter().for_each(|(_, cell)| row.push(cell.as_deref()));
        Ok(Raw::Row(row))
    }
}

fn names(cells: &[(String, Option<String>)]) -> impl Iterator<Item = &str> {
    cells.iter().map(|(name, _)| name.as_str())
}

/// The members of an object in their order: of two columns with one name both stay.
struct Cells;

impl<'a> Visitor<'a> for Cells {
    type Value = Vec<(String, Option<String>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row: texts under names")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut cells = Vec::new();
        while let Some(cell) = members.next_entry()? {
            cells.push(cell);
        }
        Ok(cells)
    }
}
