//! What work costs: wall time, CPU by process tree, peak memory; all of it from `/proc`.

use std::fs;
use std::time::{Duration, Instant};

/// Ticks in a second of the CPU times in `/proc`; part of the kernel's interface.
const TICKS: f64 = 100.0;
/// Idle time before a measurement, so that what ran before it is over.
const CALM: Duration = Duration::from_millis(400);

/// The servers that work for everybody.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Servers {
    /// The first process of PostgreSQL.
    pub(crate) postgres: u32,
    /// The first process of RabbitMQ.
    pub(crate) broker: u32,
}

/// Whose CPU counts as the client's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Client {
    /// The bench's own: a floor runs inside it.
    Own,
    /// That of children that have ended meanwhile.
    Ended,
    /// That of a child that was started meanwhile and still runs.
    Running(u32),
}

/// What a piece of work cost. Times in seconds, memory in megabytes of resident set.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// From start to end.
    pub(crate) wall: f64,
    /// CPU of the client: the connector, the peer or the floor.
    pub(crate) client: f64,
    /// CPU of the hub.
    pub(crate) hub: f64,
    /// CPU of PostgreSQL.
    pub(crate) postgres: f64,
    /// CPU of RabbitMQ.
    pub(crate) broker: f64,
    /// CPU of everything else on the machine; when it is not small, the measurement was not on a quiet machine.
    pub(crate) others: f64,
    /// Peak of the client's processes.
    pub(crate) client_mb: f64,
    /// Peak of the hub.
    pub(crate) hub_mb: f64,
}

impl Cost {
    /// CPU of all that took part.
    pub(crate) fn cpu(&self) -> f64 {
        self.client + self.hub + self.postgres + self.broker
    }
}

/// A measurement under way.
pub(crate) struct Meter {
    servers: Servers,
    hub: Option<u32>,
    before: Reading,
    began: Instant,
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    own: f64,
    ended: f64,
    hub: f64,
    postgres: f64,
    broker: f64,
    machine: f64,
}

impl Meter {
    /// Begins a measurement; `hub` is a hub that already runs.
    pub(crate) async fn start(servers: Servers, hub: Option<u32>) -> Self {
        tokio::time::sleep(CALM).await;
        if let Some(hub) = hub {
            forget_peak(hub);
        }
        forget_peak(std::process::id());
        Self { servers, hub, before: Reading::take(servers, hub), began: Instant::now() }
    }

    /// Ends it. `peak` is what was seen of the client's memory; a floor's and a running client's is looked up.
    pub(crate) fn end(self, client: Client, peak: f64) -> Cost {
        let wall = self.began.elapsed().as_secs_f64();
        let (before, after) = (self.before, Reading::take(self.servers, self.hub));
        let (client, client_mb) = match client {
            Client::Own => (after.own - before.own, peak_mb(std::process::id())),
            Client::Ended => (after.ended - before.ended, peak),
            Client::Running(pid) => (cpu_of(pid), peak_mb(pid)),
        };
        let mut cost = Cost {
            wall,
            client,
            hub: after.hub - before.hub,
            postgres: after.postgres - before.postgres,
            broker: after.broker - before.broker,
            others: 0.0,
            client_mb,
            hub_mb: self.hub.map_or(0.0, peak_mb),
        };
        cost.others = (after.machine - before.machine - cost.cpu()).max(0.0);
        cost
    }
}

impl Reading {
    fn take(servers: Servers, hub: Option<u32>) -> Self {
        let own = Process::read(std::process::id());
        Self {
            own: own.map_or(0.0, |process| process.own),
            ended: own.map_or(0.0, |process| process.ended),
            hub: hub.map_or(0.0, cpu_of),
            postgres: cpu_of(servers.postgres),
            broker: cpu_of(servers.broker),
            machine: machine(),
        }
    }
}

/// One process as `/proc/<pid>/stat` tells it; times in seconds.
#[derive(Debug, Clone, Copy)]
struct Process {
    pid: u32,
    parent: u32,
    own: f64,
    /// Of children that have ended and were waited for.
    ended: f64,
}

impl Process {
    fn read(pid: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name before it may hold spaces and parentheses.
        let fields: Vec<u32> =
            text.rsplit_once(')')?.1.split_whitespace().skip(1).map(|field| field.parse().unwrap_or(0)).collect();
        let seconds = |at: usize| Some(f64::from(*fields.get(at)?) / TICKS);
        Some(Self {
            pid,
            parent: *fields.first()?,
            own: seconds(10)? + seconds(11)?,
            ended: seconds(12)? + seconds(13)?,
        })
    }
}

/// A process and all its living descendants.
fn tree(root: u32) -> Vec<Process> {
    let names =
        fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let all: Vec<Process> = names.filter_map(Process::read).collect();
    let mut found: Vec<Process> = all.iter().copied().filter(|process| process.pid == root).collect();
    let mut next = 0;
    while let Some(parent) = found.get(next).map(|process| process.pid) {
        found.extend(all.iter().filter(|process| process.parent == parent));
        next += 1;
    }
    found
}

/// CPU seconds of a process, its living descendants, and those that ended.
pub(crate) fn cpu_of(pid: u32) -> f64 {
    tree(pid).iter().map(|process| process.own + process.ended).sum()
}

/// The process that started this one.
pub(crate) fn parent_of(pid: u32) -> Option<u32> {
    Process::read(pid).map(|process| process.parent)
}

/// Peak of a process's resident set, libraries and mapped files included.
pub(crate) fn peak_mb(pid: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u32>().ok());
    f64::from(kilobytes.unwrap_or(0)) / 1024.0
}

/// The peaks of a process and its living descendants, added up.
pub(crate) fn tree_peak_mb(pid: u32) -> f64 {
    tree(pid).iter().map(|process| peak_mb(process.pid)).sum()
}

/// Lets the peak begin anew; where that is not allowed the old one stays, which is no smaller.
fn forget_peak(pid: u32) {
    drop(fs::write(format!("/proc/{pid}/clear_refs"), "5"));
}

/// CPU seconds that all cores of the machine worked since it started.
fn machine() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<f64> = text
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .map(|field| field.parse().unwrap_or(0.0))
        .collect();
    // user, nice, system, interrupts; not idle, not waiting, not stolen.
    [0, 1, 2, 5, 6].iter().filter_map(|at| fields.get(*at)).sum::<f64>() / TICKS
}
