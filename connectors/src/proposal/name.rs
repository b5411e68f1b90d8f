//! How much a field's name is like what sources call a target.

use super::target::Target;
use super::words::{self, normal};

/// Names of targets alone say less than what sources are known to call them.
const OWN_NAME: f64 = 0.9;

/// How alike, with the reason in words.
pub(super) struct Likeness {
    /// Between 0 and 1.
    pub(super) share: f64,
    /// `None` when there is no likeness worth telling.
    pub(super) reason: Option<String>,
}

/// Compares the name with the words of the field for the target, and with the target's own name.
pub(super) fn likeness(path: &str, record_type: &str, target: &Target) -> Likeness {
    // Of a nested field the inner name says more; the outer ones may be an envelope.
    let name = normal(path);
    let last = path.rsplit('.').find(|step| !step.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or(path);
    let last = normal(last);
    let mut best = (0.0, "");
    for phrase in words::phrases(record_type, &target.path) {
        let wanted = normal(phrase);
        let share = alike(&name, &wanted).max(alike(&last, &wanted));
        if share > best.0 {
            best = (share, phrase);
        }
    }
    let own = alike(&last, &normal(target.last())).max(alike(&name, &normal(&target.path))) * OWN_NAME;
    if own > best.0 {
        return Likeness { share: own, reason: Some(format!("its name is like `{}`", target.path)) };
    }
    let (share, phrase) = best;
    let reason = if share >= 0.95 {
        Some(format!("`{phrase}` is what sources call it"))
    } else if share >= 0.35 {
        Some(format!("its name is like `{phrase}`"))
    } else {
        None
    };
    Likeness { share, reason }
}

/// Whether a name says that its amounts are the price of one: `Harga Satuan`.
pub(super) fn is_of_one(path: &str) -> bool {
    let name = normal(path);
    let has = |words: &[&str]| name.iter().any(|word| words.contains(&word.as_str()));
    has(&["unit", "per"]) && has(&["price", "harga", "biaya", "tarif"])
        || has(&["satuan", "hargasatuan"]) && !has(&["jumlah", "total", "volume", "kode", "nama"])
}

/// How alike two names are: by the words that they share, or by pairs of letters where one is misspelt.
#[expect(clippy::cast_precision_loss, reason = "names have a few words")]
fn alike(name: &[String], wanted: &[String]) -> f64 {
    if name == wanted {
        return 1.0;
    }
    let common = wanted.iter().filter(|word| name.contains(word)).count();
    let (longer, shorter) = (name.len().max(wanted.len()), name.len().min(wanted.len()));
    if shorter == 0 {
        return 0.0;
    }
    let by_words = if common == wanted.len() && common == name.len() {
        0.97
    } else if common == wanted.len() {
        0.3 + 0.65 * common as f64 / longer as f64
    } else if common == name.len() {
        0.2 + 0.5 * common as f64 / longer as f64
    } else {
        0.6 * 2.0 * common as f64 / (name.len() + wanted.len()) as f64
    };
    let by_letters = pairs(&name.concat(), &wanted.concat());
    if by_letters >= 0.75 { by_words.max(0.85 * by_letters) } else { by_words }
}

/// The Dice coefficient over pairs of letters.
#[expect(clippy::cast_precision_loss, reason = "names have a few letters")]
fn pairs(one: &str, other: &str) -> f64 {
    let of = |text: &str| -> Vec<(char, char)> { text.chars().zip(text.chars().skip(1)).collect() };
    let (one, mut other) = (of(one), of(other));
    let all = one.len() + other.len();
    if all == 0 {
        return 0.0;
    }
    let mut common = 0;
    for pair in one {
        if let Some(at) = other.iter().position(|known| *known == pair) {
            other.swap_remove(at);
            common += 1;
        }
    }
    2.0 * f64::from(common) / all as f64
}
