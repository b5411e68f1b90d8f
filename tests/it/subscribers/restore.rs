//! `muara restore` of an older backup: everybody is told to start anew, and ends with what stands.

use std::collections::BTreeMap;
use std::time::Duration;

use muara_tests::wait_telling;

use super::site::Site;

const PATIENCE: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_everybody_starts_anew_and_ends_with_what_stands() {
    let mut site = Site::start().await;
    site.all_told(PATIENCE).await;
    drop(site.office.program().run(&["backup", "muara.backup"]).well());
    // What the backup does not know: records that changed, and some that went.
    site.office.legacy("update ta_belanja set total = '77.00' where id <= 300").await;
    site.office.legacy("delete from ta_belanja where id > 1690").await;
    site.all_changed(300).await;
    site.all_told(PATIENCE).await;
    site.running.hub.kill();
    // While the hub is away the source goes on.
    site.office.legacy("update ta_belanja set total = '88.00' where id <= 100").await;

    drop(site.office.program().run(&["restore", "muara.backup", "--yes"]).well());
    site.running.hub = site.office.start_hub();

    let told = async || site.listeners().iter().all(|(_, heard)| heard.was_told_to_start_anew());
    let tell = || {
        let anew = site.listeners().map(|(name, heard)| format!("{name}: {}", heard.was_told_to_start_anew()));
        format!("{}\n{}", anew.join(", "), site.office.said())
    };
    wait_telling("everybody to be told to start anew", PATIENCE, told, tell).await;
    let settled = async || {
        let stands = site.stands().await;
        let changed = stands.values().filter(|amount| *amount == "88.00").count();
        changed == 100 && site.listeners().iter().all(|(_, heard)| heard.state() == stands)
    };
    let tell = || {
        let counts = site.listeners().map(|(name, heard)| {
            let state: BTreeMap<String, String> = heard.state();
            format!(
                "{name}: {} records, {} new",
                state.len(),
                state.values().filter(|amount| *amount == "88.00").count()
            )
        });
        format!("{}\n{}", counts.join(", "), site.office.said())
    };
    wait_telling("everybody to hold what stands", PATIENCE, settled, tell).await;
}
