//! Makes a connection and keeps a hand on its socket: whatever the client library waits for, we can end it.
//!
//! The library runs each connection in a thread of its own, which stays for ever when the other side accepts the
//! connection and then says nothing. Shutting the socket down ends it in every state.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use lapin::tcp::{AsyncTcpStream, OwnedTLSConfig};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Connection, ConnectionProperties, runtime};

/// Ends a connection when it is pulled or dropped.
pub(super) struct Plug(TcpStream);

/// Connects, with TLS where the address says so, and logs in. Leaves nothing behind when it is dropped on the way.
pub(super) async fn connect(
    uri: AMQPUri,
    tls: &OwnedTLSConfig,
    properties: ConnectionProperties,
) -> lapin::Result<(Connection, Plug)> {
    let runtime = runtime::default_runtime()?;
    let host = uri.authority.host.clone();
    let addresses: Vec<_> = tokio::net::lookup_host((host.as_str(), uri.authority.port)).await?.collect();
    let stream = AsyncTcpStream::connect(&runtime, addresses).await?;
    let AsyncTcpStream::Plain(socket) = &stream else { return Err(not_connected()) };
    let plug = Plug(TcpStream::from(socket.get_ref().as_fd().try_clone_to_owned()?));
    let stream = match uri.scheme {
        AMQPScheme::AMQP => stream,
        AMQPScheme::AMQPS => stream.into_tls(&host, tls.as_ref()).await?,
    };
    let stream = Mutex::new(Some(stream));
    // It is asked for once: the library connects anew only when its own recovery is on.
    let give = async move |_, _| stream.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(not_connected);
    let connection = Connection::connector(uri, runtime, give, properties).await?;
    Ok((connection, plug))
}

impl Plug {
    /// Ends the connection here and now.
    pub(super) fn pull(&self) {
        // One that is gone already cannot be shut down, and need not be.
        drop(self.0.shutdown(Shutdown::Both));
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        self.pull();
    }
}

fn not_connected() -> lapin::Error {
    io::Error::from(io::ErrorKind::NotConnected).into()
}
