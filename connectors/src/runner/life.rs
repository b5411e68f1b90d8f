//! The signs of life of one system: its streams are announced at the start and after a change, and then heard of each
//! minute. Of those that go a last word is said.

use std::sync::Arc;
use std::time::Duration;

use muara_schemas::StreamName;
use muara_schemas::control::Announcement;
use muara_schemas::message::Message;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::context::Post;
use super::system::Roster;
use crate::announce;
use crate::definition::Definition;

/// Lives until the token is cancelled.
pub(super) async fn life(post: Post, roster: watch::Receiver<Roster>, every: Duration, token: CancellationToken) {
    token.run_until_cancelled(talk(post, roster, every)).await;
}

async fn talk(post: Post, mut roster: watch::Receiver<Roster>, every: Duration) {
    loop {
        let now = roster.borrow_and_update().clone();
        for (number, stream) in now.definition.streams.iter().enumerate() {
            let mut announcement =
                announce::announcement(&now.definition, stream, now.unused.as_deref(), post.clock.now());
            if number == 0 {
                announcement.warnings.extend(now.beside.iter().map(|file| format!("W0211 {file}")));
            }
            tell(&post, "announcement", &Message::Announcement(announcement)).await;
        }
        loop {
            tokio::select! {
                changed = roster.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
                () = tokio::time::sleep(every) => beat(&post, &now).await,
            }
        }
    }
}

/// Tells of streams that are not read any more that nothing is wrong with their definition now: nobody can mend it.
pub(super) async fn farewell(post: Post, definition: Arc<Definition>, gone: Vec<StreamName>) {
    for stream in definition.streams.iter().filter(|stream| gone.contains(&definition.stream_name(stream))) {
        let announcement = announce::announcement(&definition, stream, None, post.clock.now());
        tell(&post, "announcement", &Message::Announcement(Announcement { warnings: Vec::new(), ..announcement }))
            .await;
    }
}

async fn beat(post: &Post, roster: &Roster) {
    for stream in &roster.streams {
        let failure = {
            let status = stream.status.borrow();
            status.report.as_ref().and_then(|report| report.failure.clone()).or_else(|| status.silence.clone())
        };
        let heartbeat = announce::heartbeat(&stream.name, post.clock.now(), failure);
        tell(post, "heartbeat", &Message::Heartbeat(heartbeat)).await;
    }
}

async fn tell(post: &Post, what: &str, message: &Message) {
    let id = format!("{what}-{}", muara_schemas::canonical::hex(&muara_schemas::random::bytes::<16>()));
    if let Err(failure) = post.send(id, message).await {
        tracing::debug!("an {what} was not sent: {failure}");
    }
}
