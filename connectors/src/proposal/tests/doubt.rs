//! What a proposal must not be sure of.

use muara_schemas::Catalog;

use super::*;

fn assigned(record_type: &str, record: &[(&str, &[&str])]) -> Assignment {
    assign(&fields(record), Catalog::embedded().get(record_type).unwrap(), &Given::default())
}

fn line<'a>(table: &'a Assignment, target: &str) -> &'a Line {
    let line = table.lines.iter().find(|line| line.proposal.target == target);
    line.unwrap_or_else(|| panic!("nothing fills {target}: {table:#?}"))
}

#[test]
fn the_price_of_one_is_no_amount_unless_somebody_confirms_it() {
    for name in ["Harga Satuan", "Nilai Satuan", "Jumlah Harga Per Unit", "harga_satuan"] {
        let of_one: (&str, &[&str]) = (name, &["1250000", "99000"]);
        let alone = assigned("budget-line", &[("Kode Rekening", &["5.1.02.01.01.0024"]), of_one]);
        let amount = line(&alone, "amount");
        assert!(amount.confirm && amount.proposal.reasons.iter().any(|r| r.contains("price of one")), "{amount:?}");

        let both = assigned("budget-line", &[of_one, ("Jumlah", &["2500000", "198000"])]);
        let amount = line(&both, "amount");
        assert_eq!((amount.source.as_deref(), amount.confirm), (Some("Jumlah"), false), "{name}");
    }
}

#[test]
fn a_list_is_said_to_be_told_by_none_only_when_no_field_may_hold_it() {
    let head: &[(&str, &[&str])] = &[("nomor_spm", &["1/SPM/2026"]), ("nilai_spm", &["116338787"])];
    let with = |more: &[(&str, &[&str])]| assigned("disbursement", &[head, more].concat());

    let none = with(&[]);
    let some = with(&[("rincian_belanja", &["lihat lampiran"])]);

    assert_eq!(
        (line(&none, "lines").confirm, &*line(&none, "lines").proposal.reasons[0]),
        (false, "the source tells none")
    );
    let lines = line(&some, "lines");
    assert!(lines.confirm && lines.proposal.reasons[0].contains("`rincian_belanja`"), "{lines:?}");
}

#[test]
fn what_stands_for_nothing_is_proposed_however_late_it_comes() {
    let mut record: Vec<String> = (1..=200).map(|number| format!("{number}000")).collect();
    record.push("nihil".to_owned());
    let values: Vec<&str> = record.iter().map(String::as_str).collect();
    let fields = fields(&[("nilai", &values)]);

    let table = assign(&fields, Catalog::embedded().get("budget-line").unwrap(), &Given::default());

    assert_eq!(document::zeros(&fields, &table), ["nihil"]);
}
