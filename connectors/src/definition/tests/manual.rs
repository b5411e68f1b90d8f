//! The page of a definition.

use super::{GOOD, SQL, one};
use crate::definition::manual::{index, page};

#[test]
fn a_page_tells_what_is_needed_asked_and_made() {
    let text = GOOD
        .replace("muara: 1", "muara: 1\nabout: |\n  The budget.\n  Assumed: nothing.")
        .replace("amount: {from: nilai, as: money}", "amount: {expr: '.nilai | .', as: money}");
    let page = page(&one(&text), "sipd.yaml");

    for line in [
        "# SIPD penatausahaan\n",
        "The budget.\nAssumed: nothing.\n",
        "| environment variable `DEMO_TOKEN` | the bearer token, a secret |",
        "A request may take 30s, and is repeated up to 6 times; all streams together make at most 600 in 1m.",
        "- **Asks:** `GET /dpa` with `tahun=2026`; JSON comes back, the list at `data`.",
        "- **Pages:** by number, 500 records each, up to the total that the source tells.",
        "- **Takes** only records whose `status` is `final`.",
        "- **Absent** is also what the source writes as `0001-01-01`.",
        "- **Key:** `id`.",
        "- **Reads** from the greatest `updated_at` on, less 10m; everything every 1d.",
        "- **Runs:** every 15m.",
        "the run stops when 20 % of its first 1000 records are broken",
        "more than 5 records and more than 2 % of all",
        "| `fiscal_year` | `tahun` | `int` |  |  | Fiscal year of the record. |",
        "| `stage` | `tahap` |  | `murni` → `murni`, `1` → `perubahan` | `murni` |",
        "| `ledger` |  |  |  | always `apbd` |",
        "| `amount` | `.nilai \\| .` | `money` |",
        "**bad amount**\n\n```json\n{\"id\":8,\"status\":\"final\",\"nilai\":\"-\"}\n```\nwaits in quarantine for `/amount`, `/agency`.",
    ] {
        assert!(page.contains(line), "{line}\n\n{page}");
    }
    assert_eq!(page, super::super::manual::page(&one(&text), "sipd.yaml"), "the same definition gives the same page");
}

#[test]
fn a_page_of_a_table_and_the_index() {
    let definition = one(SQL);
    let page = page(&definition, "simda.yaml");

    assert!(page.contains("`jumlah`, `diubah` of `simda.ta_rencana` where `tahun = 2026`."), "{page}");
    assert!(
        page.contains("| environment variable `SIMDA_URL` | the database, with a user who may only read |"),
        "{page}"
    );
    let index = index([(&definition, "simda.yaml")].into_iter());
    assert!(index.ends_with("| [simda](simda.md) | simda | sql | cash-plan |\n"), "{index}");
}
