//! SIMDA Keuangan, the old bookkeeping: a database file that holds part of the budget again.
//!
//! Tables are named and shaped like the original's (`Ta_RASK_Arsip`, `Ref_Sub_Unit`): codes in pieces, as integers.
//! The view `v_belanja_muara` puts the pieces together, as the administrator of such a database does for a reader.

use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::error::{Error, Result};
use crate::folder::{beside, moved};
use crate::systems::raw::{Cells, break_cells};
use crate::world::{ACCOUNTS, Stage, Stream, World};

/// Name of the database in the folder.
const FILE: &str = "simda.db";

/// Tables and the view; `Kd_Perubahan` 4 is the first budget and 6 the revised one.
const SCHEMA: [&str; 3] = [
    "create table Ref_Sub_Unit (Tahun integer not null, Kd_Urusan integer not null, Kd_Bidang integer not null, \
     Kd_Unit integer not null, Kd_Sub integer not null, Nm_Sub_Unit text not null, Kd_Skpd_90 text not null, \
     primary key (Tahun, Kd_Urusan, Kd_Bidang, Kd_Unit, Kd_Sub))",
    "create table Ta_RASK_Arsip (No_ID integer primary key, Tahun integer not null, Kd_Perubahan integer not null, \
     Kd_Urusan integer not null, Kd_Bidang integer not null, Kd_Unit integer not null, Kd_Sub integer not null, \
     Kd_Sub_Kegiatan_90 text not null, Kd_Rek_1 integer not null, Kd_Rek_2 integer not null, Kd_Rek_3 integer not null, \
     Kd_Rek_4 integer not null, Kd_Rek_5 integer not null, Kd_Rek_6 integer not null, Kode_Rekening text not null, \
     Kd_Sumber text not null, Keterangan text, Total text, Kunci integer not null, Last_Update text not null)",
    "create view v_belanja_muara as select a.No_ID as no_id, a.Tahun as tahun, u.Kd_Skpd_90 as kode_skpd, \
     a.Kd_Sub_Kegiatan_90 as kode_sub_kegiatan, a.Kode_Rekening as kode_rekening, a.Kd_Sumber as kode_dana, \
     a.Kd_Perubahan as kd_perubahan, a.Kunci as kunci, a.Keterangan as keterangan, a.Total as total, \
     a.Last_Update as last_update from Ta_RASK_Arsip a join Ref_Sub_Unit u on u.Tahun = a.Tahun \
     and u.Kd_Urusan = a.Kd_Urusan and u.Kd_Bidang = a.Kd_Bidang and u.Kd_Unit = a.Kd_Unit and u.Kd_Sub = a.Kd_Sub",
];

/// Address of the database in a folder.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// Writes the database anew and puts it in its place whole.
pub(crate) async fn write(folder: &Path, world: &World) -> Result<()> {
    let path = path(folder);
    let new = beside(&path);
    if new.exists() {
        std::fs::remove_file(&new).map_err(|source| Error::File { act: "removing", path: new.clone(), source })?;
    }
    fill(&new, world).await.map_err(Error::Database)?;
    moved(&new, &path)
}

async fn fill(file: &Path, world: &World) -> std::result::Result<(), sqlx::Error> {
    // One file without a journal beside it, so that it can be moved.
    let options =
        SqliteConnectOptions::new().filename(file).create_if_missing(true).journal_mode(SqliteJournalMode::Delete);
    let mut connection: SqliteConnection = options.connect().await?;
    let mut transaction = connection.begin().await?;
    for statement in SCHEMA {
        sqlx::query(statement).execute(&mut *transaction).await?;
    }
    for agency in world.agencies.iter().filter(|agency| agency.in_simda) {
        let unit = numbers(agency.code);
        sqlx::query("insert into Ref_Sub_Unit values (2026, $1, $2, $3, 1, $4, $5)")
            .bind(unit[0])
            .bind(unit[1])
            .bind(unit[6])
            .bind(agency.name)
            .bind(agency.code)
            .execute(&mut *transaction)
            .await?;
    }
    for row in 0..world.simda.len() {
        insert(&mut transaction, world, row).await?;
    }
    transaction.commit().await?;
    connection.close().await
}

async fn insert(transaction: &mut SqliteConnection, world: &World, row: usize) -> std::result::Result<(), sqlx::Error> {
    let entry = &world.simda[row];
    let line = &world.lines[entry.line];
    let post = &world.posts[line.post];
    let account = ACCOUNTS[post.account].code;
    let unit = numbers(world.agencies[post.agency].code);
    let rek = numbers(account);
    let mut cells: Cells = vec![("kode_rekening", Some(account.to_owned())), ("total", Some(entry.amount.to_string()))];
    break_cells(&mut cells, world.defects.get(&(Stream::Simda, row)));
    let mut cells = cells.into_iter().map(|(_, text)| text);
    sqlx::query(
        "insert into Ta_RASK_Arsip values ($1, 2026, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(line.id)
    .bind(if line.stage == Stage::Murni { 4 } else { 6 })
    .bind(unit[0])
    .bind(unit[1])
    .bind(unit[6])
    .bind(world.subs[post.sub].code.as_str())
    .bind(rek[0])
    .bind(rek[1])
    .bind(rek[2])
    .bind(rek[3])
    .bind(rek[4])
    .bind(rek[5])
    .bind(cells.next().flatten())
    .bind(post.fund_code())
    .bind(format!("{} untuk {}", ACCOUNTS[post.account].name, world.subs[post.sub].name))
    .bind(cells.next().flatten())
    .bind(i64::from(line.locked))
    .bind(line.updated.strftime("%Y-%m-%d %H:%M:%S").to_string())
    .execute(transaction)
    .await?;
    Ok(())
}

/// The parts of a code as the integers that SIMDA keeps; ten of them, missing ones zero.
fn numbers(code: &str) -> [i64; 10] {
    let mut parts = [0; 10];
    for (place, part) in parts.iter_mut().zip(code.split('.')) {
        *place = part.parse().unwrap_or(0);
    }
    parts
}
