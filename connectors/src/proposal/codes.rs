//! What the code lists say of a field's values.

use muara_schemas::codes;

use super::SourceField;
use super::target::Target;

/// The list behind a shared definition, and what people call it.
const LISTS: &[(&str, &str, &str)] = &[
    ("account", "accounts", "account codes of Permendagri 90"),
    ("account_level", "accounts", "account codes of Permendagri 90"),
    ("sub_activity", "sub-activities", "codes of the sub-activity list"),
    ("plan_code", "sub-activities", "codes of the program and sub-activity list"),
    ("fund", "funds", "codes of the fund list of SIPD"),
    ("region", "regions", "region codes of the Ministry of Home Affairs"),
];

/// How many of the values stand in the list of the target, themselves or by what they are a part of.
pub(super) fn reason(field: &SourceField, target: &Target) -> Option<String> {
    let (_, list, what) = LISTS.iter().find(|(form, ..)| *form == target.form)?;
    let list = codes::list(list)?;
    let is_known = |value: &&String| {
        let upper = value.char_indices().filter(|(_, letter)| *letter == '.').map(|(at, _)| &value[..at]);
        // The first level alone is a digit, which proves nothing.
        upper.skip(1).chain([value.as_str()]).any(|code| code.len() > 1 && list.has(code))
    };
    let known = field.values.iter().filter(is_known).count();
    (known > 0).then(|| format!("{known} of {} are {what}, or below one", field.values.len()))
}
