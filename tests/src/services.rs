//! Private servers for tests, started by the script `tests/services` and ended with this process.
//!
//! This file needs the standard library alone, so that the tests of any crate may include it with `#[path]`.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// A server that tests can stop and start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// The database.
    Postgres,
    /// The broker.
    Rabbitmq,
    /// A legacy system's database.
    Mariadb,
}

/// Servers that belong to tests.
#[derive(Debug)]
pub struct Services {
    /// `postgres://…` of a superuser, database `postgres`; empty when it was not asked for.
    pub postgres_url: String,
    /// `amqp://…` of a user who may do everything; empty when it was not asked for.
    pub amqp_url: String,
    /// `mysql://…` of a user who may do everything, database `mysql`; empty when it was not asked for.
    pub mysql_url: String,
    /// The broker's first process as it was started; none in a container, or when the servers were given.
    pub rabbitmq_pid: Option<u32>,
    /// The script; none when the servers were given by the environment.
    keeper: Option<Mutex<Keeper>>,
}

/// The running script: it ends the servers when `orders` closes, which happens at the latest when this process ends.
#[derive(Debug)]
struct Keeper {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// The hub's servers, which all tests of this binary share: those of `MUARA_TEST_POSTGRES` and `MUARA_TEST_AMQP` when
/// both are set, private ones otherwise. They must not be stopped; use [`Services::private`] for that.
///
/// # Panics
/// When no server can be started; the script says what is missing and how to get it.
pub fn services() -> &'static Services {
    static SHARED: OnceLock<Services> = OnceLock::new();
    SHARED.get_or_init(|| Services::given(&[Server::Postgres, Server::Rabbitmq]).unwrap_or_else(Services::private))
}

impl Services {
    /// One server for a test binary that needs no other beside it: the one that the environment names, a private one
    /// otherwise.
    ///
    /// # Panics
    /// As [`services`].
    pub fn shared(server: Server) -> &'static Self {
        static SHARED: [OnceLock<Services>; 3] = [const { OnceLock::new() }; 3];
        SHARED[server as usize]
            .get_or_init(|| Self::given(&[server]).unwrap_or_else(|| Self::start(&["--fast", server.name()])))
    }

    /// The servers that the environment names, when it names all of these.
    fn given(servers: &[Server]) -> Option<Self> {
        let url = |server: Server| variable(server.variable());
        servers.iter().all(|server| url(*server).is_some()).then(|| Self {
            postgres_url: url(Server::Postgres).unwrap_or_default(),
            amqp_url: url(Server::Rabbitmq).unwrap_or_default(),
            mysql_url: url(Server::Mariadb).unwrap_or_default(),
            rabbitmq_pid: None,
            keeper: None,
        })
    }

    /// The hub's servers for one test alone, which may stop, kill and start them; they end when this value is dropped.
    ///
    /// # Panics
    /// As [`services`].
    pub fn private() -> Self {
        Self::start(&["--fast", "postgres", "rabbitmq"])
    }

    /// The same with a database that writes everything down before it says so, as a real one does.
    ///
    /// # Panics
    /// As [`services`].
    pub fn durable() -> Self {
        Self::start(&["postgres", "rabbitmq"])
    }

    /// Stops the database in good order: it ends its sessions and writes everything down.
    pub fn stop_postgres(&self) {
        self.order("stop", Server::Postgres);
    }

    /// Kills the database, all its processes at once.
    pub fn kill_postgres(&self) {
        self.order("kill", Server::Postgres);
    }

    /// Starts the database again with its data, at its address; returns when it takes connections.
    pub fn start_postgres(&self) {
        self.order("start", Server::Postgres);
    }

    /// Stops the broker in good order.
    pub fn stop_rabbit(&self) {
        self.order("stop", Server::Rabbitmq);
    }

    /// Kills the broker.
    pub fn kill_rabbit(&self) {
        self.order("kill", Server::Rabbitmq);
    }

    /// Starts the broker again with its data, at its address; returns when it takes connections.
    pub fn start_rabbit(&self) {
        self.order("start", Server::Rabbitmq);
    }

    fn start(arguments: &[&str]) -> Self {
        let script = script();
        let mut child = Command::new(&script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("could not run {}: {error}", script.display()));
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut keeper = Keeper { child, orders, answers };
        let answer = keeper.answer().unwrap_or_else(|why| panic!("no servers for the tests: {why}"));
        let value = |key: &str| {
            let of_key = |line: &String| line.strip_prefix(key)?.strip_prefix('=').map(str::to_owned);
            answer.iter().find_map(of_key).unwrap_or_default()
        };
        Self {
            postgres_url: value(Server::Postgres.variable()),
            amqp_url: value(Server::Rabbitmq.variable()),
            mysql_url: value(Server::Mariadb.variable()),
            rabbitmq_pid: value("RABBITMQ_PID").parse().ok(),
            keeper: Some(Mutex::new(keeper)),
        }
    }

    /// Gives the script one order and waits until it is carried out.
    fn order(&self, verb: &str, server: Server) {
        let keeper = self.keeper.as_ref().expect("servers given by the environment are not ours to stop");
        let mut keeper = keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let order = format!("{verb} {}\n", server.name());
        let given = keeper.orders.as_mut().expect("it is open until drop").write_all(order.as_bytes());
        given.unwrap_or_else(|error| panic!("could not order tests/services to {verb}: {error}"));
        keeper.answer().unwrap_or_else(|why| panic!("tests/services did not {verb} {}: {why}", server.name()));
    }
}

impl Keeper {
    /// The lines up to `ready`, or why there is none.
    fn answer(&mut self) -> Result<Vec<String>, String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            match self.answers.read_line(&mut line) {
                Err(error) => return Err(format!("its answer could not be read: {error}")),
                Ok(0) => {
                    let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                    return Err(format!("tests/services ended with {status}; it said why on standard error"));
                }
                Ok(_) => match line.trim_end() {
                    "ready" => return Ok(lines),
                    failed if failed.starts_with("failed") => return Err(failed.to_owned()),
                    line => lines.push(line.to_owned()),
                },
            }
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.orders = None;
        // It ends by itself now; what it leaves behind it could not have removed either.
        drop(self.child.wait());
    }
}

impl Server {
    const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Rabbitmq => "rabbitmq",
            Self::Mariadb => "mariadb",
        }
    }

    /// Where its address stands, in the environment and in what the script says.
    const fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "MUARA_TEST_POSTGRES",
            Self::Rabbitmq => "MUARA_TEST_AMQP",
            Self::Mariadb => "MUARA_TEST_MYSQL",
        }
    }
}

/// The script, seen from whichever crate includes this file.
fn script() -> PathBuf {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let found = package.ancestors().map(|folder| folder.join("tests/services")).find(|script| script.is_file());
    found.expect("the workspace has the script tests/services")
}

#[expect(clippy::disallowed_methods, reason = "these variables are how a person gives tests other servers")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
