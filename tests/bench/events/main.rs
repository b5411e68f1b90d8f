//! Change events: how soon after its commit a change is at a subscriber's, and how many a second go out.
//!
//! `cargo bench -p muara-tests --bench events`; what is measured and how to read it: README.md beside this folder.

mod ears;
mod town;

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;
use tokio::net::TcpListener;

use ears::{Ears, Kind};
use town::Town;

/// Subscriptions of each kind at a time, a hundred of a key at most, and how many changes a second are made meanwhile: what a busy region has, and
/// in all no more than one laptop's loopback carries.
const CROWDS: [(usize, u32); 3] = [(1, 50), (10, 20), (50, 2)];
/// How many changes are made for each crowd.
const CHANGES: u32 = 300;
/// How many endpoints are dead beside the one that is measured.
const DEAD: usize = 20;
/// How many changes wait for whoever is measured by the second.
const BACKLOG: u32 = 50_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let town = Town::start().await?;
    println!("| subscriptions of each kind | changes/s | way | p50 ms | p99 ms | max ms |\n|---|---|---|---|---|---|");
    for (crowd, rate) in CROWDS {
        latency(&town, crowd, rate).await?;
    }
    beside_the_dead(&town).await?;
    println!("\n| way | changes | s | events/s |\n|---|---|---|---|");
    throughput(&town).await
}

/// Changes at a rate, to a crowd of each kind.
async fn latency(town: &Town, crowd: usize, rate: u32) -> Result<()> {
    let mut ears = Vec::new();
    for kind in [Kind::Stream, Kind::Queue, Kind::Webhook] {
        for _ in 0..crowd {
            ears.push(Ears::open(town, kind, "now").await?);
        }
    }
    town.settled().await?;
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    let changes = CHANGES.min(rate * 20);
    for _ in 0..changes {
        ticks.tick().await;
        town.change(1).await?;
    }
    for ear in &ears {
        ear.heard(changes as usize).await?;
    }
    for kind in [Kind::Stream, Kind::Queue, Kind::Webhook] {
        let delays = ears.iter().filter(|ear| ear.kind == kind).flat_map(Ears::delays_micros).collect();
        let [middle, late, last] = shares(delays, [0.5, 0.99, 1.0]);
        println!("| {crowd} | {rate} | {kind:?} | {middle:.1} | {late:.1} | {last:.1} |");
    }
    for ear in ears {
        ear.close(town).await?;
    }
    Ok(())
}

/// A healthy webhook beside twenty whose endpoints are closed or never answer.
async fn beside_the_dead(town: &Town) -> Result<()> {
    println!("\n| beside the webhook | p50 ms | p99 ms | max ms | hub, MB |\n|---|---|---|---|---|");
    for dead in [0, DEAD] {
        let silent = TcpListener::bind("127.0.0.1:0").await?;
        let urls = ["http://127.0.0.1:1025/".to_owned(), format!("http://{}/", silent.local_addr()?)];
        let mut ids = Vec::new();
        for number in 0..dead {
            ids.push(ears::subscribe_to(town, &urls[number % 2]).await?);
        }
        let ear = Ears::open(town, Kind::Webhook, "now").await?;
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / CROWDS[0].1);
        for _ in 0..CHANGES * 2 {
            ticks.tick().await;
            town.change(1).await?;
        }
        ear.heard(CHANGES as usize * 2).await?;
        let [middle, late, last] = shares(ear.delays_micros(), [0.5, 0.99, 1.0]);
        println!("| {dead} dead | {middle:.1} | {late:.1} | {last:.1} | {} |", town.resident());
        ear.close(town).await?;
        for id in ids {
            ears::unsubscribe(town, &id).await?;
        }
    }
    Ok(())
}

/// A long log, to one subscriber of each kind in turn.
async fn throughput(town: &Town) -> Result<()> {
    while town.head().await? < i64::from(BACKLOG) {
        town.change(1_000).await?;
    }
    let head = usize::try_from(town.head().await?)?;
    for kind in [Kind::Stream, Kind::Queue, Kind::Webhook] {
        let begun = Instant::now();
        let ears = Ears::open(town, kind, "beginning").await?;
        ears.heard(head).await?;
        told(&format!("{kind:?}"), head, begun.elapsed());
        ears.close(town).await?;
    }
    let queue = town.bind("#").await?;
    let (count, took) = town.relay_again(&queue).await?;
    told("relay to muara.changes, with confirms", count, took);
    eprintln!("{}", json!({"log": head}));
    Ok(())
}

/// Milliseconds within which these shares came.
fn shares(mut micros: Vec<i64>, of: [f64; 3]) -> [f64; 3] {
    micros.sort_unstable();
    of.map(|share| micros[((micros.len() - 1) as f64 * share) as usize] as f64 / 1_000.0)
}

fn told(way: &str, count: usize, took: Duration) {
    let secs = took.as_secs_f64();
    println!("| {way} | {count} | {secs:.1} | {:.0} |", count as f64 / secs);
}
