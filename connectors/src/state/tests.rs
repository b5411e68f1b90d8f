//! The state file: what is saved is found again, packed or not.

use muara_schemas::page::RunId;
use muara_schemas::{Moment, StreamName};
use proptest::prelude::*;

use super::*;

struct File {
    _folder: tempfile::TempDir,
    state: State,
    id: i64,
    name: StreamName,
}

async fn file() -> File {
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(&folder.path().join("state.db")).await.unwrap();
    let name = StreamName::new("33.02", "sipd", "dpa");
    let id = state.stream(&name).await.unwrap().id;
    File { _folder: folder, state, id, name }
}

fn save(key: &str, slot: u32, mark: Mark, raw: u8) -> Save {
    Save { key: key.into(), slot, mark, part: 3, raw: [raw; 16], body: [raw + 1; 16], others: Vec::new() }
}

#[tokio::test]
async fn what_is_saved_is_found() {
    let File { state, id, name, .. } = &file().await;
    let mut odd = save("k\"\\ é|\n", 7, Mark::NotUnique, 9);
    odd.others = vec![[4; 16], [5; 16]];
    state
        .save(*id, &[save("a", 1, Mark::Live, 1), odd, save("c", 2, Mark::Quarantined, 3)], 8, None, None)
        .await
        .unwrap();
    let found = state
        .look(*id, 3, &[("zzz", NONE), ("a", [1; 16]), ("k\"\\ é|\n", [9; 16]), ("c", [0; 16]), ("a", [2; 16])])
        .await
        .unwrap();
    assert_eq!(found[0], None);
    assert_eq!(
        found[1].as_ref().map(|print| (print.slot, print.raw, print.body)),
        Some((1, [1; 16], NONE)),
        "known, so its body is not read"
    );
    let other = found[2].as_ref().unwrap();
    assert_eq!((other.slot, other.mark, other.part, other.raw, other.body), (7, Mark::NotUnique, 3, [9; 16], [10; 16]));
    assert_eq!(other.others, vec![[4; 16], [5; 16]]);
    assert_eq!(found[3].as_ref().map(|print| (print.mark, print.raw)), Some((Mark::Quarantined, [3; 16])));
    assert_eq!(found[4].as_ref().map(|print| (print.raw, print.body)), Some(([1; 16], [2; 16])));
    let moved = state.look(*id, 4, &[("a", [1; 16])]).await.unwrap();
    assert_eq!(moved[0].as_ref().map(|print| print.body), Some([2; 16]), "from another part everything is read");
    let rows = state.scan(*id, "").await.unwrap();
    assert_eq!(
        rows.iter().map(|row| (&*row.key, row.slot, row.body)).collect::<Vec<_>>(),
        [("a", 1, [2; 16]), ("c", 2, [4; 16]), ("k\"\\ é|\n", 7, [10; 16])]
    );
    assert!(state.scan(*id, "k\"\\ é|\n").await.unwrap().is_empty());
    assert_eq!(state.stream(name).await.unwrap().next_slot, 8);
}

#[tokio::test]
async fn the_end_of_a_run_moves_everything_at_once() {
    let File { state, id, name, .. } = &file().await;
    let keys = ["a", "b", "c", "d", "e"];
    let saves: Vec<Save> = keys.iter().zip(0..).map(|(key, slot)| save(key, slot, Mark::Live, 1)).collect();
    state.save(*id, &saves, 5, None, None).await.unwrap();
    let list = |key: &str| vec![Box::from(key)];
    let closing =
        Closing { gone: list("a"), held: list("b"), missed: list("c"), back: list("d"), unsettled: list("e") };
    let advance = Advance {
        definition: Some("d1".to_owned()),
        cursor: Some("2026".to_owned()),
        full_at: Some(Moment::from_micros(5)),
        learned: None,
    };
    state.save(*id, &[], 5, Some(&advance), Some(&closing)).await.unwrap();
    let rows = state.scan(*id, "").await.unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (&*row.key, row.mark, row.missed, row.body == NONE)).collect();
    assert_eq!(
        seen,
        [
            ("b", Mark::Held, 1, false),
            ("c", Mark::Live, 1, false),
            ("d", Mark::Live, 0, false),
            ("e", Mark::Live, 0, true)
        ]
    );
    let run = RunId::new([7; 16]);
    state.begin(*id, run).await.unwrap();
    let kept = state.stream(name).await.unwrap();
    assert_eq!(
        (kept.definition.as_str(), kept.cursor.as_deref(), kept.run, kept.full_at),
        ("d1", Some("2026"), Some(run), Some(Moment::from_micros(5)))
    );
    state.reread(*id, &["c".to_owned(), "none".to_owned()]).await.unwrap();
    assert_eq!(state.look(*id, 3, &[("c", [1; 16])]).await.unwrap()[0].as_ref().map(|print| print.raw), Some(NONE));
    state.forget(*id).await.unwrap();
    let kept = state.stream(name).await.unwrap();
    assert_eq!((kept.cursor, kept.run, kept.full_at, kept.next_slot), (None, None, None, 0));
    assert!(state.scan(*id, "").await.unwrap().is_empty());
}

#[tokio::test]
async fn streams_and_parts_stand_apart() {
    let File { state, id, .. } = &file().await;
    let other = state.stream(&StreamName::new("33.02", "sipd", "other")).await.unwrap().id;
    state.save(*id, &[save("a", 0, Mark::Live, 1)], 1, None, None).await.unwrap();
    assert_eq!(state.look(other, 0, &[("a", [1; 16])]).await.unwrap(), [None]);
    let part = state.part(*id, "1.csv").await.unwrap();
    assert_eq!(state.part(*id, "1.csv").await.unwrap(), part);
    assert_ne!(state.part(other, "1.csv").await.unwrap(), part);
    assert_eq!(state.parts(*id).await.unwrap(), [(part, "1.csv".to_owned())]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_key_is_found_and_scanned(keys in prop::collection::btree_set("[^\u{0}]{1,20}", 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let File { state, id, .. } = &file().await;
            let saves: Vec<Save> = keys.iter().zip(0..).map(|(key, slot)| save(key, slot, Mark::Live, 1)).collect();
            state.save(*id, &saves, 40, None, None).await.unwrap();
            let probes: Vec<_> = keys.iter().map(|key| (key.as_str(), [1; 16])).collect();
            let found = state.look(*id, 3, &probes).await.unwrap();
            assert!(found.iter().zip(0..).all(|(print, slot)| print.as_ref().is_some_and(|print| print.slot == slot)));
            let scanned: Vec<String> = state.scan(*id, "").await.unwrap().into_iter().map(|row| row.key.into()).collect();
            assert_eq!(scanned, keys.iter().cloned().collect::<Vec<_>>());
        });
    }
}

fn pushed(key: &str, raw: &str) -> Pushed {
    Pushed { key: key.to_owned(), raw: raw.into() }
}

#[tokio::test]
async fn of_what_was_handed_over_the_newest_is_kept_within_bounds() {
    const DAY: i64 = 86_400;
    let File { state, id, .. } = &file().await;
    let now = Moment::default().plus_secs(100 * DAY);
    let keys =
        async || -> Vec<String> { state.pushed(*id).await.unwrap().into_iter().map(|pushed| pushed.key).collect() };
    let odd = pushed("k\"|é\n", "{\"a\":\"\\u0000\", \"b\":9007199254740993}");
    state.keep_pushed(*id, &[pushed("a", "1"), odd.clone(), pushed("b", "2")], false, now).await.unwrap();
    state.keep_pushed(*id, &[pushed("a", "3")], false, now.plus_secs(5 * DAY)).await.unwrap();
    assert_eq!(state.pushed(*id).await.unwrap(), [odd, pushed("b", "2"), pushed("a", "3")], "the newest stands last");

    state.keep_pushed(*id, &[pushed("c", "4")], false, now.plus_secs(8 * DAY)).await.unwrap();
    assert_eq!(keys().await, ["a", "c"], "a week is over for the others");
    state.drop_pushed(*id, &["a".to_owned()]).await.unwrap();
    assert_eq!(keys().await, ["c"]);
    state.keep_pushed(*id, &[pushed("d", "5")], true, now.plus_secs(8 * DAY)).await.unwrap();
    assert_eq!(keys().await, ["d"], "a whole body is all there is");

    let many: Vec<Pushed> = (0..10_001).map(|number| pushed(&number.to_string(), "x")).collect();
    state.keep_pushed(*id, &many, false, now.plus_secs(8 * DAY)).await.unwrap();
    let kept = keys().await;
    assert_eq!((kept.len(), kept[0].as_str()), (10_000, "1"));
    let large: Vec<Pushed> = (0..5).map(|number| pushed(&number.to_string(), &"y".repeat(8 << 20))).collect();
    state.keep_pushed(*id, &large, false, now.plus_secs(8 * DAY)).await.unwrap();
    assert_eq!(keys().await, ["1", "2", "3", "4"], "four times 8 MiB are all that is kept");
}

#[tokio::test]
async fn answers_are_kept_for_a_day_and_not_without_end() {
    let File { state, id, .. } = &file().await;
    let now = Moment::default().plus_secs(1_000_000);
    let answered = |body: &str| Answered { asked: [7; 32], body: body.to_owned() };
    state.keep_answer(*id, "a", &answered("first"), now).await.unwrap();

    assert_eq!(state.answer(*id, "a", now.plus_secs(86_400)).await.unwrap(), Some(answered("first")));
    assert_eq!(state.answer(*id, "a", now.plus_secs(86_401)).await.unwrap(), None);
    assert_eq!(state.answer(*id + 1, "a", now).await.unwrap(), None, "another stream has keys of its own");
    for number in 0..3 {
        state.keep_answer(*id, &number.to_string(), &answered(&"z".repeat(7 << 20)), now).await.unwrap();
    }
    assert_eq!(state.answer(*id, "a", now).await.unwrap(), None, "the oldest go first");
    assert!(
        state.answer(*id, "0", now).await.unwrap().is_none() && state.answer(*id, "1", now).await.unwrap().is_some()
    );
}

#[tokio::test]
async fn a_file_of_a_version_without_pushes_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let state = State::open(&path).await.unwrap();
    let name = StreamName::new("33.02", "sipd", "dpa");
    let id = state.stream(&name).await.unwrap().id;
    state.save(id, &[save("a", 1, Mark::Live, 1)], 2, None, None).await.unwrap();
    sqlx::raw_sql("drop table pushed; drop table answered").execute(&state.write).await.unwrap();
    state.close().await;

    let state = State::open(&path).await.unwrap();

    assert_eq!(state.count(id).await.unwrap(), 1);
    assert!(state.pushed(id).await.unwrap().is_empty());
}
