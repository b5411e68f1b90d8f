//! A list that a web service serves: rendered once, ordered, and paged without skipping or repeating.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::civil::DateTime;

/// One record as it goes out.
type Json = Arc<str>;

/// Results kept frozen at once; one more drops the oldest.
const FROZEN: usize = 16;

/// Rows by index, in the order of (updated, id).
///
/// A list is frozen when its first page is asked for, and later pages come out of the frozen one.
/// So a row that moves to the end between two pages is neither skipped nor seen twice; the next read has its new form.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    rows: Vec<Row>,
    order: BTreeSet<(DateTime, i64, usize)>,
    frozen: VecDeque<(Option<DateTime>, Vec<Json>)>,
}

#[derive(Debug, Clone)]
struct Row {
    id: i64,
    updated: DateTime,
    json: Json,
}

/// One page of a list.
pub(crate) struct Page {
    /// The records of the page.
    pub(crate) rows: Vec<Json>,
    /// The records of the whole list.
    pub(crate) total: usize,
}

impl Feed {
    /// Puts a row in its place, or a new one at the end; `index` is at most one past the last.
    pub(crate) fn put(&mut self, index: usize, id: i64, updated: DateTime, json: String) {
        let row = Row { id, updated, json: json.into() };
        if let Some(old) = self.rows.get(index) {
            self.order.remove(&(old.updated, old.id, index));
            self.rows[index] = row;
        } else {
            self.rows.push(row);
        }
        self.order.insert((updated, id, index));
    }

    /// A page, counted from 1, of the rows that changed at or after `since`.
    pub(crate) fn page(&mut self, since: Option<DateTime>, page: usize, limit: usize) -> Page {
        if page == 1 {
            self.frozen.retain(|(key, _)| *key != since);
        }
        if !self.frozen.iter().any(|(key, _)| *key == since) {
            let first = (since.unwrap_or(DateTime::MIN), i64::MIN, 0);
            let list = self.order.range(first..).map(|&(_, _, index)| Arc::clone(&self.rows[index].json)).collect();
            self.frozen.push_back((since, list));
            if self.frozen.len() > FROZEN {
                self.frozen.pop_front();
            }
        }
        let list = self.frozen.iter().find(|(key, _)| *key == since).map_or(&[][..], |(_, list)| list);
        let from = page.saturating_sub(1).saturating_mul(limit).min(list.len());
        let to = from.saturating_add(limit).min(list.len());
        Page { rows: list[from..to].to_vec(), total: list.len() }
    }

    /// Rows from a position on, in the order in which they were put; for lists that only grow.
    pub(crate) fn slice(&self, from: usize, limit: usize) -> Page {
        let from = from.min(self.rows.len());
        let to = from.saturating_add(limit).min(self.rows.len());
        Page { rows: self.rows[from..to].iter().map(|row| Arc::clone(&row.json)).collect(), total: self.rows.len() }
    }
}

/// Records as a JSON list.
pub(crate) fn list(rows: &[Json]) -> String {
    let length = rows.iter().map(|row| row.len() + 1).sum::<usize>();
    let mut text = String::with_capacity(length + 2);
    text.push('[');
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(row);
    }
    text.push(']');
    text
}
