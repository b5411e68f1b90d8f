//! Records broken on purpose: about fifty, each broken in its own way, none of which a guess could mend.
//!
//! A defect is an edit of the raw form of one row; the fact behind the row stays known to the world.
//! Which rows are broken, and how, stands in `defects/list.rs`.

mod list;

use super::agencies::Kind as AgencyKind;
use super::calendar::plus_minutes;
use super::money::Sen;
use super::payments::Status;
use super::{AgencyRow, Stream, World};

pub(crate) use list::plant;

/// The field by which an LRA line is known.
pub(crate) const LRA_KEY: &str = "id_realisasi";

/// What is wrong with the raw form; a path goes into objects and lists by dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edit {
    /// Another text stands there.
    Set(&'static str, &'static str),
    /// Nothing stands there: null, an empty cell, a missing field.
    Gone(&'static str),
    /// A text of so many characters stands there.
    Long(&'static str, usize),
    /// The row stands under the key of another row and says something else.
    Again,
}

/// What of a broken record can still be read for the absorption view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readable {
    /// Agency, year and amount.
    All,
    /// Everything but the amount.
    NoAmount,
    /// The amount, but not whose it is.
    NoAgency,
    /// The amount and whose, but not of which year.
    NoYear,
    /// The record has no amount of that kind.
    Nothing,
}

/// One broken record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defect {
    pub(crate) edit: Edit,
    pub(crate) readable: Readable,
    pub(crate) why: &'static str,
}

impl Defect {
    /// Whether the absorption sums hold the record in spite of its defect.
    pub(crate) fn measurable(&self) -> bool {
        matches!(self.readable, Readable::All | Readable::NoYear)
    }
}

struct Planter<'a> {
    world: &'a mut World,
}

impl Planter<'_> {
    /// Breaks the `nth` row that fits, or the last one when there are fewer; a row is broken once.
    fn row(
        &mut self,
        stream: Stream,
        nth: usize,
        fits: impl Fn(&World, usize) -> bool,
        edit: Edit,
        readable: Readable,
        why: &'static str,
    ) {
        let rows = self.world.count(stream);
        let fitting: Vec<usize> = (0..rows)
            .filter(|&row| fits(self.world, row) && !self.world.defects.contains_key(&(stream, row)))
            .collect();
        let Some(&row) = fitting.get(nth.min(fitting.len().saturating_sub(1))) else { return };
        let broken = if edit == Edit::Again { self.again(stream, row) } else { row };
        self.world.defects.insert((stream, broken), Defect { edit, readable, why });
    }

    /// Adds a second row under the key of the first, a little later and with another content; answers its place.
    fn again(&mut self, stream: Stream, row: usize) -> usize {
        let world = &mut *self.world;
        match stream {
            Stream::Dpa => {
                let mut line = world.lines[row].clone();
                line.amount += Sen::rupiah(1_000_000);
                line.updated = plus_minutes(line.updated, 30);
                world.lines.push(line);
            }
            Stream::Sp2d => {
                let mut payment = world.payments[row].clone();
                payment.amount += Sen::rupiah(500_000);
                if let Some(part) = payment.parts.first_mut() {
                    part.amount += Sen::rupiah(500_000);
                }
                payment.updated = plus_minutes(payment.updated, 30);
                debug_assert_eq!(payment.status, Status::Transferred);
                world.payments.push(payment);
            }
            Stream::Lra => {
                let mut line = world.lra.lines[row].clone();
                line.amount += Sen::rupiah(250_000);
                line.updated = plus_minutes(line.updated, 30);
                world.lra.lines.push(line);
            }
            Stream::Logs => {
                let mut entry = world.logs[row].clone();
                entry.minutes += 15;
                world.logs.push(entry);
            }
            // Only these four and the agencies have twins.
            _ => return row,
        }
        world.count(stream) - 1
    }

    /// Adds a row to the list of agencies: a copy of an agency under its own id, or under the same one.
    fn agency(&mut self, agency: usize, edit: Edit, readable: Readable, why: &'static str) {
        let first = self.world.agency_rows[agency].clone();
        let id = if edit == Edit::Again { first.id } else { 1_900 + first.id % 100 };
        self.world.agency_rows.push(AgencyRow { id, agency, updated: plus_minutes(first.updated, 30) });
        let row = self.world.agency_rows.len() - 1;
        self.world.defects.insert((Stream::Skpd, row), Defect { edit, readable, why });
    }

    /// Adds a line without an amount to the RBA, so that the others still add up to the lump.
    fn rba(&mut self, edit: Edit, readable: Readable, why: &'static str) {
        let hospital = self.world.agencies.iter().position(|agency| agency.kind == AgencyKind::Blud).unwrap_or(0);
        let Some(first) = self.world.rba.iter().find(|line| line.agency == hospital) else {
            return;
        };
        let line = super::RbaLine {
            code: first.code.replace("-51-001", "-51-999"),
            agency: hospital,
            account: first.account,
            text: "Cadangan kebutuhan mendesak".to_owned(),
            amount: Sen(0),
        };
        self.world.rba.push(line);
        self.world.defects.insert((Stream::Rba, self.world.rba.len() - 1), Defect { edit, readable, why });
    }
}
