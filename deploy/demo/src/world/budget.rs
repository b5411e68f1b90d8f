//! The budget: DPA lines in two stages, the cash plan, and the hospitals' RBA behind their lump lines.

use jiff::civil::{Date, DateTime, date};

use super::accounts::{ACCOUNTS, BLUD_FUND, Class, FUNDS, of_class};
use super::agencies::{Agency, Kind};
use super::calendar::office_hour;
use super::money::Sen;
use super::plan::{Purpose, SubActivity};
use super::rng::Rng;

/// The stage of a budget line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Murni,
    Perubahan,
}

/// What may be spent on one account of one sub-activity from one fund: the thing that both stages speak of.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) agency: usize,
    pub(crate) sub: usize,
    pub(crate) account: usize,
    pub(crate) fund: usize,
    pub(crate) murni: Option<Sen>,
    pub(crate) perubahan: Option<Sen>,
    /// The amount of the stage that counts for the agency; zero when the post is not in it.
    pub(crate) ceiling: Sen,
}

/// One DPA line as the budget system keeps it.
#[derive(Debug, Clone)]
pub(crate) struct BudgetLine {
    pub(crate) id: i64,
    pub(crate) post: usize,
    pub(crate) stage: Stage,
    pub(crate) locked: bool,
    pub(crate) amount: Sen,
    pub(crate) updated: DateTime,
}

/// Twelve months of one post.
#[derive(Debug)]
pub(crate) struct CashPlan {
    pub(crate) id: i64,
    pub(crate) post: usize,
    pub(crate) months: [Sen; 12],
    pub(crate) updated: DateTime,
}

/// One line of a hospital's RBA.
#[derive(Debug)]
pub(crate) struct RbaLine {
    pub(crate) code: String,
    pub(crate) agency: usize,
    pub(crate) account: usize,
    pub(crate) text: String,
    pub(crate) amount: Sen,
}

/// Rupiah per point of an agency's weight: the regency spends about 1.9 trillion.
const POINT: i64 = 1_450_000_000;

/// Draws the posts of every sub-activity with the amounts of both stages.
pub(crate) fn posts(seed: u64, agencies: &[Agency], subs: &[SubActivity]) -> Vec<Post> {
    let mut rng = Rng::new(seed, "budget");
    let mut posts = Vec::new();
    for (index, agency) in agencies.iter().enumerate() {
        let own: Vec<(usize, i64)> = subs
            .iter()
            .enumerate()
            .filter(|(_, sub)| sub.agency == index)
            .map(|(at, sub)| (at, weight(sub, agency, &mut rng)))
            .collect();
        let whole = own.iter().map(|(_, weight)| weight).sum();
        let total = Sen::rupiah(agency.weight * POINT);
        for (sub, weight) in own {
            split(&mut posts, agencies, sub, &subs[sub], total.share(weight, whole), &mut rng);
        }
    }
    posts
}

fn weight(sub: &SubActivity, agency: &Agency, rng: &mut Rng) -> i64 {
    match sub.purpose {
        Purpose::Salary => 900,
        Purpose::Office => rng.between(2, 9),
        Purpose::Services => rng.between(8, 30),
        Purpose::Assets => rng.between(10, 45),
        Purpose::Field if agency.bidang == "1.03" => rng.between(80, 400),
        Purpose::Field => rng.between(20, 160),
        Purpose::Blud => 1_100,
    }
}

fn classes(purpose: Purpose, rng: &mut Rng) -> Vec<Class> {
    match purpose {
        Purpose::Salary => vec![Class::Salary; 4],
        Purpose::Office if rng.chance(40) => vec![Class::Petty, Class::Petty],
        Purpose::Office => vec![Class::Petty, Class::Petty, Class::Petty],
        Purpose::Services => vec![Class::Petty, Class::Procured, Class::Procured],
        Purpose::Assets => vec![Class::Petty, Class::Capital, Class::Capital],
        Purpose::Field if rng.chance(50) => {
            vec![Class::Petty, Class::Petty, Class::Procured, Class::Capital]
        }
        Purpose::Field => vec![Class::Petty, Class::Procured, Class::Capital],
        Purpose::Blud => vec![Class::Lump, Class::Lump],
    }
}

fn split(posts: &mut Vec<Post>, agencies: &[Agency], at: usize, sub: &SubActivity, total: Sen, rng: &mut Rng) {
    let agency = &agencies[sub.agency];
    let mut taken: Vec<usize> = Vec::new();
    let mut parts: Vec<(usize, i64)> = Vec::new();
    for class in classes(sub.purpose, rng) {
        let mut free: Vec<usize> = of_class(class)
            .into_iter()
            .filter(|account| !taken.contains(account) && suits(ACCOUNTS[*account].code, agency.bidang))
            .collect();
        rng.shuffle(&mut free);
        // The hospitals' lump lines stand in the order of the chart: goods first, then capital.
        let account = if class == Class::Lump { free.iter().min() } else { free.first() };
        let Some(&account) = account else { continue };
        taken.push(account);
        let weight = match class {
            Class::Petty => rng.between(5, 30),
            Class::Lump if parts.is_empty() => 75,
            Class::Lump => 25,
            Class::Capital | Class::Procured | Class::Salary => rng.between(30, 100),
        };
        parts.push((account, weight));
    }
    let whole = parts.iter().map(|(_, weight)| weight).sum();
    let newcomer =
        if sub.purpose == Purpose::Office && parts.len() > 2 && rng.chance(30) { parts.len() - 1 } else { usize::MAX };
    for (position, (account, weight)) in parts.into_iter().enumerate() {
        let mut amount = total.share(weight, whole);
        if rng.chance(12) {
            amount += Sen(rng.between(1, 99_999));
        }
        let fund = match ACCOUNTS[account].class {
            Class::Lump => BLUD_FUND,
            Class::Salary => 1,
            Class::Capital if rng.chance(35) => 2,
            Class::Procured if rng.chance(20) => 3,
            _ => usize::from(rng.chance(60)),
        };
        let murni = (position != newcomer).then_some(amount);
        let perubahan = revised(amount, murni.is_some(), ACCOUNTS[account].class, rng);
        let counting = if agency.revision_locked { perubahan } else { murni };
        posts.push(Post {
            agency: sub.agency,
            sub: at,
            account,
            fund,
            murni,
            perubahan,
            ceiling: counting.unwrap_or_default(),
        });
    }
}

/// Whether an account makes sense in a field: drugs for health, roads and dams for public works and farming.
fn suits(account: &str, bidang: &str) -> bool {
    match account {
        "5.1.02.01.01.0037" => bidang == "1.02",
        "5.2.04.01.01.0003" => bidang == "1.03",
        "5.2.04.02.01.0001" => matches!(bidang, "1.03" | "3.27"),
        _ => true,
    }
}

fn revised(amount: Sen, existed: bool, class: Class, rng: &mut Rng) -> Option<Sen> {
    if !existed {
        return Some(amount);
    }
    match rng.between(1, 100) {
        1..=72 => Some(amount),
        // A line of some weight is never dropped: only petty ones vanish in the revision.
        73..=76 if class == Class::Petty => None,
        _ => Some(amount.share(rng.between(75, 135), 100)),
    }
}

/// The lines of both stages, murni before perubahan, with ids in that order.
pub(crate) fn lines(seed: u64, agencies: &[Agency], posts: &[Post]) -> Vec<BudgetLine> {
    let mut rng = Rng::new(seed, "budget-lines");
    let mut ids = 300_001..;
    let mut lines = Vec::new();
    for (stage, entered) in [(Stage::Murni, date(2026, 1, 5)), (Stage::Perubahan, date(2026, 9, 21))] {
        for (index, post) in posts.iter().enumerate() {
            let amount = if stage == Stage::Murni { post.murni } else { post.perubahan };
            let (Some(amount), Some(id)) = (amount, amount.and_then(|_| ids.next())) else {
                continue;
            };
            lines.push(BudgetLine {
                id,
                post: index,
                stage,
                locked: stage == Stage::Murni || agencies[post.agency].revision_locked,
                amount,
                updated: entered_at(entered, &mut rng),
            });
        }
    }
    lines
}

fn entered_at(first: Date, rng: &mut Rng) -> DateTime {
    let day = super::calendar::plus_working_days(first, rng.between(0, 6));
    office_hour(day, rng)
}

/// The cash plan of every post that counts; the twelve months add up to its ceiling.
pub(crate) fn cash_plans(seed: u64, posts: &[Post]) -> Vec<CashPlan> {
    let mut rng = Rng::new(seed, "cash-plan");
    let mut ids = 700_001..;
    let mut plans = Vec::new();
    for (index, post) in posts.iter().enumerate().filter(|(_, post)| post.ceiling > Sen(0)) {
        let even = matches!(ACCOUNTS[post.account].class, Class::Salary | Class::Lump);
        let weights: Vec<i64> = (0..12).map(|_| if even { 1 } else { rng.between(0, 9) }).collect();
        let whole: i64 = weights.iter().sum::<i64>().max(1);
        let mut months = [Sen(0); 12];
        for (month, weight) in months.iter_mut().zip(&weights) {
            *month = post.ceiling.share(*weight, whole);
        }
        // December takes what rounding left.
        let rest = post.ceiling - months.iter().copied().sum::<Sen>();
        months[11] += rest;
        let Some(id) = ids.next() else { break };
        plans.push(CashPlan { id, post: index, months, updated: entered_at(date(2026, 9, 28), &mut rng) });
    }
    plans
}

/// The RBA of the hospitals: about 300 lines each, which add up to the two lump lines of the DPA.
pub(crate) fn rba(seed: u64, agencies: &[Agency], posts: &[Post]) -> Vec<RbaLine> {
    const NEEDS: [&str; 8] = [
        "instalasi rawat inap",
        "instalasi gawat darurat",
        "instalasi farmasi",
        "laboratorium",
        "radiologi",
        "instalasi gizi",
        "rawat jalan",
        "manajemen",
    ];
    let mut rng = Rng::new(seed, "rba");
    let mut lines = Vec::new();
    for (index, agency) in agencies.iter().enumerate().filter(|(_, agency)| agency.kind == Kind::Blud) {
        for (post, (prefix, count)) in
            posts.iter().filter(|post| post.agency == index && post.fund == BLUD_FUND).zip([("5.1", 230), ("5.2", 70)])
        {
            let fitting: Vec<usize> = (0..ACCOUNTS.len())
                .filter(|&at| matches!(ACCOUNTS[at].class, Class::Petty | Class::Procured | Class::Capital))
                .filter(|&at| ACCOUNTS[at].code.starts_with(prefix))
                .collect();
            let weights: Vec<i64> = (0..count).map(|_| rng.between(3, 60)).collect();
            let whole = weights.iter().sum();
            let mut left = post.ceiling;
            for (number, weight) in weights.iter().enumerate() {
                let last = number + 1 == weights.len();
                let amount = if last { left } else { post.ceiling.share(*weight, whole) };
                left -= amount;
                let account = *rng.pick(&fitting);
                lines.push(RbaLine {
                    code: format!(
                        "RBA-{}-{}-{:03}",
                        agency.code.rsplit('.').next().unwrap_or("0000"),
                        prefix.replace('.', ""),
                        number + 1
                    ),
                    agency: index,
                    account,
                    text: format!("{} untuk {}", ACCOUNTS[account].name, rng.pick(&NEEDS)),
                    amount,
                });
            }
        }
    }
    lines
}

/// The account and fund of a post as text.
impl Post {
    pub(crate) fn account_code(&self) -> &'static str {
        ACCOUNTS[self.account].code
    }

    pub(crate) fn fund_code(&self) -> &'static str {
        FUNDS[self.fund].code
    }
}
