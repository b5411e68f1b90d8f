//! Totals: deltas end where a rebuild from zero ends, to the last sen.

use crate::engine::on_both;
use crate::feed::{catch_up, full, line, number, take};
use muara_hub::Hub;
use muara_hub::access::Viewer;
use muara_hub::projector;
use muara_hub::store::figures;
use muara_schemas::Rupiah;

async fn budget(hub: &Hub) -> Vec<(i64, Rupiah, i64)> {
    let mut tx = hub.db.read().await.unwrap();
    let year = number(hub, "select fiscal_year from records limit 1").await;
    let sums = figures::sums(&mut tx, &Viewer::internal(), year, "apbd", None).await.unwrap();
    sums.into_iter().map(|sum| (sum.stage, sum.amount, sum.records)).collect()
}

#[tokio::test]
async fn sums_follow_every_change_and_a_rebuild_gives_the_same() {
    on_both(async |engine| {
        let hub = &engine.hub;
        take(hub, vec![full(1, None, vec![line("a", 10), line("b", 20), line("c", 999_999_999_999_999_999)])]).await;
        catch_up(hub).await;
        take(hub, vec![full(2, Some(1), vec![line("a", 15), line("b", 20), line("c", 1)])]).await;
        catch_up(hub).await;
        assert_eq!(budget(hub).await, [(0, Rupiah::from_cents(3600), 3)], "{}", engine.name);

        projector::rebuild(&hub.db).await.unwrap();
        assert!(budget(hub).await.is_empty());
        catch_up(hub).await;
        assert_eq!(budget(hub).await, [(0, Rupiah::from_cents(3600), 3)]);
    })
    .await;
}

#[tokio::test]
async fn sums_beyond_64_bits_are_exact() {
    on_both(async |engine| {
        let hub = &engine.hub;
        let huge: Vec<_> = (0..300).map(|n| line(&format!("k{n:03}"), 999_999_999_999_999_999)).collect();
        take(hub, vec![full(1, None, huge)]).await;
        catch_up(hub).await;
        let expected = Rupiah::from_cents(300 * 99_999_999_999_999_999_900);
        assert_eq!(budget(hub).await, [(0, expected, 300)], "{}", engine.name);
    })
    .await;
}
