//! The gateway's records: amounts as JSON numbers, the MAK lines of a package and the handovers of a contract inside them.

use serde_json::{Value, json};

use super::INSTITUTION;
use crate::systems::raw::break_json;
use crate::world::{BLUD_FUND, Contract, FISCAL_YEAR, Package, STAGES, Sen, Stream, Tender, World, nip, vendor_name};

/// A row as the gateway serves it, broken when the world says so.
pub(super) fn render(world: &World, stream: Stream, row: usize) -> Value {
    let mut record = match stream {
        Stream::Packages => package(world, &world.packages[row]),
        Stream::Tenders => tender(world, &world.tenders[row]),
        // Contracts; the gateway serves no other stream.
        _ => contract(world, &world.contracts[row]),
    };
    if let Value::Object(fields) = &mut record {
        fields.insert("tahun_anggaran".to_owned(), FISCAL_YEAR.into());
        fields.insert("kd_klpd".to_owned(), INSTITUTION.into());
    }
    break_json(&mut record, world.defects.get(&(stream, row)));
    record
}

/// An amount as the gateway writes it: a JSON number of whole rupiah, or text where there are sen, which packages never have.
fn number(amount: Sen) -> Value {
    if amount.0 % 100 == 0 { Value::from(amount.0 / 100) } else { Value::from(amount.to_string()) }
}

fn package(world: &World, package: &Package) -> Value {
    let agency = &world.agencies[package.agency];
    let blud = package.lines.iter().any(|line| world.posts[line.post].fund == BLUD_FUND);
    let lines: Vec<Value> = package
        .lines
        .iter()
        .map(|line| {
            let post = &world.posts[line.post];
            let sub = &world.subs[post.sub].code;
            let account = post.account_code();
            let price = if line.price > 0 {
                format!(".8.1.02.03.{:03}.{:05}", line.price, line.price * 7)
            } else {
                String::new()
            };
            json!({
                "mak": format!("{sub}.{account}{price}"),
                "kd_subkegiatan_str": sub,
                "kd_rekening_str": account,
                "pagu": number(line.amount),
                "sumber_dana": if post.fund == BLUD_FUND { "BLUD" } else { "APBD" },
                "asal_dana": "APBD Kabupaten",
            })
        })
        .collect();
    json!({
        "kd_rup": package.code,
        "kd_satker": agency.satker,
        "kd_satker_str": agency.code,
        "nama_satker": agency.name,
        "ket_satker": if blud { "Satker/OPD BLU/BLUD" } else { "Satker/OPD Non-BLU/BLUD" },
        "nama_paket": package.name,
        "pagu": number(package.ceiling()),
        "kd_metode_pengadaan": package.method,
        "kd_jenis_pengadaan": package.kind,
        "tipe_paket": "Penyedia",
        "tgl_awal_pemilihan": package.selection.0.to_string(),
        "tgl_akhir_pemilihan": package.selection.1.to_string(),
        "tgl_awal_kontrak": package.contract.0.to_string(),
        "tgl_akhir_kontrak": package.contract.1.to_string(),
        "tgl_pengumuman_paket": package.announced_at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        "nip_ppk": nip(package.officer),
        "nama_ppk": format!("Pejabat {:06}", package.officer),
        "status_aktif_rup": package.active,
        "anggaran": lines,
    })
}

fn tender(world: &World, tender: &Tender) -> Value {
    let package = &world.packages[tender.package];
    let agency = &world.agencies[package.agency];
    let last = tender.stages.last().map_or(0, |last| last.0);
    let stages: Vec<Value> = tender
        .stages
        .iter()
        .map(|&(stage, from, until)| {
            json!({
                "kd_tahapan": stage + 1,
                "nama_tahapan": STAGES[stage],
                "tgl_awal": from.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                "tgl_akhir": until.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                "perubahan": tender.version - 1,
            })
        })
        .collect();
    json!({
        "kd_tender": tender.code,
        "kd_satker_str": agency.code,
        "kd_rup": package.code,
        "nama_paket": package.name,
        "pagu": number(package.ceiling()),
        "hps": number(tender.estimate),
        "kd_metode_pengadaan": package.method,
        "status_tender": if last + 1 == STAGES.len() { "Selesai" } else { "Aktif" },
        "versi_tender": tender.version,
        "tgl_pengumuman_tender": tender.announced_at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        "jadwal": stages,
        "kd_penyedia": tender.winner.map(|winner| format!("V{winner:05}")),
        "nama_penyedia": tender.winner.map(vendor_name),
        "nilai_kontrak": tender.winner.map(|_| number(tender.award)),
    })
}

fn contract(world: &World, contract: &Contract) -> Value {
    let package = &world.packages[contract.package];
    let agency = &world.agencies[package.agency];
    let handovers: Vec<Value> = contract
        .handovers
        .iter()
        .zip(1..)
        .map(|(handover, number_of)| {
            json!({
                "no_bast": format!("{}/BAST-{number_of}", contract.number),
                "tgl_bast": handover.date.to_string(),
                "progres_pekerjaan": handover.progress,
                "besar_pembayaran": number(handover.payment),
            })
        })
        .collect();
    let amendments: Vec<Value> = contract
        .amendment
        .iter()
        .map(|(signed, ends)| {
            json!({
                "no_addendum": format!("{}/ADD-1", contract.number),
                "tgl_addendum": signed.to_string(),
                "tgl_kontrak_akhir": ends.to_string(),
                "alasan_addendum": "Perpanjangan waktu pelaksanaan",
            })
        })
        .collect();
    let status = match (contract.terminated, contract.finished()) {
        (true, _) => "Pemutusan Kontrak",
        (false, true) => "Kontrak Selesai",
        (false, false) => "Kontrak Sedang Berjalan",
    };
    json!({
        "no_kontrak": contract.number,
        "kd_satker_str": agency.code,
        "kd_rup": package.code,
        "kd_tender": contract.tender,
        "nama_paket": package.name,
        "nilai_kontrak": number(contract.value),
        "tgl_kontrak": contract.signed_on.to_string(),
        "tgl_kontrak_awal": contract.starts_on.to_string(),
        "tgl_kontrak_akhir": contract.ends_on.to_string(),
        "no_spmk": format!("{}/SPMK", contract.number),
        "tgl_spmk": contract.starts_on.to_string(),
        "status_kontrak": status,
        "nama_penyedia": vendor_name(contract.vendor),
        "npwp_penyedia": format!("{:015}", contract.vendor),
        "no_rek_bank": format!("Bank Contoh 000-{:05}-1", contract.vendor),
        "addendum": amendments,
        "bapbast": handovers,
    })
}
