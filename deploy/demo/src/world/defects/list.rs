//! The list of broken records.
//!
//! To add one, add a call: the stream, which of the fitting rows, the edit, what can still be read, and why.

use super::{Edit, LRA_KEY, Planter, Readable};
use crate::world::people::LogStatus;
use crate::world::plan::Level;
use crate::world::{PaymentKind, Stream, World};

/// A NIP where none belongs; born on a day in 1900 like all of the world's people.
const STRAY_NIP: &str = "190001012001011001";

/// Breaks the chosen rows of a new world.
pub(crate) fn plant(world: &mut World) {
    use Edit::{Again, Gone, Long, Set};
    use Readable::{All, NoAgency, NoAmount, NoYear, Nothing};
    let mut planter = Planter { world };

    planter.agency(1, Gone("kode_skpd"), NoAgency, "the agency has no code");
    planter.agency(8, Set("jenis_skpd", "LAINNYA?"), Nothing, "unknown kind of agency");
    planter.agency(12, Again, Nothing, "key not unique: a second agency under the same id");

    let subs = |world: &World, row: usize| world.plan[row].level == Level::SubActivity;
    planter.row(Stream::Renja, 11, subs, Set("pagu", "n/a"), NoAmount, "the ceiling is no amount");
    planter.row(
        Stream::Renja,
        401,
        subs,
        Set("kode", "1.0.10.12.201.0001"),
        All,
        "the sub-activity code has shifted dots",
    );
    planter.row(Stream::Renja, 807, subs, Long("nama", 6_000), All, "the name is longer than any name may be");

    let counting = |world: &World, row: usize| world.counts(&world.lines[row]);
    planter.row(Stream::Dpa, 17, counting, Set("rincian", "n/a"), NoAmount, "the amount is n/a");
    planter.row(Stream::Dpa, 319, counting, Set("rincian", "1250000.125"), NoAmount, "the amount has three decimals");
    planter.row(Stream::Dpa, 603, counting, Set("kode_akun", "51.0.20.10.10.024"), All, "the account has shifted dots");
    planter.row(Stream::Dpa, 871, counting, Gone("kode_sub_giat"), All, "the sub-activity is missing");
    planter.row(Stream::Dpa, 1_204, counting, Gone("kode_dana"), All, "the fund is missing");
    planter.row(Stream::Dpa, 1_507, counting, Gone("kode_skpd"), NoAgency, "the agency is missing");
    planter.row(Stream::Dpa, 1_811, counting, Again, All, "key not unique: a second line under the same id");
    planter.row(
        Stream::Dpa,
        2_112,
        counting,
        Long("keterangan", 6_000),
        All,
        "the description is longer than any text may be",
    );
    planter.row(
        Stream::Dpa,
        2_405,
        counting,
        Set("tahun", "dua ribu dua puluh enam"),
        NoYear,
        "the fiscal year is no number",
    );
    planter.row(
        Stream::Dpa,
        2_701,
        counting,
        Set("rincian", "1250000-"),
        NoAmount,
        "the minus stands behind the amount",
    );

    let any = |_: &World, _: usize| true;
    planter.row(Stream::Rak, 250, any, Set("bulan_7", "n/a"), All, "the amount of July is n/a");
    planter.row(Stream::Rak, 1_500, any, Gone("bulan_12"), All, "the amount of December is missing");

    let spending = |world: &World, row: usize| world.payments[row].is_spending();
    let goods = |world: &World, row: usize| {
        world.payments[row].is_spending() && world.payments[row].kind == PaymentKind::LsGoods
    };
    planter.row(Stream::Sp2d, 101, spending, Set("tanggal_spp", "2026-02-30 00:00:00"), All, "30 February is no date");
    planter.row(Stream::Sp2d, 402, goods, Set("status", "entahlah"), All, "unknown status");
    planter.row(Stream::Sp2d, 703, spending, Set("nilai_sp_2_d", "n/a"), NoAmount, "the amount is n/a");
    planter.row(
        Stream::Sp2d,
        1_004,
        spending,
        Set("detail_belanja.0.kode_rekening", "5.10.20.10.10.024"),
        All,
        "the account of a line has shifted dots",
    );
    planter.row(
        Stream::Sp2d,
        1_305,
        spending,
        Set("tanggal_spm", STRAY_NIP),
        All,
        "a NIP stands where the date of the SPM belongs",
    );
    planter.row(Stream::Sp2d, 1_606, spending, Again, All, "key not unique: a second payment under the same id");
    planter.row(Stream::Sp2d, 1_907, spending, Gone("kode_sub_skpd"), NoAgency, "the agency is missing");
    planter.row(
        Stream::Sp2d,
        150,
        goods,
        Long("keterangan_sp_2_d", 70_000),
        All,
        "the description makes the record too large",
    );
    planter.row(Stream::Sp2d, 300, goods, Gone("detail_belanja.0.jumlah"), All, "the amount of a line is missing");

    let closed = |world: &World, row: usize| world.lra.lines[row].month < 10;
    planter.row(Stream::Lra, 205, closed, Set("periode", "2026-13"), All, "there is no 13th month");
    planter.row(
        Stream::Lra,
        1_010,
        closed,
        Set("nilai_realisasi", "1.250.000,00"),
        NoAmount,
        "the amount is written in another notation",
    );
    planter.row(Stream::Lra, 1_515, closed, Gone("kode_rekening"), All, "the account is missing");
    planter.row(
        Stream::Lra,
        2_020,
        closed,
        Set("tanggal_dokumen", "2026-09-31 00:00:00"),
        All,
        "31 September is no date",
    );
    planter.row(Stream::Lra, 707, closed, Gone(LRA_KEY), All, "the line has no id");
    planter.row(Stream::Lra, 2_525, closed, Again, All, "key not unique: a second line under the same id");

    let settled = |world: &World, row: usize| world.progress[row].month < 10;
    planter.row(
        Stream::Rfk,
        70,
        settled,
        Set("realisasi_fisik", "seratus persen"),
        Nothing,
        "the progress is no number",
    );
    planter.row(
        Stream::Rfk,
        1_400,
        settled,
        Set("realisasi_fisik", "140.5"),
        Nothing,
        "the progress is above 100 percent",
    );
    planter.row(Stream::Rfk, 2_800, settled, Set("tanggal", "2026-06-31"), Nothing, "31 June is no date");

    planter.row(Stream::Simda, 45, any, Gone("total"), NoAmount, "the amount is missing");
    planter.row(Stream::Simda, 512, any, Set("kode_rekening", "5.1.2.1.1.24"), All, "the account lacks its zeros");
    planter.row(Stream::Simda, 990, any, Set("total", "1,250,000.00"), NoAmount, "the amount is grouped by commas");

    let open = |world: &World, row: usize| world.packages[row].active;
    planter.row(
        Stream::Packages,
        33,
        open,
        Set("anggaran.0.mak", "1.06.00.0.00.0010.0.0.21.06.04.1040"),
        All,
        "the MAK is corrupt",
    );
    planter.row(Stream::Packages, 333, open, Set("kd_metode_pengadaan", "99"), All, "unknown procurement method");
    planter.row(Stream::Packages, 633, open, Gone("kd_satker_str"), NoAgency, "the agency is missing");
    planter.row(Stream::Tenders, 5, any, Set("hps", "nihil"), All, "the estimate is no amount");
    let done = |world: &World, row: usize| world.contracts[row].finished() && !world.contracts[row].terminated;
    planter.row(Stream::Contracts, 12, done, Set("tgl_kontrak", "2026-02-30"), All, "30 February is no date");
    planter.row(
        Stream::Contracts,
        112,
        done,
        Set("bapbast.0.progres_pekerjaan", "140"),
        All,
        "the progress is above 100 percent",
    );

    planter.row(Stream::Sp2b, 37, any, Set("Nilai", "#REF!"), NoAmount, "the cell holds a broken reference");
    planter.rba(Set("Jumlah", "menunggu SK"), NoAmount, "the amount is a remark");

    planter.row(Stream::Employees, 77, any, Set("nip", "1900 0101 2001"), Nothing, "the NIP is too short");
    planter.row(Stream::Employees, 444, any, Gone("nama"), Nothing, "the name is missing");
    let approved = |world: &World, row: usize| world.logs[row].status == LogStatus::Approved;
    planter.row(Stream::Logs, 1_300, approved, Set("tanggal", "31/02/2026"), Nothing, "31 February is no date");
    planter.row(Stream::Logs, 6_400, approved, Set("status", "mungkin"), Nothing, "unknown status");
    planter.row(Stream::Logs, 11_500, approved, Gone("id_pegawai"), Nothing, "the employee is missing");
    planter.row(Stream::Logs, 16_600, approved, Set("menit", "dua jam"), Nothing, "the minutes are no number");
    planter.row(
        Stream::Logs,
        21_700,
        approved,
        Set("tanggal", STRAY_NIP),
        Nothing,
        "a NIP stands where the date belongs",
    );
    planter.row(Stream::Logs, 26_800, approved, Set("menit", "-90"), Nothing, "the minutes are negative");
    planter.row(
        Stream::Logs,
        31_900,
        approved,
        Long("uraian", 6_000),
        Nothing,
        "the text is longer than any text may be",
    );
    planter.row(Stream::Logs, 36_000, approved, Again, Nothing, "key not unique: a second entry under the same id");
}
