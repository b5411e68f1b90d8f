//! An installation over a broker of its own, with a subscriber of each kind.

use std::collections::BTreeMap;
use std::time::Duration;

use muara_tests::{Services, free_port, wait_telling};
use serde_json::{Value, json};

use super::heard::Heard;
use super::listener::Listener;
use crate::office::{Office, Running1, Size};

/// Where everybody begins: before the first change.
const BEGINNING: &str = "1970-01-01T00:00:00Z";

/// The installation and those who listen to it.
pub(super) struct Site {
    pub(super) office: Office,
    pub(super) running: Running1,
    pub(super) services: Services,
    hook: u16,
    hooked: Heard,
    endpoint: Option<Listener>,
    pub(super) queue: Listener,
    pub(super) stream: Listener,
    pub(super) pull: Listener,
}

impl Site {
    /// Starts everything; everybody is told the whole log.
    pub(super) async fn start() -> Self {
        let services = Services::private();
        let office = Office::new(Size::Large, Some(&services)).await;
        let config = "webhook_networks = [\"127.0.0.0/8\"]\nwebhook_http = true\n";
        std::fs::write(office.folder().join("muara.toml"), config).expect("the configuration is written");
        let running = office.start();
        let key = office.program().run(&["key", "create", "portal", "--subscribe"]).well().stdout.trim().to_owned();
        let (hook, hooked) = (free_port(), Heard::default());
        let endpoint = Listener::endpoint(hook, hooked.clone()).await;
        let from = json!("beginning");
        let target = json!({"kind": "webhook", "url": format!("http://127.0.0.1:{hook}/hook")});
        subscribe(&office, &key, json!({"name": "hook", "from": from, "target": target})).await;
        let target = json!({"kind": "amqp"});
        let queued = subscribe(&office, &key, json!({"name": "queue", "from": from, "target": target})).await;
        let name = queued["queue"].as_str().unwrap().to_owned();
        let queue = Listener::queue(services.amqp_url.clone(), name);
        let start = position(&office).await;
        let stream = Listener::stream(office.url("/api/v1"), key.clone(), start.clone());
        let pull = Listener::pull(office.url("/api/v1"), key.clone(), start);
        Self { office, running, services, hook, hooked, endpoint: Some(endpoint), queue, stream, pull }
    }

    /// Everybody who listens, by name.
    pub(super) fn listeners(&self) -> [(&'static str, &Heard); 4] {
        [
            ("webhook", &self.hooked),
            ("queue", &self.queue.heard),
            ("stream", &self.stream.heard),
            ("pull", &self.pull.heard),
        ]
    }

    /// Kills the webhook's receiver; nothing listens at its port then.
    pub(super) fn kill_receiver(&mut self) {
        self.endpoint = None;
    }

    /// Starts the receiver again.
    pub(super) async fn start_receiver(&mut self) {
        self.endpoint = Some(Listener::endpoint(self.hook, self.hooked.clone()).await);
    }

    /// The log's epoch and the places of its changes.
    pub(super) async fn log(&self) -> (String, Vec<i64>) {
        let head = self.office.ask("/api/v1/changes?limit=1").await.expect("the API answers")["head"].clone();
        let (epoch, _) = head.as_str().unwrap().split_once('-').unwrap();
        let places = self.office.numbers("select seq from changes order by seq").await;
        (epoch.to_owned(), places)
    }

    /// Waits until everybody was told everything, once and in order.
    pub(super) async fn all_told(&self, patience: Duration) {
        let told = async || {
            let (epoch, places) = self.log().await;
            self.listeners().iter().all(|(_, heard)| heard.check(&epoch, &places).is_ok())
        };
        let tell = || {
            let counts = self.listeners().map(|(name, heard)| format!("{name} {}", heard.ids().len()));
            format!("told: {}\n{}", counts.join(", "), self.office.said())
        };
        wait_telling("everybody to be told", patience, told, tell).await;
    }

    /// Waits until so many records changed after they were created.
    pub(super) async fn all_changed(&self, count: i64) {
        let changed = async || self.office.number("select count(*) from changes where op = 'updated'").await >= count;
        wait_telling("records to change", Duration::from_mins(2), changed, || self.office.said()).await;
    }

    /// Each record's amount as it stands.
    pub(super) async fn stands(&self) -> BTreeMap<String, String> {
        let mut stands = BTreeMap::new();
        let mut path = "/api/v1/records?limit=500".to_owned();
        while let Some(page) = self.office.ask(&path).await {
            for record in page["items"].as_array().into_iter().flatten() {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                stands.insert(text(&record["id"]), text(&record["data"]["record"]["amount"]));
            }
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/v1/records?limit=500&after={next}");
        }
        stands
    }
}

async fn subscribe(office: &Office, key: &str, wish: Value) -> Value {
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(made) = office.post(key, "/api/v1/subscriptions", &wish).await {
            return made;
        }
        assert!(std::time::Instant::now() < deadline, "a subscription is made: {}", office.said());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The position before the first change.
async fn position(office: &Office) -> String {
    let path = format!("/api/v1/changes?after={BEGINNING}&limit=1");
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    loop {
        let head = office.ask("/api/v1/changes?limit=1").await;
        if let Some(head) = head.as_ref().and_then(|answer| answer["head"].as_str()) {
            let (epoch, _) = head.split_once('-').unwrap();
            return format!("{epoch}-0");
        }
        assert!(std::time::Instant::now() < deadline, "{path} answers: {}", office.said());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
