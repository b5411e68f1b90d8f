//! The log: gap-free, in commit order, whoever writes.

use std::sync::Arc;

use crate::engine::on_both;
use crate::feed::{line, number, page, take};
use muara_hub::store::{head, readers};
use muara_schemas::page::Page;

#[tokio::test]
async fn twenty_writers_leave_no_gap_and_time_never_runs_backwards() {
    on_both(async |engine| {
        let hub = Arc::new(engine.hub.clone());
        let writers: Vec<_> = (0..20_u8)
            .map(|writer| {
                let hub = Arc::clone(&hub);
                tokio::task::spawn(async move {
                    for round in 0..10_u32 {
                        let records = vec![line(&format!("{writer}-{round}"), u64::from(round)), line("same", u64::from(round))];
                        let stream = format!("dpa-{writer}");
                        take(&hub, vec![Page { stream, records, ..page(writer + 1, None, round + 1) }]).await;
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }

        let hub = &engine.hub;
        assert_eq!(number(hub, "select count(*) from changes").await, 400, "{}", engine.name);
        assert_eq!(number(hub, "select max(seq) - min(seq) + 1 from changes").await, 400);
        assert_eq!(number(hub, "select seq from log_head").await, 400);
        assert_eq!(
            number(hub, "select count(*) from changes a join changes b on b.seq = a.seq + 1 where b.at < a.at").await,
            0
        );
        assert_eq!(
            number(hub, "select count(*) from (select record from changes group by record having count(*) <> max(version)) uneven").await,
            0
        );
    })
    .await;
}

#[tokio::test]
async fn a_unit_of_work_that_is_dropped_leaves_no_place_behind() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let mut tx = hub.db.write().await.unwrap();
        head::advance(&mut tx, 5, hub.clock.now()).await.unwrap();
        drop(tx);
        take(hub, vec![Page { records: vec![line("a", 1)], ..page(1, None, 1) }]).await;
        assert_eq!(number(hub, "select seq from changes").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_lease_is_held_by_one_and_a_lost_one_moves_no_cursor() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let mut tx = hub.db.write().await.unwrap();
        assert_eq!(readers::lease(&mut tx, "r", "first", "e", 60).await.unwrap(), Some(0));
        assert_eq!(readers::lease(&mut tx, "r", "second", "e", 60).await.unwrap(), None, "{}", engine.name);
        readers::advance(&mut tx, "r", "first", 0, 7).await.unwrap();
        assert!(readers::advance(&mut tx, "r", "first", 0, 7).await.is_err(), "the cursor was moved already");
        assert!(readers::advance(&mut tx, "r", "second", 7, 9).await.is_err());
        readers::release(&mut tx, "r", "first").await.unwrap();
        assert_eq!(readers::lease(&mut tx, "r", "second", "e", -1).await.unwrap(), Some(7));
        assert_eq!(readers::lease(&mut tx, "r", "third", "e", 60).await.unwrap(), Some(7), "an expired lease is free");
    })
    .await;
}

#[tokio::test]
async fn a_restore_makes_a_new_epoch() {
    on_both(async |engine| {
        let mut tx = engine.hub.db.write().await.unwrap();
        let before = head::read(&mut tx).await.unwrap();
        head::renew_epoch(&mut tx, [1, 2, 3, 4]).await.unwrap();
        let after = head::read(&mut tx).await.unwrap();
        assert_eq!((after.epoch.as_str(), after.seq), ("01020304", before.seq));
        assert_ne!(before.epoch, after.epoch);
        assert_eq!(after.position(3), "01020304-3");
    })
    .await;
}
