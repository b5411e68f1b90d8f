//! One seed, one world; and a world that goes on where it was left.

use std::path::Path;
use std::time::Duration;

use muara_demo::{Demo, Error};
use tokio_util::sync::CancellationToken;

use crate::client::Town;

const FILES: [&str; 6] =
    ["truth.json", "world.tick", "rsud/RBA_2026.xlsx", "rsud/SP2B_2026.xlsx", "chkp/chkp_2026.csv", "chkp/pegawai.csv"];

fn bytes(folder: &Path) -> Vec<Vec<u8>> {
    FILES.iter().map(|file| std::fs::read(folder.join(file)).unwrap()).collect()
}

#[tokio::test]
async fn one_seed_is_one_world_byte_for_byte() {
    let (one, other) = (Town::new(11).await, Town::new(11).await);
    for _ in 0..3 {
        one.demo.advance().await.unwrap();
        other.demo.advance().await.unwrap();
    }
    assert_eq!(bytes(one.folder.path()), bytes(other.folder.path()));
    for list in ["skpd", "renja", "dpa", "rak", "sp2d", "lra", "rfk"] {
        assert_eq!(one.sipd(list).await, other.sipd(list).await, "{list}");
    }
    for list in ["rup/paket-penyedia-terumumkan", "tender/pengumuman", "tender/tender-ekontrak-kontrak"] {
        assert_eq!(one.inaproc(list, 1000).await, other.inaproc(list, 1000).await, "{list}");
    }
    let third = Town::new(12).await;
    assert_ne!(third.sipd("dpa").await, one.sipd("dpa").await);
}

#[tokio::test]
async fn a_restart_goes_on_from_the_tick() {
    let town = Town::new(7).await;
    for _ in 0..25 {
        town.demo.advance().await.unwrap();
    }
    let (truth, payments) = (town.demo.truth(), town.sipd("sp2d").await);
    let Town { demo, folder, token, .. } = town;
    token.cancel();
    drop(demo);

    let again = Demo::start(folder.path(), 7, true, CancellationToken::new()).await.unwrap();
    assert_eq!((again.tick(), again.truth()), (25, truth));
    assert_eq!(again.advance().await.unwrap(), 26);
    drop(again);
    let refused = Demo::start(folder.path(), 8, true, CancellationToken::new()).await.err();
    assert!(matches!(refused, Some(Error::OtherSeed { wanted: 8, found: 7, .. })), "{refused:?}");

    let fresh = Town::new(7).await;
    for _ in 0..25 {
        fresh.demo.advance().await.unwrap();
    }
    assert_eq!(fresh.sipd("sp2d").await, payments);
}

#[tokio::test]
async fn the_world_moves_by_itself_until_it_is_told_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let token = CancellationToken::new();
    let demo = Demo::start(folder.path(), 7, false, token.clone()).await.unwrap();
    let moved = async {
        let mut look = tokio::time::interval(Duration::from_millis(50));
        while demo.tick() < 2 {
            look.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), moved).await.expect("the world moves every two seconds");
    token.cancel();
    let written = || std::fs::read_to_string(folder.path().join("world.tick")).unwrap();
    let kept: u64 = written().split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kept >= 2);
}

#[test]
fn definitions_refer_to_variables_and_hold_no_secret() {
    let definitions = Demo::definitions();
    assert_eq!(definitions.len(), 5);
    for (name, yaml) in definitions {
        assert!(yaml.contains(&format!("id: {name},")), "{name}");
        assert!(yaml.contains("{env: MUARA_DEMO_"), "{name}");
    }
}
