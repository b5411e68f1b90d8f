//! SIPD's records: every number as text, a missing moment as the first of January of the year 1.

use jiff::civil::{Date, DateTime};
use serde_json::{Value, json};

use crate::systems::raw::break_json;
use crate::world::{
    ACCOUNTS, BudgetLine, CashPlan, FISCAL_YEAR, FUNDS, Kind, Level, Payment, PaymentKind, PlanRow, Progress, REGION,
    Realized, Stage, Status, Stream, World, month_end,
};

/// How SIPD writes that there is no date.
const NEVER: &str = "0001-01-01 00:00:00";

/// A row as its list serves it: id, moment of the last change, record; broken when the world says so.
pub(super) fn render(world: &World, stream: Stream, row: usize) -> (i64, DateTime, Value) {
    let (id, updated, mut record) = match stream {
        Stream::Renja => plan(world, &world.plan[row]),
        Stream::Dpa => line(world, &world.lines[row]),
        Stream::Rak => cash_plan(world, &world.cash_plans[row]),
        Stream::Sp2d => payment(world, &world.payments[row]),
        Stream::Lra => realized(world, &world.lra.lines[row]),
        Stream::Rfk => progress(world, &world.progress[row]),
        // The list of agencies; SIPD serves no other stream.
        _ => agency(world, row),
    };
    if let Value::Object(fields) = &mut record {
        fields.insert("tahun".to_owned(), FISCAL_YEAR.to_string().into());
        fields.insert("kode_daerah".to_owned(), REGION.into());
        fields.insert("updated_at".to_owned(), stamp(Some(updated)).into());
    }
    break_json(&mut record, world.defects.get(&(stream, row)));
    (id, updated, record)
}

fn stamp(moment: Option<DateTime>) -> String {
    moment.map_or_else(|| NEVER.to_owned(), |moment| moment.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

fn day(date: Option<Date>) -> String {
    date.map_or_else(|| NEVER.to_owned(), |date| format!("{date} 00:00:00"))
}

fn flag(set: bool) -> &'static str {
    if set { "1" } else { "0" }
}

fn agency(world: &World, row: usize) -> (i64, DateTime, Value) {
    let entry = &world.agency_rows[row];
    let agency = &world.agencies[entry.agency];
    let former = if world.is_twin(Stream::Skpd, row) { " (nama lama)" } else { "" };
    let kind = match agency.kind {
        Kind::Skpd => "SKPD",
        Kind::Blud => "BLUD",
        Kind::Kecamatan => "KECAMATAN",
    };
    let record = json!({
        "id_skpd": entry.id.to_string(),
        "kode_skpd": agency.code,
        "nama_skpd": format!("{}{former}", agency.name),
        "nama_singkat": agency.short,
        "jenis_skpd": kind,
        "kode_skpd_induk": agency.parent,
        "is_blud": flag(agency.kind == Kind::Blud),
        "is_aktif": "1",
        "kd_satker_sirup": agency.satker.to_string(),
    });
    (entry.id, entry.updated, record)
}

fn plan(world: &World, row: &PlanRow) -> (i64, DateTime, Value) {
    let level = match row.level {
        Level::Program => "PROGRAM",
        Level::Activity => "KEGIATAN",
        Level::SubActivity => "SUB KEGIATAN",
    };
    let indicators = row.target.map_or_else(Vec::new, |target| {
        vec![json!({"indikator": format!("Jumlah keluaran {}", row.name), "satuan": "dokumen", "target": target.to_string()})]
    });
    let record = json!({
        "id_giat": row.id.to_string(),
        "kode_skpd": world.agencies[row.agency].code,
        "tingkat": level,
        "kode": row.code,
        "nama": row.name,
        "pagu": row.ceiling.short(),
        "lokasi": "Semua kecamatan",
        "tanggal_mulai": if row.target.is_some() { "2026-01-05" } else { NEVER },
        "tanggal_selesai": if row.target.is_some() { "2026-12-18" } else { NEVER },
        "indikator": indicators,
    });
    (row.id, row.updated, record)
}

fn line(world: &World, line: &BudgetLine) -> (i64, DateTime, Value) {
    let post = &world.posts[line.post];
    let agency = &world.agencies[post.agency];
    let sub = &world.subs[post.sub];
    let (stage, version) = match line.stage {
        Stage::Murni => ("murni", "0"),
        Stage::Perubahan => ("perubahan", "1"),
    };
    let record = json!({
        "id_rinci_sub_bl": line.id.to_string(),
        "id_skpd": agency.id.to_string(),
        "kode_skpd": agency.code,
        "nama_skpd": agency.name,
        "kode_sub_giat": sub.code,
        "nama_sub_giat": sub.name,
        "kode_akun": post.account_code(),
        "nama_akun": ACCOUNTS[post.account].name,
        "kode_dana": post.fund_code(),
        "nama_dana": FUNDS[post.fund].name,
        "tahap": stage,
        "versi": version,
        "is_locked": flag(line.locked),
        "rincian": line.amount.short(),
        "keterangan": format!("{} untuk {}", ACCOUNTS[post.account].name, sub.name),
    });
    (line.id, line.updated, record)
}

fn cash_plan(world: &World, plan: &CashPlan) -> (i64, DateTime, Value) {
    let post = &world.posts[plan.post];
    let mut record = json!({
        "id_rak": plan.id.to_string(),
        "kode_skpd": world.agencies[post.agency].code,
        "kode_sub_giat": world.subs[post.sub].code,
        "kode_akun": post.account_code(),
        "kode_dana": post.fund_code(),
        "total_akb": post.ceiling.short(),
    });
    if let Value::Object(fields) = &mut record {
        for (month, amount) in (1..).zip(plan.months) {
            fields.insert(format!("bulan_{month}"), amount.short().into());
        }
    }
    (plan.id, plan.updated, record)
}

fn payment(world: &World, payment: &Payment) -> (i64, DateTime, Value) {
    let agency = &world.agencies[payment.agency];
    let (kind, ls_kind) = match payment.kind {
        PaymentKind::Up => ("UP", None),
        PaymentKind::Gu => ("GU", None),
        PaymentKind::Tu => ("TU", None),
        PaymentKind::LsSalary => ("LS", Some("gaji")),
        PaymentKind::LsGoods => ("LS", Some("barang_jasa")),
    };
    let status = match payment.status {
        Status::Draft => "draft",
        Status::Submitted => "diajukan",
        Status::Returned => "ditolak",
        Status::Spm => "spm",
        Status::Sp2d => "final",
        Status::Transferred => "ditransfer",
        Status::Void => "dihapus",
    };
    // Numbers of one payment's documents differ, as every kind of document counts for itself.
    let number = |kind_code: &str, shift: i64, month: i8| {
        format!("33.02/{kind_code}.0/{:06}/{kind}/{}/M/{month}/2026", payment.id - 13_000 + shift, agency.code)
    };
    let lines: Vec<Value> = payment
        .parts
        .iter()
        .map(|part| {
            let post = &world.posts[part.post];
            json!({
                "kode_sub_giat": world.subs[post.sub].code,
                "kode_rekening": post.account_code(),
                "kode_dana": post.fund_code(),
                "jumlah": part.amount.short(),
            })
        })
        .collect();
    let record = json!({
        "id_spp": payment.id.to_string(),
        "id_spm": if payment.spm_at.is_some() { (payment.id + 7_000).to_string() } else { "0".to_owned() },
        "id_sp_2_d": if payment.sp2d_at.is_some() { (payment.id + 12_000).to_string() } else { "0".to_owned() },
        "kode_sub_skpd": agency.code,
        "nama_sub_skpd": agency.name,
        "jenis_sp_2_d": kind,
        "jenis_ls_sp_2_d": ls_kind,
        "nilai_sp_2_d": payment.amount.short(),
        "keterangan_sp_2_d": payment.text,
        "nomor_kontrak": payment.contract.map(|contract| world.contracts[contract].number.as_str()),
        "detail_belanja": lines,
        "nomor_spp": number("02", 0, payment.spp_on.month()),
        "tanggal_spp": day(Some(payment.spp_on)),
        "spp_diajukan_at": stamp(payment.submitted_at),
        "verifikasi_spp_at": stamp(payment.verified_at),
        "nomor_spm": payment.spm_at.map(|at| number("03", 137, at.month())),
        "tanggal_spm": day(payment.spm_at.map(DateTime::date)),
        "spm_terbit_at": stamp(payment.spm_at),
        "spm_diterima_at": stamp(payment.received_at),
        "nomor_sp_2_d": payment.sp2d_at.map(|at| number("04", 291, at.month())),
        "tanggal_sp_2_d": day(payment.sp2d_at.map(DateTime::date)),
        "verifikasi_sp_2_d_at": stamp(payment.sp2d_at),
        "is_transfer_sp_2_d": flag(payment.transferred_at.is_some()),
        "transfer_sp_2_d_at": stamp(payment.transferred_at),
        "status": status,
        "alasan_ditolak": payment.reason,
        "nama_penerima": format!("Penerima {:05}", payment.id),
        "no_rekening_penerima": format!("Bank Contoh 000-{:05}-0", payment.id),
    });
    (payment.id, payment.updated, record)
}

fn realized(world: &World, line: &Realized) -> (i64, DateTime, Value) {
    let post = &world.posts[line.post];
    let record = json!({
        "id_realisasi": line.id.to_string(),
        "kode_skpd": world.agencies[post.agency].code,
        "nomor_dokumen": format!("33.02/LRA/{}/{:02}/2026", world.agencies[post.agency].id, line.month),
        "jenis_dokumen": "LRA",
        "periode": format!("{FISCAL_YEAR}-{:02}", line.month),
        "tanggal_dokumen": day(Some(month_end(line.month))),
        "kode_sub_giat": world.subs[post.sub].code,
        "kode_rekening": post.account_code(),
        "kode_dana": post.fund_code(),
        "jenis": "belanja",
        "nilai_realisasi": line.amount.short(),
    });
    (line.id, line.updated, record)
}

fn progress(world: &World, report: &Progress) -> (i64, DateTime, Value) {
    let sub = &world.subs[report.sub];
    let record = json!({
        "id_rfk": report.id.to_string(),
        "kode_skpd": world.agencies[sub.agency].code,
        "kode_sub_giat": sub.code,
        "tanggal": month_end(report.month).to_string(),
        "target_fisik": percent(report.planned),
        "realisasi_fisik": percent(report.actual),
        "permasalahan": report.problem,
    });
    (report.id, report.updated, record)
}

/// Hundredths of a percent with two decimals, as a `decimal(5,2)` column prints.
fn percent(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
