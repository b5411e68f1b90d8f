//! What the connector's state file costs a record.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use muara_connectors::state::{Mark, Save, State};
use muara_schemas::ContentHash;
use tokio::runtime::Runtime;

use super::{BATCH, stream};

/// The connector's state file: 200,000 keys are known.
struct Known200k {
    runtime: Runtime,
    state: State,
    stream: i64,
    _folder: tempfile::TempDir,
}

impl Known200k {
    const KEYS: usize = 200_000;

    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (state, stream) = runtime.block_on(async {
            let state = State::open(&folder.path().join("state.db")).await.expect("the state file opens");
            let stream = state.stream(&stream()).await.expect("a stream").id;
            (state, stream)
        });
        let known = Self { runtime, state, stream, _folder: folder };
        (0..Self::KEYS).step_by(2 * BATCH).for_each(|first| known.save(&Self::saves(first)));
        known
    }

    fn hash(number: usize) -> [u8; 16] {
        *ContentHash::of(&number.to_le_bytes()).as_bytes()
    }

    fn saves(first: usize) -> Vec<Save> {
        let save = |number: usize| Save {
            key: number.to_string().into(),
            slot: u32::try_from(number).expect("a small number"),
            mark: Mark::Live,
            part: 0,
            raw: Self::hash(number),
            body: Self::hash(number + 1),
            others: Vec::new(),
        };
        (first..first + 2 * BATCH).map(save).collect()
    }

    fn save(&self, saves: &[Save]) {
        let saving = self.state.save(self.stream, saves, 1, None, None);
        self.runtime.block_on(saving).expect("the state is saved");
    }
}

/// Looking up the fingerprints of a batch of rows that stand as they were.
#[divan::bench]
fn look_prints_up(bencher: Bencher<'_, '_>) {
    let known = Known200k::open();
    let keys: Vec<(String, [u8; 16])> =
        (50_000..50_000 + 2 * BATCH).map(|number| (number.to_string(), Known200k::hash(number))).collect();
    let keys: Vec<(&str, [u8; 16])> = keys.iter().map(|(key, hash)| (key.as_str(), *hash)).collect();
    bencher.counter(ItemsCount::new(keys.len())).bench_local(|| {
        let looking = known.state.look(known.stream, 0, black_box(&keys));
        known.runtime.block_on(looking).expect("the prints are found").len()
    });
}

/// Saving the fingerprints of a batch, with the commit.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn save_prints(bencher: Bencher<'_, '_>) {
    let known = Known200k::open();
    let saves = Known200k::saves(50_000);
    bencher.counter(ItemsCount::new(saves.len())).bench_local(|| known.save(black_box(&saves)));
}
