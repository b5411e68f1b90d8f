//! W1: budget lines from one PostgreSQL to another, beside the floors and the peers, all in one run.
//!
//! `cargo bench -p muara-tests --bench w1`; what is measured and how to read it: README.md beside this folder.

mod floor;
mod installation;
mod meter;
mod peers;
mod report;
mod settings;
mod world;

use std::path::Path;

use anyhow::Result;

use installation::{Installation, Reading};
use peers::Way;
use report::Report;
use settings::Settings;
use world::World;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let settings = Settings::read()?;
    let program = installation::program(settings.program.as_deref())?;
    eprintln!("starting the servers and loading {} rows", settings.rows);
    let mut world = World::start(settings.rows).await?;
    let mut report = Report::new(settings.rows);
    for round in 1..=settings.rounds {
        eprintln!("round {round} of {}", settings.rounds);
        if settings.wants("floor") {
            floors(&world, &mut report).await?;
        }
        if let Some(sling) = settings.sling.as_deref().filter(|_| settings.wants("sling")) {
            with_sling(&mut world, &mut report, sling).await?;
        }
        if let Some(dlt) = settings.dlt.as_deref().filter(|_| settings.wants("dlt")) {
            with_dlt(&mut world, &mut report, dlt).await?;
        }
        if settings.wants("muara") {
            with_muara(&mut world, &mut report, &program).await?;
        }
        if settings.wants("cursor") {
            by_cursor(&mut world, &mut report, &program).await?;
        }
        if settings.wants("sqlite") {
            let mut small = Installation::small(&world, &program).await?;
            report.add(report::MUARA_SMALL, small.whole(&world, u64::from(world.rows)).await?);
            small.end(&world).await?;
        }
    }
    println!(
        "W1, {} rows, medians of {} rounds\n\n{}\n{}",
        settings.rows,
        settings.rounds,
        report.table(),
        report.goals()
    );
    if let Some(noise) = report.noise() {
        println!("{noise}");
    }
    Ok(())
}

async fn floors(world: &World, report: &mut Report) -> Result<()> {
    report.add(report::READ, floor::read_structs(world).await?);
    report.add("read: stream of texts", floor::read_texts(world).await?);
    report.add("W1a floor, COPY out and in", floor::copy(world).await?);
    report.add("W1a floor, UNNEST upsert of 1,000", floor::upsert(world).await?);
    Ok(())
}

async fn with_sling(world: &mut World, report: &mut Report, sling: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    world.clear_destination("sling").await?;
    report.add(report::SLING_A, peers::sling(world, sling, folder.path(), Way::Refresh).await?);
    report.add(report::SLING_B, peers::sling(world, sling, folder.path(), Way::Merge).await?);
    world.change().await?;
    report.add("W1c sling, merge", peers::sling(world, sling, folder.path(), Way::Merge).await?);
    report.add(report::SLING_B_CURSOR, peers::sling(world, sling, folder.path(), Way::Cursor).await?);
    world.change().await?;
    report.add("W1c sling, by cursor", peers::sling(world, sling, folder.path(), Way::Cursor).await?);
    world.clear_destination("sling").await
}

async fn with_dlt(world: &mut World, report: &mut Report, dlt: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    world.clear_destination("dlt").await?;
    report.add(report::DLT_A, peers::dlt(world, dlt, folder.path(), Way::Merge).await?);
    report.add(report::DLT_B, peers::dlt(world, dlt, folder.path(), Way::Merge).await?);
    world.change().await?;
    report.add("W1c dlt, merge", peers::dlt(world, dlt, folder.path(), Way::Merge).await?);
    // Its first run with a cursor reads everything, as ours does.
    peers::dlt(world, dlt, folder.path(), Way::Cursor).await?;
    report.add("W1b dlt, by cursor", peers::dlt(world, dlt, folder.path(), Way::Cursor).await?);
    world.change().await?;
    report.add("W1c dlt, by cursor", peers::dlt(world, dlt, folder.path(), Way::Cursor).await?);
    world.clear_destination("dlt").await
}

async fn with_muara(world: &mut World, report: &mut Report, program: &Path) -> Result<()> {
    let mut large = Installation::large(world, program, Reading::Whole).await?;
    report.add(report::MUARA_A, large.once(world, u64::from(world.rows)).await?);
    report.add(report::MUARA_B, large.once(world, 0).await?);
    let changed = world.change().await?;
    report.add(report::MUARA_C, large.once(world, changed).await?);
    large.end(world).await
}

async fn by_cursor(world: &mut World, report: &mut Report, program: &Path) -> Result<()> {
    let mut large = Installation::large(world, program, Reading::Cursor).await?;
    // The first read is whole and is measured above.
    large.once(world, u64::from(world.rows)).await?;
    report.add(report::MUARA_B_CURSOR, large.scheduled(world, 0).await?);
    let changed = world.change().await?;
    report.add("**W1c Muara**, by cursor", large.scheduled(world, changed).await?);
    large.end(world).await
}
