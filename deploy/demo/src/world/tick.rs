//! One tick: files move on, a report is corrected, a log is approved, a new payment comes in.
//!
//! A tick touches a handful of rows and says which; nothing is made anew.
//! Broken records never move: they are all chosen among rows that no tick touches.

use jiff::civil::DateTime;

use super::World;
use super::accounts::{ACCOUNTS, Class};
use super::calendar::moment_of;
use super::money::Sen;
use super::payments::{Kind, Part, Payment, Status};
use super::people::LogStatus;
use super::realization::PROBLEMS;
use super::rng::Rng;

/// A row that a tick touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    Payment(usize),
    Lra(usize),
    Progress(usize),
    Log(usize),
    Contract(usize),
}

/// Payments that ticks may add; after that the world only moves what it has, so that it cannot grow without end.
const MAX_NEW_PAYMENTS: i64 = 50_000;

impl World {
    /// Moves the world by one tick and names the rows that changed, each once.
    pub(crate) fn advance(&mut self) -> Vec<Change> {
        self.tick += 1;
        let now = moment_of(self.tick);
        let mut rng = Rng::for_tick(self.seed, self.tick);
        let mut changes = Vec::new();
        for _ in 0..2 {
            self.move_payment(now, &mut rng, &mut changes);
        }
        self.new_payment(now, &mut rng, &mut changes);
        self.correct_progress(now, &mut rng, &mut changes);
        self.decide_log(now, &mut rng, &mut changes);
        if self.tick.is_multiple_of(10) {
            self.hand_over(now, &mut rng, &mut changes);
        }
        changes.sort_unstable();
        changes.dedup();
        changes
    }

    fn move_payment(&mut self, now: DateTime, rng: &mut Rng, changes: &mut Vec<Change>) {
        let Some(at) = self.open.pop_front() else { return };
        let payment = &mut self.payments[at];
        payment.updated = now;
        changes.push(Change::Payment(at));
        match payment.status {
            Status::Submitted if rng.chance(4) => {
                payment.status = Status::Returned;
                payment.verified_at = Some(now);
                payment.reason = Some("Kuitansi belum lengkap");
                for part in &payment.parts {
                    self.left[part.post] += part.amount;
                }
            }
            Status::Submitted => {
                payment.status = Status::Spm;
                payment.verified_at.get_or_insert(now);
                payment.spm_at = Some(now);
                payment.received_at = Some(now);
                self.open.push_back(at);
            }
            Status::Spm | Status::Sp2d => {
                payment.status = Status::Transferred;
                payment.received_at.get_or_insert(now);
                payment.sp2d_at.get_or_insert(now);
                payment.transferred_at = Some(now);
                self.recognise(at, now, changes);
            }
            Status::Draft | Status::Returned | Status::Transferred | Status::Void => {}
        }
    }

    /// Adds a transferred payment to the sums and to the LRA lines of the month.
    fn recognise(&mut self, at: usize, now: DateTime, changes: &mut Vec<Change>) {
        let payment = &self.payments[at];
        if !payment.is_spending() {
            return;
        }
        let sums = &mut self.sums[payment.agency];
        sums.realized_sp2d += payment.amount;
        for part in &payment.parts {
            sums.realized_lra += part.amount;
            changes.push(Change::Lra(self.lra.post(part.post, now.month(), part.amount, now)));
        }
    }

    fn new_payment(&mut self, now: DateTime, rng: &mut Rng, changes: &mut Vec<Change>) {
        if self.next_payment >= 13_001 + MAX_NEW_PAYMENTS {
            return;
        }
        // Most posts fit; a few draws find one, and a tick without a new payment is no harm.
        for _ in 0..8 {
            let post = rng.below(self.posts.len());
            let amount = Sen::rupiah(rng.between(2, 50) * 50_000);
            let petty = ACCOUNTS[self.posts[post].account].class == Class::Petty;
            let procured = ACCOUNTS[self.posts[post].account].class == Class::Procured;
            if !(petty || procured) || self.left[post] < amount + self.posts[post].ceiling.share(1, 10) {
                continue;
            }
            self.left[post] -= amount;
            let (kind, what) =
                if petty { (Kind::Gu, "Ganti uang persediaan") } else { (Kind::LsGoods, "Pembayaran langsung") };
            let agency = self.posts[post].agency;
            let text = format!("{what} {}", ACCOUNTS[self.posts[post].account].name);
            let parts = vec![Part { post, amount }];
            self.payments.push(Payment::submitted(self.next_payment, agency, kind, text, parts, now));
            self.next_payment += 1;
            let at = self.payments.len() - 1;
            self.open.push_back(at);
            changes.push(Change::Payment(at));
            return;
        }
    }

    fn correct_progress(&mut self, now: DateTime, rng: &mut Rng, changes: &mut Vec<Change>) {
        // The reports of the newest month are the last ones of the list, one of each sub-activity.
        let at = self.progress.len() - 1 - rng.below(self.subs.len());
        let report = &mut self.progress[at];
        let grown = report.actual + rng.between(25, 150);
        // Full already: the inspector finds that less was done.
        report.actual = if grown <= 10_000 { grown } else { 10_000 - rng.between(300, 2_500) };
        report.problem = (report.planned - report.actual > 1_500).then(|| *rng.pick(&PROBLEMS));
        report.updated = now;
        changes.push(Change::Progress(at));
    }

    fn decide_log(&mut self, now: DateTime, rng: &mut Rng, changes: &mut Vec<Change>) {
        let Some(at) = self.waiting.pop_front() else { return };
        let entry = &mut self.logs[at];
        entry.status = if rng.chance(92) { LogStatus::Approved } else { LogStatus::Rejected };
        entry.decided_on = Some(now.date());
        changes.push(Change::Log(at));
    }

    fn hand_over(&mut self, now: DateTime, rng: &mut Rng, changes: &mut Vec<Change>) {
        for _ in 0..8 {
            let at = rng.below(self.contracts.len());
            if let Some(handover) = self.contracts[at].next_handover(now.date()) {
                self.contracts[at].handovers.push(handover);
                changes.push(Change::Contract(at));
                return;
            }
        }
    }
}
