//! A view that is not what the source says: found by the proof, and mended.

use muara_tests::{services, wait_until};

use crate::office::{Office, SETTLE, Size, oracle};

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_found_and_mended() {
    damaged_and_mended(Office::new(Size::Small, None).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_server_is_found_and_mended() {
    damaged_and_mended(Office::new(Size::Large, Some(services())).await).await;
}

async fn damaged_and_mended(office: Office) {
    let _running = office.start();
    office.settles_on(oracle().await, "the first sync").await;
    let broken = "select count(*) from runs where proof_digest <> hub_digest";
    let compared = "select count(*) from runs where kind = 'compare' and state = 'complete'";

    // One record is taken for deleted, one says something else, and one is there that the source never had.
    office.damage("update records set deleted_at = 1 where key = '7'").await;
    office.damage("update records set hash = (select hash from records where key = '9') where key = '8'").await;
    office.damage("update records set key = 'never', id = hash where key = '10'").await;
    office.legacy("update ta_belanja set uraian = 'changed' where id = 11").await;
    wait_until("the proof to break", SETTLE, async || office.number(broken).await >= 1).await;
    wait_until("the comparison", SETTLE, async || office.number(compared).await >= 1).await;
    office.legacy("update ta_belanja set uraian = 'Belanja 11 ' || hex(zeroblob(60)) where id = 11").await;

    office.settles_on(oracle().await, "the mended view").await;
    drop(office.program().run(&["view", "rebuild"]).well());
    office.settles_on(oracle().await, "the view that was built anew").await;
    assert_eq!(office.number("select count(*) from findings where closed_at is null").await, 0);
    assert_eq!(office.number("select count(*) from records where key = 'never' and deleted_at is null").await, 0);
}
