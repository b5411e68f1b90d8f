//! What has changed between two profiles. Says nothing of what chance may have done: records that the first profile
//! was made of never differ from it.

use super::{Field, Form, ITEM, NUMBERED, Profile};

/// So many values, or records in a row, are enough to say what a field is like.
pub(super) const ENOUGH: u64 = 20;
/// A complete read of fewer records does not say that a field is always there.
const FEW: u64 = 5;
/// Of texts that look otherwise one in so many has to, or they are slips.
const SLIP: u64 = 20;

/// One field that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The field: dots go into objects, `[]` into lists.
    pub path: String,
    /// What became of it.
    pub change: Change,
    /// How many have the change.
    pub count: u64,
    /// Of how many that were looked at.
    pub of: u64,
    /// Patterns of what it was.
    pub before: Vec<String>,
    /// Patterns of what it is.
    pub now: Vec<String>,
    /// The form that it has now, where there is one.
    pub form: Option<Form>,
}

/// What became of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// There was none of this name.
    Added,
    /// It is not there any more.
    Removed,
    /// It has a form that it never had, and that cannot be read as it was.
    Retyped,
}

/// What the records of `after` have otherwise than those of `before`, in the order of their fields.
pub fn compare(before: &Profile, after: &Profile) -> Vec<Drift> {
    let mut found = Vec::new();
    for (place, now) in after.fields.iter().enumerate().skip(1) {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let Some(parent) = counterpart(after, now.parent, before) else { continue };
        match before.find(parent, &now.name) {
            Some(was) => found.extend(retyped(&before.fields[was as usize], now, || after.path(place))),
            // What stands in an object is new only where there were objects.
            None if !before.cut && &*now.name != ITEM && before.fields[parent as usize].objects() > 0 => {
                found.push(added(after, place));
            }
            None => {}
        }
    }
    for (place, was) in before.fields.iter().enumerate().skip(1) {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        found.extend(removed(before, place, was, after));
    }
    found
}

/// The same field in another profile.
fn counterpart(profile: &Profile, place: u32, other: &Profile) -> Option<u32> {
    let field = &profile.fields[place as usize];
    if place == 0 {
        return Some(0);
    }
    other.find(counterpart(profile, field.parent, other)?, &field.name)
}

fn added(after: &Profile, place: u32) -> Drift {
    let now = &after.fields[place as usize];
    let of = after.fields[now.parent as usize].objects();
    let form = most(now, |_| true);
    Drift {
        path: after.path(place),
        change: Change::Added,
        count: now.had().min(of),
        of,
        before: Vec::new(),
        now: samples(now, |_| true),
        form,
    }
}

fn retyped(was: &Field, now: &Field, path: impl Fn() -> String) -> Option<Drift> {
    let forms = forms(was);
    let odd = |form: Form| now.count(form) > 0 && !form.fits(&forms);
    let count: u64 = Form::ALL.into_iter().filter(|form| odd(*form)).map(|form| now.count(form)).sum();
    let of = now.filled();
    let are_texts = forms.iter().chain(Form::ALL.iter().filter(|form| odd(**form))).all(|form| form.is_text());
    if count == 0 || are_texts && (was.filled() < ENOUGH || count * SLIP < of) {
        return None;
    }
    let form = most(now, odd);
    let before = samples(was, |_| true);
    Some(Drift { path: path(), change: Change::Retyped, count, of, before, now: samples(now, odd), form })
}

fn removed(before: &Profile, place: u32, was: &Field, after: &Profile) -> Option<Drift> {
    let objects = before.fields[was.parent as usize].objects();
    if &*was.name == ITEM || &*was.name == NUMBERED || after.cut {
        return None;
    }
    let lacked = objects.saturating_sub(was.had());
    if lacked * 100 > objects || objects < FEW {
        return None;
    }
    let parent = counterpart(before, was.parent, after)?;
    let of = after.fields[parent as usize].objects();
    let now = after.find(parent, &was.name).map(|now| &after.fields[now as usize]);
    let count = of - now.map_or(0, |now| now.last);
    // As many as lacked it before may lack it again.
    let is_enough = count >= ENOUGH || after.whole && now.is_none();
    if count <= lacked || !is_enough {
        return None;
    }
    let form = most(was, |_| true);
    let path = before.path(place);
    Some(Drift {
        path,
        change: Change::Removed,
        count,
        of: count,
        before: samples(was, |_| true),
        now: Vec::new(),
        form,
    })
}

/// The forms of its values.
pub(super) fn forms(field: &Field) -> Vec<Form> {
    Form::ALL.into_iter().filter(|form| *form != Form::Absent && field.count(*form) > 0).collect()
}

/// The form that most of its values have.
fn most(field: &Field, which: impl Fn(Form) -> bool) -> Option<Form> {
    forms(field).into_iter().filter(|form| which(*form)).max_by_key(|form| field.count(*form))
}

fn samples(field: &Field, which: impl Fn(Form) -> bool) -> Vec<String> {
    let mut samples: Vec<&(Form, Box<str>)> =
        field.samples.iter().filter(|(form, _)| *form != Form::Absent && which(*form)).collect();
    samples.sort_by_key(|(form, _)| std::cmp::Reverse(field.count(*form)));
    samples.into_iter().map(|(_, sample)| sample.to_string()).collect()
}
