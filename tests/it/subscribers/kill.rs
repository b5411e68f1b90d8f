//! kill -9 of hub, broker and receiver in turn, while records change.

use std::time::Duration;

use muara_schemas::random;

use super::site::Site;
use crate::office::ROWS;

/// How often something dies; `MUARA_SUBSCRIBERS_KILLS` asks for more.
const KILLS: u32 = 8;
/// How many records change before each death.
const CHANGED: u32 = 500;
/// The longest that a hub, a broker or a receiver stays dead.
const DEAD_MILLIS: u64 = 1_500;
const PATIENCE: Duration = Duration::from_mins(6);

#[tokio::test(flavor = "multi_thread")]
async fn whatever_dies_everybody_is_told_every_change_once_and_in_order() {
    let kills = std::env::var("MUARA_SUBSCRIBERS_KILLS").map_or(KILLS, |text| text.parse().expect("a number"));
    let mut site = Site::start().await;
    let mut deaths = 0;
    for round in 0..kills {
        let from = (round * CHANGED) % (ROWS - CHANGED) + 1;
        let change = format!(
            "update ta_belanja set total = printf('%d.%02d', id * 7919 + {round} + 1, id % 100) where id between {from} and {}",
            from + CHANGED - 1
        );
        site.office.legacy(&change).await;
        // The legacy system is read each second; what dies does so anywhere between reading and telling.
        tokio::time::sleep(Duration::from_millis(300 + chance(1_500))).await;
        let dead = Duration::from_millis(chance(DEAD_MILLIS));
        match round % 4 {
            0 | 2 => {
                site.running.hub.kill();
                tokio::time::sleep(dead).await;
                site.running.hub = site.office.start_hub();
            }
            1 => {
                site.services.kill_rabbit();
                tokio::time::sleep(dead).await;
                site.services.start_rabbit();
            }
            _ => {
                site.kill_receiver();
                tokio::time::sleep(dead).await;
                site.start_receiver().await;
            }
        }
        deaths += 1;
    }

    site.all_told(PATIENCE).await;

    let (_, places) = site.log().await;
    assert!(places.len() >= ROWS as usize + CHANGED as usize, "something changed");
    for (name, heard) in site.listeners() {
        let repeats = heard.count() - heard.ids().len();
        eprintln!("{name}: {} changes, {deaths} deaths, {repeats} repeats", places.len());
        assert!(repeats * 100 <= places.len() * 10, "{name}: {repeats} repeats of {}", places.len());
    }
}

fn chance(below: u64) -> u64 {
    u64::from_le_bytes(random::bytes()) % below
}
