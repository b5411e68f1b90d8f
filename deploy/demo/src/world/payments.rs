//! Payments: one SPP, SPM and SP2D chain each, by UP, GU, TU or LS.
//!
//! A chain is drawn with all its future dates and then cut at the world's today, so that the last weeks hold every status.

use jiff::civil::{Date, DateTime, date};

use super::accounts::{ACCOUNTS, BLUD_FUND, Class};
use super::agencies::Agency;
use super::budget::Post;
use super::calendar::{START, month_end, office_hour, plus_minutes, plus_working_days, working_day};
use super::money::Sen;
use super::procurement::{Contract, Package};
use super::rng::Rng;

/// The type of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Up,
    Gu,
    Tu,
    LsSalary,
    LsGoods,
}

/// Where the file stands, in SIPD's words: diajukan, ditolak, spm, final, ditransfer …
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Draft,
    Submitted,
    Returned,
    Spm,
    Sp2d,
    Transferred,
    Void,
}

/// What one payment takes from one post.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) post: usize,
    pub(crate) amount: Sen,
}

/// One payment with its chain of documents.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) id: i64,
    pub(crate) agency: usize,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// Index of the contract that it pays.
    pub(crate) contract: Option<usize>,
    /// Lines; empty for UP, which is an advance and no expenditure.
    pub(crate) parts: Vec<Part>,
    pub(crate) amount: Sen,
    pub(crate) spp_on: Date,
    pub(crate) submitted_at: Option<DateTime>,
    pub(crate) verified_at: Option<DateTime>,
    pub(crate) spm_at: Option<DateTime>,
    pub(crate) received_at: Option<DateTime>,
    pub(crate) sp2d_at: Option<DateTime>,
    pub(crate) transferred_at: Option<DateTime>,
    pub(crate) status: Status,
    pub(crate) reason: Option<&'static str>,
    pub(crate) updated: DateTime,
}

impl Payment {
    /// Whether it is spending by SP2D: LS and GU once the bank has moved the money, never UP and TU.
    pub(crate) fn is_spending(&self) -> bool {
        self.transferred_at.is_some() && !matches!(self.kind, Kind::Up | Kind::Tu)
    }

    /// A payment that has just been handed in.
    pub(crate) fn submitted(id: i64, agency: usize, kind: Kind, text: String, parts: Vec<Part>, at: DateTime) -> Self {
        let amount = parts.iter().map(|part| part.amount).sum();
        Self {
            id,
            agency,
            kind,
            text,
            contract: None,
            parts,
            amount,
            spp_on: at.date(),
            submitted_at: Some(at),
            verified_at: None,
            spm_at: None,
            received_at: None,
            sp2d_at: None,
            transferred_at: None,
            status: Status::Submitted,
            reason: None,
            updated: at,
        }
    }
}

const REASONS: [&str; 5] = [
    "Kuitansi belum lengkap",
    "Kode billing pajak belum dilampirkan",
    "BAST belum ditandatangani",
    "Rincian belanja tidak sama dengan lampiran",
    "Sisa pagu tidak mencukupi",
];

/// Draws the payments of the year so far; `left` is what each post may still spend and goes down.
pub(crate) struct Ledger<'a> {
    rng: Rng,
    agencies: &'a [Agency],
    posts: &'a [Post],
    pub(crate) left: Vec<Sen>,
    pub(crate) payments: Vec<Payment>,
}

/// All payments up to the world's start, by id, and what every post has left.
pub(crate) fn draw(
    seed: u64,
    agencies: &[Agency],
    posts: &[Post],
    packages: &[Package],
    contracts: &[Contract],
) -> (Vec<Payment>, Vec<Sen>) {
    let mut ledger = Ledger {
        rng: Rng::new(seed, "payments"),
        agencies,
        posts,
        left: posts.iter().map(|post| post.ceiling).collect(),
        payments: Vec::new(),
    };
    ledger.salaries();
    ledger.contracts(packages, contracts);
    ledger.advances();
    ledger.petty();
    // Ids follow the day of the SPP, as running numbers do.
    ledger.payments.sort_by_key(|payment| (payment.spp_on, payment.agency));
    for (payment, id) in ledger.payments.iter_mut().zip(13_001..) {
        payment.id = id;
    }
    (ledger.payments, ledger.left)
}

impl Ledger<'_> {
    fn salaries(&mut self) {
        for agency in 0..self.agencies.len() {
            let posts: Vec<usize> = self.own(agency, |class| class == Class::Salary);
            for month in 1..=10 {
                let parts: Vec<Part> =
                    posts.iter().filter_map(|&post| self.take(post, self.posts[post].ceiling.share(1, 14))).collect();
                let spp_on = working_day(date(2026, month, 1));
                self.push(
                    agency,
                    Kind::LsSalary,
                    format!("Pembayaran gaji dan tunjangan ASN bulan {month:02} tahun 2026"),
                    None,
                    parts,
                    spp_on,
                );
            }
        }
    }

    fn contracts(&mut self, packages: &[Package], contracts: &[Contract]) {
        for (index, contract) in contracts.iter().enumerate() {
            let package = &packages[contract.package];
            // The hospitals pay from their own account: no SP2D for BLUD money.
            if package.lines.iter().any(|line| self.posts[line.post].fund == BLUD_FUND) {
                continue;
            }
            for handover in &contract.handovers {
                let whole = package.ceiling().0.max(1);
                let parts: Vec<Part> = package
                    .lines
                    .iter()
                    .filter_map(|line| {
                        let share = line.amount.0 / (whole / 1_000).max(1);
                        self.take(line.post, handover.payment.share(share.clamp(1, 1_000), 1_000))
                    })
                    .collect();
                let spp_on = plus_working_days(handover.date, self.rng.between(2, 12));
                let text = format!("Pembayaran {} persen pekerjaan {}", handover.progress, contract.number);
                self.push(package.agency, Kind::LsGoods, text, Some(index), parts, spp_on);
            }
        }
    }

    fn advances(&mut self) {
        for agency in 0..self.agencies.len() {
            let amount = Sen::rupiah(self.agencies[agency].weight * self.rng.between(3, 6) * 500_000);
            let spp_on = plus_working_days(date(2026, 1, 12), self.rng.between(0, 4));
            self.push(agency, Kind::Up, "Uang persediaan tahun anggaran 2026".to_owned(), None, Vec::new(), spp_on);
            if let Some(payment) = self.payments.last_mut().filter(|payment| payment.kind == Kind::Up) {
                payment.amount = amount;
            }
            for _ in 0..self.rng.between(1, 3) {
                let month = i8::try_from(self.rng.between(2, 10)).unwrap_or(6);
                let spp_on = plus_working_days(date(2026, month, 2), self.rng.between(0, 12));
                let parts = self.petty_parts(agency, 2);
                self.push(agency, Kind::Tu, format!("Tambahan uang persediaan bulan {month:02}"), None, parts, spp_on);
            }
        }
    }

    fn petty(&mut self) {
        for agency in 0..self.agencies.len() {
            for month in 1..=10 {
                for number in 1..=self.rng.between(4, 8) {
                    let count = self.rng.below(5) + 1;
                    let parts = self.petty_parts(agency, count);
                    let spp_on = plus_working_days(date(2026, month, 6), self.rng.between(0, 17)).min(month_end(month));
                    let text = format!("Ganti uang persediaan {number} bulan {month:02} tahun 2026");
                    self.push(agency, Kind::Gu, text, None, parts, working_day(spp_on));
                }
            }
        }
    }

    fn petty_parts(&mut self, agency: usize, count: usize) -> Vec<Part> {
        let posts = self.own(agency, |class| class == Class::Petty);
        let mut parts: Vec<Part> = Vec::new();
        for _ in 0..count {
            let post = *self.rng.pick(&posts);
            if parts.iter().all(|part| part.post != post) {
                let wish = self.posts[post].ceiling.share(self.rng.between(3, 14), 100);
                parts.extend(self.take(post, wish));
            }
        }
        parts
    }

    fn own(&self, agency: usize, fits: impl Fn(Class) -> bool) -> Vec<usize> {
        (0..self.posts.len())
            .filter(|&at| self.posts[at].agency == agency && fits(ACCOUNTS[self.posts[at].account].class))
            .filter(|&at| self.posts[at].ceiling > Sen(0))
            .collect()
    }

    /// Takes what is wished from a post, or what is left of nine tenths of it; nothing when that is too little.
    fn take(&mut self, post: usize, wish: Sen) -> Option<Part> {
        let spare = self.left[post] - self.posts[post].ceiling.share(1, 10);
        let amount = wish.min(spare);
        (amount >= Sen::rupiah(10_000)).then(|| {
            self.left[post] -= amount;
            Part { post, amount }
        })
    }

    fn push(
        &mut self,
        agency: usize,
        kind: Kind,
        text: String,
        contract: Option<usize>,
        parts: Vec<Part>,
        spp_on: Date,
    ) {
        if (parts.is_empty() && kind != Kind::Up) || spp_on > START.date() {
            for part in parts {
                self.left[part.post] += part.amount;
            }
            return;
        }
        let rng = &mut self.rng;
        let submitted = office_hour(spp_on, rng);
        let verified = office_hour(plus_working_days(spp_on, rng.between(1, 3)), rng);
        let spm = office_hour(plus_working_days(verified.date(), rng.between(1, 2)), rng);
        let received = plus_minutes(spm, rng.between(20, 300));
        let sp2d = office_hour(plus_working_days(received.date(), rng.between(1, 4)), rng);
        let transferred =
            office_hour(plus_working_days(sp2d.date(), rng.between(0, 1)), rng).max(plus_minutes(sp2d, 15));
        let mut payment = Payment::submitted(0, agency, kind, text, parts, submitted);
        payment.contract = contract;
        payment.spp_on = spp_on;
        let known = |moment: DateTime| (moment < START).then_some(moment);
        payment.submitted_at = known(submitted);
        payment.verified_at = known(verified);
        payment.spm_at = known(spm);
        payment.received_at = payment.spm_at.and_then(|_| known(received));
        payment.sp2d_at = known(sp2d);
        payment.transferred_at = known(transferred);
        payment.status = match (&payment.submitted_at, &payment.spm_at, &payment.sp2d_at, &payment.transferred_at) {
            (_, _, _, Some(_)) => Status::Transferred,
            (_, _, Some(_), None) => Status::Sp2d,
            (_, Some(_), None, None) => Status::Spm,
            (Some(_), None, None, None) => Status::Submitted,
            (None, None, None, None) => Status::Draft,
        };
        detour(&mut payment, rng);
        payment.updated =
            [payment.transferred_at, payment.sp2d_at, payment.received_at, payment.spm_at, payment.verified_at]
                .into_iter()
                .flatten()
                .max()
                .unwrap_or(submitted)
                .min(plus_minutes(START, -1));
        if payment.status == Status::Void {
            for part in &payment.parts {
                self.left[part.post] += part.amount;
            }
        }
        self.payments.push(payment);
    }
}

/// Some files take a detour: sent back, never handed in, or void.
fn detour(payment: &mut Payment, rng: &mut Rng) {
    let fate = rng.between(1, 100);
    if matches!(payment.kind, Kind::Up | Kind::LsSalary) || fate > 6 {
        return;
    }
    let void = fate > 3;
    if void || payment.status != Status::Transferred {
        payment.status = if void { Status::Void } else { Status::Returned };
        payment.reason = Some(*rng.pick(&REASONS));
        payment.spm_at = None;
        payment.received_at = None;
        payment.sp2d_at = None;
        payment.transferred_at = None;
    }
}
