//! A line to the broker that a test can cut and mend.

use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    open: Arc<watch::Sender<bool>>,
    _guard: Arc<DropGuard>,
}

impl Proxy {
    /// A line to this address.
    pub(crate) async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (open, mut gate) = watch::channel(true);
        let token = CancellationToken::new();
        let guard = Arc::new(token.clone().drop_guard());
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    () = token.cancelled() => return,
                    accepted = listener.accept() => accepted,
                };
                let Ok((mut near, _)) = accepted else { continue };
                if !*gate.borrow_and_update() {
                    continue;
                }
                let (target, mut gate, token) = (target.clone(), gate.clone(), token.clone());
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(target).await else { return };
                    tokio::select! {
                        () = token.cancelled() => {}
                        _ = gate.wait_for(|open| !open) => {}
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                    }
                });
            }
        });
        Self { port, open: Arc::new(open), _guard: guard }
    }

    /// Ends every connection and takes no new one.
    pub(crate) fn cut(&self) {
        self.open.send_replace(false);
    }

    /// Takes connections again.
    pub(crate) fn mend(&self) {
        self.open.send_replace(true);
    }
}
