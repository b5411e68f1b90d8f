//! The ground that the other tests stand on: servers that come, go and come again, databases, the program.

use std::net::TcpStream;
use std::time::Duration;

use muara_tests::{Muara, Services, free_port, services, wait_until};
use sqlx::{Connection, PgConnection};

const SOON: Duration = Duration::from_secs(30);

async fn answers(url: &str) -> bool {
    let Ok(mut connection) = PgConnection::connect(url).await else { return false };
    sqlx::query_scalar::<_, i32>("select 1").fetch_one(&mut connection).await.is_ok()
}

/// Whether something listens at `…@host:port/…`.
fn listens(url: &str) -> bool {
    let (_, place) = url.rsplit_once('@').expect("an address names a user");
    TcpStream::connect(place.split('/').next().unwrap_or_default()).is_ok()
}

#[tokio::test]
async fn every_test_can_have_an_empty_database() {
    let (one, other) = (services().fresh_postgres().await, services().fresh_postgres().await);

    assert_ne!(one, other);
    assert!(answers(&one).await && answers(&other).await);
}

#[tokio::test]
async fn servers_of_a_tests_own_go_and_come_again_with_their_data() {
    let own = Services::private();
    let database = own.fresh_postgres().await;

    own.stop_postgres();
    assert!(!answers(&database).await);
    own.start_postgres();
    assert!(answers(&database).await, "the database is still there");
    own.kill_postgres();
    assert!(!answers(&database).await);
    own.start_postgres();
    assert!(answers(&database).await, "and after a kill too");
    own.kill_rabbit();
    assert!(!listens(&own.amqp_url));
    own.start_rabbit();
    assert!(listens(&own.amqp_url));

    let postgres_url = own.postgres_url.clone();
    drop(own);
    wait_until("the servers to end", SOON, async || !listens(&postgres_url)).await;
}

#[test]
fn a_free_port_can_be_listened_on() {
    assert!(std::net::TcpListener::bind(("127.0.0.1", free_port())).is_ok());
}

#[test]
fn the_program_under_test_runs() {
    let folder = tempfile::tempdir().unwrap();
    let muara = Muara::new(env!("CARGO_BIN_EXE_muara-under-test"), folder.path());

    let finished = muara.run(&["--version"]).well();

    assert!(finished.stdout.contains(env!("CARGO_PKG_VERSION")), "{finished:?}");
}
