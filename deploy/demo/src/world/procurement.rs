//! Procurement: RUP packages with their MAK lines, tenders, contracts with their handovers.

use jiff::civil::{Date, DateTime, date};

use super::accounts::{ACCOUNTS, BLUD_FUND, Class};
use super::agencies::Agency;
use super::budget::Post;
use super::calendar::{START, office_hour, plus_days, plus_working_days, working_day};
use super::money::Sen;
use super::plan::SubActivity;
use super::rng::Rng;

/// One RUP package.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) code: i64,
    pub(crate) agency: usize,
    pub(crate) name: String,
    /// LKPP's number of the method: 8, 9, 13, 15 …
    pub(crate) method: i64,
    /// LKPP's number of the kind: 1 goods, 2 works, 3 consultancy, 4 other services.
    pub(crate) kind: i64,
    pub(crate) lines: Vec<PackageLine>,
    pub(crate) selection: (Date, Date),
    pub(crate) contract: (Date, Date),
    pub(crate) announced_at: DateTime,
    pub(crate) active: bool,
    pub(crate) officer: i64,
}

/// One budget line that pays for a package.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PackageLine {
    pub(crate) post: usize,
    pub(crate) amount: Sen,
    /// Number of the standard price that follows the account in the MAK; zero for none.
    pub(crate) price: i64,
}

impl Package {
    /// What the package may cost: the sum of its lines.
    pub(crate) fn ceiling(&self) -> Sen {
        self.lines.iter().map(|line| line.amount).sum()
    }
}

/// One tender on the electronic procurement service.
#[derive(Debug)]
pub(crate) struct Tender {
    pub(crate) code: i64,
    pub(crate) package: usize,
    pub(crate) estimate: Sen,
    pub(crate) announced_at: DateTime,
    pub(crate) version: i64,
    /// Stages begun so far, with planned start and end and whether they are over.
    pub(crate) stages: Vec<(usize, DateTime, DateTime)>,
    pub(crate) winner: Option<i64>,
    pub(crate) award: Sen,
}

/// The twelve stages of a tender with qualification afterwards, in SPSE's wording.
pub(crate) const STAGES: [&str; 12] = [
    "Pengumuman Pascakualifikasi",
    "Download Dokumen Pemilihan",
    "Pemberian Penjelasan",
    "Upload Dokumen Penawaran",
    "Pembukaan Dokumen Penawaran",
    "Evaluasi Administrasi, Kualifikasi, Teknis, dan Harga",
    "Pembuktian Kualifikasi",
    "Penetapan Pemenang",
    "Pengumuman Pemenang",
    "Masa Sanggah",
    "Surat Penunjukan Penyedia Barang/Jasa",
    "Penandatanganan Kontrak",
];

/// One contract.
#[derive(Debug)]
pub(crate) struct Contract {
    pub(crate) number: String,
    pub(crate) package: usize,
    pub(crate) tender: Option<i64>,
    pub(crate) vendor: i64,
    pub(crate) value: Sen,
    pub(crate) signed_on: Date,
    pub(crate) starts_on: Date,
    pub(crate) ends_on: Date,
    pub(crate) amendment: Option<(Date, Date)>,
    pub(crate) handovers: Vec<Handover>,
    pub(crate) terminated: bool,
}

/// One BAST with the payment that follows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handover {
    pub(crate) date: Date,
    /// Percent of the work done, whole.
    pub(crate) progress: i64,
    pub(crate) payment: Sen,
}

impl Contract {
    /// Whether the work is handed over in full.
    pub(crate) fn finished(&self) -> bool {
        self.handovers.last().is_some_and(|last| last.progress >= 100)
    }

    /// The next handover after `date`, when there is one to come: 40 percent more, paid in proportion.
    pub(crate) fn next_handover(&self, date: Date) -> Option<Handover> {
        let done = self.handovers.last().map_or(0, |last| last.progress);
        if done >= 100 || self.terminated {
            return None;
        }
        let progress = (done + 40).min(100);
        let paid: Sen = self.handovers.iter().map(|handover| handover.payment).sum();
        let payment = if progress == 100 { self.value - paid } else { self.value.share(progress - done, 100) };
        Some(Handover { date, progress, payment })
    }
}

/// Draws the packages: most procured posts stand in one, some packages take several posts of their agency.
pub(crate) fn packages(seed: u64, agencies: &[Agency], subs: &[SubActivity], posts: &[Post]) -> Vec<Package> {
    let mut rng = Rng::new(seed, "packages");
    let mut codes = 64_480_001..;
    let mut packages: Vec<Package> = Vec::new();
    for (index, post) in posts.iter().enumerate() {
        let class = ACCOUNTS[post.account].class;
        let procured = matches!(class, Class::Procured | Class::Capital) || post.fund == BLUD_FUND;
        if !procured || post.ceiling == Sen(0) || rng.chance(8) {
            continue;
        }
        let line = PackageLine {
            post: index,
            amount: post.ceiling.share(rng.between(70, 98), 100),
            price: if rng.chance(70) { rng.between(1, 900) } else { 0 },
        };
        // A line now and then joins the package before it, when that is the same agency's.
        if let Some(last) = packages.last_mut().filter(|last| last.agency == post.agency && last.lines.len() < 4)
            && rng.chance(25)
        {
            last.lines.push(line);
            continue;
        }
        let Some(code) = codes.next() else { break };
        let begin = working_day(plus_days(date(2026, 1, 19), rng.between(0, 150)));
        let selected = plus_working_days(begin, rng.between(5, 30));
        let signed = plus_working_days(selected, 3);
        let works =
            ACCOUNTS[post.account].code.starts_with("5.2.03") || ACCOUNTS[post.account].code.starts_with("5.2.04");
        let large = line.amount > Sen::rupiah(400_000_000);
        let method = match (large, works) {
            (true, true) => 13,
            (true, false) if rng.chance(70) => 9,
            (true, false) => *rng.pick(&[13, 15]),
            (false, _) => *rng.pick(&[8, 9, 9, 9, 16]),
        };
        let kind = match method {
            15 => 3,
            _ if works => 2,
            _ if class == Class::Capital => 1,
            _ => *rng.pick(&[1, 4]),
        };
        packages.push(Package {
            code,
            agency: post.agency,
            name: format!("{} - {}", ACCOUNTS[post.account].name, subs[post.sub].name),
            method,
            kind,
            lines: vec![line],
            selection: (begin, selected),
            contract: (signed, plus_days(signed, rng.between(20, 170))),
            announced_at: office_hour(plus_working_days(date(2026, 1, 12), rng.between(0, 55)), &mut rng),
            active: !rng.chance(3),
            officer: rng.between(1, 30) + agencies[post.agency].id * 100,
        });
    }
    packages
}

/// Draws a tender for each package of the methods 13 and 15.
pub(crate) fn tenders(seed: u64, packages: &[Package]) -> Vec<Tender> {
    let mut rng = Rng::new(seed, "tenders");
    let mut codes = (10_080_001_000_i64..).step_by(1_000);
    let mut tenders = Vec::new();
    for (index, package) in packages.iter().enumerate() {
        if !matches!(package.method, 13 | 15) || !package.active {
            continue;
        }
        let Some(code) = codes.next() else { break };
        let announced_at = office_hour(package.selection.0, &mut rng);
        let mut stages = Vec::new();
        let mut day = package.selection.0;
        for stage in 0..STAGES.len() {
            let until = plus_working_days(day, rng.between(1, 3));
            if day.at(9, 0, 0, 0) <= START {
                stages.push((stage, day.at(9, 0, 0, 0), until.at(16, 0, 0, 0)));
            }
            day = until;
        }
        let ceiling = package.ceiling();
        let estimate = ceiling.share(rng.between(960, 999), 1_000);
        tenders.push(Tender {
            code,
            package: index,
            estimate,
            announced_at,
            version: if rng.chance(12) { 2 } else { 1 },
            winner: (stages.len() >= 9).then(|| rng.between(1, 180)),
            award: estimate.share(rng.between(850, 985), 1_000),
            stages,
        });
    }
    tenders
}

/// Draws the contracts: of every tender that has its winner, and of many smaller packages.
pub(crate) fn contracts(seed: u64, agencies: &[Agency], packages: &[Package], tenders: &[Tender]) -> Vec<Contract> {
    let mut rng = Rng::new(seed, "contracts");
    let mut contracts = Vec::new();
    for ((index, package), number) in packages.iter().enumerate().zip(1..) {
        let tender = tenders.iter().find(|tender| tender.package == index);
        let won = tender.is_some_and(|tender| tender.stages.len() == STAGES.len());
        let direct = tender.is_none() && package.active && rng.chance(55);
        let signed_on = match tender {
            Some(tender) => tender.stages.last().map_or(package.contract.0, |last| last.2.date()),
            None => package.contract.0,
        };
        if !(won || direct) || signed_on.at(8, 0, 0, 0) >= START {
            continue;
        }
        let starts_on = plus_working_days(signed_on, 2);
        let ends_on = plus_days(starts_on, rng.between(20, 160)).min(date(2026, 12, 20));
        let mut contract = Contract {
            number: format!(
                "000.3/{number:04}/SPK/{}/2026",
                agencies[package.agency].short.to_uppercase().replace([' ', '.'], "")
            ),
            package: index,
            tender: tender.map(|tender| tender.code),
            vendor: tender.and_then(|tender| tender.winner).unwrap_or_else(|| rng.between(1, 180)),
            value: tender.map_or_else(|| package.ceiling().share(rng.between(880, 995), 1_000), |tender| tender.award),
            signed_on,
            starts_on,
            ends_on,
            amendment: rng.chance(7).then(|| (plus_working_days(starts_on, 8), plus_days(ends_on, 10))),
            handovers: Vec::new(),
            terminated: rng.chance(1),
        };
        let mut day = plus_working_days(starts_on, rng.between(8, 25));
        while day.at(8, 0, 0, 0) < START
            && let Some(handover) = contract.next_handover(day)
        {
            contract.handovers.push(handover);
            day = plus_working_days(day, rng.between(10, 35));
        }
        contracts.push(contract);
    }
    contracts
}

/// Name of a vendor; vendors are as synthetic as the employees.
pub(crate) fn vendor_name(vendor: i64) -> String {
    let form = if vendor % 3 == 0 { "PT" } else { "CV" };
    format!("{form} Contoh Penyedia {vendor:04}")
}
