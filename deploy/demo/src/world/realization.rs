//! Realisation: LRA lines by month and post, and the SP2B of the hospitals.
//!
//! UP and TU are cash and not spending (Permendagri 77/2020 lineage), so LRA takes LS and GU, and the hospitals' SP2B.

use std::collections::HashMap;

use jiff::civil::{DateTime, date};

use super::accounts::{ACCOUNTS, BLUD_FUND, Class};
use super::agencies::{Agency, Kind};
use super::budget::Post;
use super::calendar::{month_end, plus_minutes, plus_working_days};
use super::money::Sen;
use super::payments::Payment;
use super::rng::Rng;

/// One LRA line: what was recognised on a post in a month.
#[derive(Debug, Clone)]
pub(crate) struct Realized {
    pub(crate) id: i64,
    pub(crate) post: usize,
    pub(crate) month: i8,
    pub(crate) amount: Sen,
    pub(crate) updated: DateTime,
}

/// One line of a hospital's SP2B of a month.
#[derive(Debug)]
pub(crate) struct Sp2bLine {
    pub(crate) code: String,
    pub(crate) number: String,
    pub(crate) agency: usize,
    pub(crate) month: i8,
    /// Account code; revenue accounts begin with 4.
    pub(crate) account: &'static str,
    pub(crate) amount: Sen,
}

/// The LRA, in which every posting finds its line by post and month.
#[derive(Debug, Default)]
pub(crate) struct Lra {
    pub(crate) lines: Vec<Realized>,
    index: HashMap<(usize, i8), usize>,
}

impl Lra {
    /// Adds an amount to the line of its post and month; answers the index of the line.
    pub(crate) fn post(&mut self, post: usize, month: i8, amount: Sen, at: DateTime) -> usize {
        let next = self.lines.len();
        let index = *self.index.entry((post, month)).or_insert(next);
        if index == next {
            let id = i64::try_from(next).unwrap_or(i64::MAX).saturating_add(900_001);
            self.lines.push(Realized { id, post, month, amount: Sen(0), updated: at });
        }
        let line = &mut self.lines[index];
        line.amount += amount;
        line.updated = line.updated.max(at);
        index
    }
}

/// The LRA of the year so far, from the payments that the bank has made and from the hospitals' SP2B.
///
/// Now and then part of a payment is paid back (setoran kembali), so that LRA falls behind SP2D.
pub(crate) fn lra(seed: u64, payments: &[Payment], posts: &[Post], sp2b: &[Sp2bLine]) -> Lra {
    let mut rng = Rng::new(seed, "lra");
    let mut lra = Lra::default();
    for payment in payments.iter().filter(|payment| payment.is_spending()) {
        let Some(paid) = payment.transferred_at else { continue };
        for part in &payment.parts {
            let back = if rng.chance(6) { part.amount.share(rng.between(1, 12), 100) } else { Sen(0) };
            lra.post(part.post, paid.month(), part.amount - back, plus_minutes(paid, 45));
        }
    }
    for line in sp2b {
        // A lump post takes all lines of its kind of expenditure: 5.1 or 5.2.
        let lump = posts.iter().position(|post| {
            post.agency == line.agency
                && post.fund == BLUD_FUND
                && ACCOUNTS[post.account].code[..3] == line.account[..3]
        });
        if let Some(post) = lump {
            let at = plus_working_days(month_end(line.month), 5).at(14, 0, 0, 0);
            lra.post(post, line.month, line.amount, at);
        }
    }
    lra
}

/// The SP2B lines of the hospitals, January to September: ten accounts of spending and one of revenue a month.
pub(crate) fn sp2b(seed: u64, agencies: &[Agency], posts: &[Post]) -> Vec<Sp2bLine> {
    const REVENUE: &str = "4.1.04.16.01.0001";
    let mut rng = Rng::new(seed, "sp2b");
    let mut lines = Vec::new();
    for (agency, _) in agencies.iter().enumerate().filter(|(_, agency)| agency.kind == Kind::Blud) {
        let lumps: Vec<&Post> = posts.iter().filter(|post| post.agency == agency && post.fund == BLUD_FUND).collect();
        let unit = agencies[agency].code.rsplit('.').next().unwrap_or("0000");
        for month in 1..=9_i8 {
            let number = format!("33.02/SP2B/{unit}/{month:02}/2026");
            let mut push = |account: &'static str, amount: Sen| {
                let code = format!("SP2B-{unit}-{month:02}-{:02}", lines.len() % 11 + 1);
                lines.push(Sp2bLine { code, number: number.clone(), agency, month, account, amount });
            };
            let mut spent = Sen(0);
            for (post, count) in lumps.iter().zip([7, 3]) {
                let prefix = &ACCOUNTS[post.account].code[..3];
                let mut fitting: Vec<&'static str> = ACCOUNTS
                    .iter()
                    .filter(|account| matches!(account.class, Class::Petty | Class::Procured | Class::Capital))
                    .map(|account| account.code)
                    .filter(|code| code.starts_with(prefix))
                    .collect();
                rng.shuffle(&mut fitting);
                for account in fitting.into_iter().take(count) {
                    // Nine months of these draws stay below the lump: at most 9 × count × 1.2 / (14 × count).
                    let amount = post.ceiling.share(rng.between(60, 120), 1_400 * i64::try_from(count).unwrap_or(7));
                    spent += amount;
                    push(account, amount);
                }
            }
            push(REVENUE, spent.share(rng.between(85, 110), 100));
        }
    }
    lines
}

/// Physical progress of one sub-activity at the end of a month.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    pub(crate) id: i64,
    pub(crate) sub: usize,
    pub(crate) month: i8,
    /// Hundredths of a percent, 0 to 10,000.
    pub(crate) planned: i64,
    pub(crate) actual: i64,
    pub(crate) problem: Option<&'static str>,
    pub(crate) updated: DateTime,
}

/// Why work is late, in the words of those who report it.
pub(crate) const PROBLEMS: [&str; 5] = [
    "Curah hujan tinggi",
    "Menunggu pergeseran anggaran",
    "Tender ulang",
    "Penyedia terlambat mengirim",
    "Lahan belum siap",
];

/// The months at whose end progress is reported.
pub(crate) const REPORT_MONTHS: [i8; 4] = [3, 6, 9, 10];

/// Draws the progress reports of every sub-activity.
pub(crate) fn progress(seed: u64, subs: usize) -> Vec<Progress> {
    let mut rng = Rng::new(seed, "progress");
    let mut ids = 500_001..;
    let mut reports = Vec::new();
    for month in REPORT_MONTHS {
        for sub in 0..subs {
            let Some(id) = ids.next() else { break };
            let planned = (i64::from(month) * 1_000 + rng.between(-800, 800)).clamp(0, 10_000);
            let actual = (planned - rng.between(-300, 2_200)).clamp(0, 10_000);
            let late = planned - actual > 1_500;
            let day = if month == 10 { date(2026, 10, 30) } else { plus_working_days(month_end(month), 2) };
            reports.push(Progress {
                id,
                sub,
                month,
                planned,
                actual,
                problem: late.then(|| *rng.pick(&PROBLEMS)),
                updated: super::calendar::office_hour(day, &mut rng),
            });
        }
    }
    reports
}
