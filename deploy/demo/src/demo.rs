//! The running demo: the world, the systems that serve it, and the driver that moves it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::folder;
use crate::systems::chkp::{self, Chkp};
use crate::systems::inaproc::Inaproc;
use crate::systems::sipd::Sipd;
use crate::systems::{rsud, simda, web};
use crate::truth::Truth;
use crate::world::World;

/// Time between two ticks; every tick changes at least one record that a web service serves.
const PERIOD: Duration = Duration::from_secs(2);

/// Name of the file that holds the right answers.
const TRUTH_FILE: &str = "truth.json";

/// The definitions of the simulated systems, by name of the system.
const DEFINITIONS: [(&str, &str); 5] = [
    ("sipd", include_str!("../connectors/sipd.yaml")),
    ("simda", include_str!("../connectors/simda.yaml")),
    ("inaproc", include_str!("../connectors/inaproc.yaml")),
    ("rsud", include_str!("../connectors/rsud.yaml")),
    ("chkp", include_str!("../connectors/chkp.yaml")),
];

/// One regency with its legacy systems, alive until it is dropped or its token is cancelled.
pub struct Demo {
    stage: Arc<Stage>,
    variables: BTreeMap<String, String>,
    /// Servers and driver; dropping the set ends them.
    _tasks: JoinSet<()>,
}

/// What the driver moves and everybody else looks at.
struct Stage {
    dir: PathBuf,
    sipd: Sipd,
    inaproc: Inaproc,
    moving: Mutex<Moving>,
    /// Held while a tick is made, so that two hands never move the world at once.
    turn: tokio::sync::Mutex<()>,
}

struct Moving {
    world: World,
    chkp: Chkp,
}

impl Demo {
    /// Starts the regency of `seed` in a folder, where it goes on from the tick that it was left at.
    ///
    /// Writes the files of the file-based systems and `truth.json`, opens the web services on free local ports,
    /// and moves the world every two seconds unless it stands `still`.
    /// A folder made with another seed is refused.
    pub async fn start(dir: &Path, seed: u64, still: bool, token: CancellationToken) -> Result<Self> {
        std::fs::create_dir_all(dir).map_err(|source| Error::File {
            act: "creating the folder",
            path: dir.to_owned(),
            source,
        })?;
        let tick = folder::tick(dir, seed)?;
        let secret = secrets(seed);
        let place = dir.to_owned();
        // Making the world and its files takes a good part of a second, which belongs on no async thread.
        let (world, sipd, inaproc, chkp) = tokio::task::spawn_blocking(move || {
            let world = World::at(seed, tick);
            let mut chkp = Chkp::new(&world)?;
            rsud::write(&place, &world)?;
            chkp::write_employees(&place, &world)?;
            chkp::write_logs(&place, &chkp.take())?;
            write_truth(&place, &Truth::of(&world))?;
            folder::remember(&place, seed, tick)?;
            let sipd = Sipd::new(&world, &secret.0);
            let inaproc = Inaproc::new(&world, &secret.1);
            Ok((world, sipd, inaproc, chkp))
        })
        .await
        .map_err(|_| Error::Interrupted)??;
        simda::write(dir, &world).await?;

        let mut tasks = JoinSet::new();
        let sipd_url = web::serve("sipd", sipd.router(), &mut tasks, token.clone()).await?;
        let inaproc_url = web::serve("inaproc", inaproc.router(), &mut tasks, token.clone()).await?;
        let stage = Arc::new(Stage {
            dir: dir.to_owned(),
            sipd,
            inaproc,
            moving: Mutex::new(Moving { world, chkp }),
            turn: tokio::sync::Mutex::new(()),
        });
        if !still {
            tasks.spawn(drive(Arc::clone(&stage), PERIOD, token));
        }
        let (sipd_token, inaproc_token) = secrets(seed);
        let variables = [
            ("MUARA_DEMO_SIPD_URL", sipd_url),
            ("MUARA_DEMO_SIPD_TOKEN", sipd_token),
            ("MUARA_DEMO_INAPROC_URL", inaproc_url),
            ("MUARA_DEMO_INAPROC_TOKEN", inaproc_token),
            ("MUARA_DEMO_SIMDA_URL", format!("sqlite:{}", simda::path(dir).display())),
            ("MUARA_DEMO_FOLDER", dir.display().to_string()),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Self { stage, variables, _tasks: tasks })
    }

    /// The variables that the definitions refer to: addresses, tokens, folder.
    /// They are handed over and never set in the process environment.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// The definitions of all simulated systems: name of the system and text of its YAML file.
    pub const fn definitions() -> &'static [(&'static str, &'static str)] {
        &DEFINITIONS
    }

    /// The right answers for the world as it stands now; the same that `truth.json` holds.
    pub fn truth(&self) -> Truth {
        Truth::of(&self.stage.moving().world)
    }

    /// The tick that the world stands at.
    pub fn tick(&self) -> u64 {
        self.stage.moving().world.tick
    }

    /// Moves the world by one tick now; for tests, and for a world that otherwise stands still.
    pub async fn advance(&self) -> Result<u64> {
        advance(&self.stage).await
    }
}

impl Stage {
    fn moving(&self) -> MutexGuard<'_, Moving> {
        self.moving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tokens of the two web services: secrets of a world that has none, but as long as real ones.
fn secrets(seed: u64) -> (String, String) {
    let token = |system: &str| {
        let hash = blake3::hash(format!("muara-demo {system} {seed}").as_bytes()).to_hex();
        format!("demo-{}", &hash[..32])
    };
    (token("sipd"), token("inaproc"))
}

/// Moves the world every `period` until the token is cancelled.
async fn drive(stage: Arc<Stage>, period: Duration, token: CancellationToken) {
    let mut clock = tokio::time::interval(period);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    clock.tick().await;
    loop {
        tokio::select! {
            () = token.cancelled() => return,
            _ = clock.tick() => {}
        }
        if let Err(error) = advance(&stage).await {
            tracing::error!(%error, "the demo world could not move on");
        }
    }
}

async fn advance(stage: &Arc<Stage>) -> Result<u64> {
    let _turn = stage.turn.lock().await;
    let stage = Arc::clone(stage);
    tokio::task::spawn_blocking(move || {
        let (seed, next) = {
            let moving = stage.moving();
            (moving.world.seed, moving.world.tick + 1)
        };
        folder::remember(&stage.dir, seed, next)?;
        let (truth, export) = {
            let mut moving = stage.moving();
            let changes = moving.world.advance();
            let Moving { world, chkp } = &mut *moving;
            stage.sipd.update(world, &changes);
            stage.inaproc.update(world, &changes);
            chkp.update(world, &changes)?;
            (Truth::of(world), chkp.due(next))
        };
        if let Some(bytes) = export {
            chkp::write_logs(&stage.dir, &bytes)?;
        }
        write_truth(&stage.dir, &truth)?;
        Ok(next)
    })
    .await
    .map_err(|_| Error::Interrupted)?
}

fn write_truth(dir: &Path, truth: &Truth) -> Result<()> {
    let mut bytes = serde_json::to_vec_pretty(truth).map_err(Error::Json)?;
    bytes.push(b'\n');
    folder::replace(&dir.join(TRUTH_FILE), &bytes)
}
