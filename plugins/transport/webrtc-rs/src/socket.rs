//! What the libraries take for sockets: what they send lies in a box until the host fetches it, and what they receive the host has put there.

use std::any::Any;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::mpsc::UnboundedReceiver;
use webrtc_util::Conn;

/// A box that one side fills and the other empties.
pub(crate) struct Outbox<T>(Arc<Mutex<Vec<T>>>);

impl<T> Outbox<T> {
    pub(crate) fn put(&self, thing: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(thing);
    }

    pub(crate) fn empty(&self) -> Vec<T> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T> Clone for Outbox<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// A check on its way: from, to, and the STUN message.
pub(crate) type Check = (SocketAddr, SocketAddr, Vec<u8>);

/// One of our addresses, as ICE wants to see it.
pub(crate) struct CheckSocket {
    pub(crate) address: SocketAddr,
    pub(crate) arriving: tokio::sync::Mutex<UnboundedReceiver<(SocketAddr, Vec<u8>)>>,
    pub(crate) leaving: Outbox<Check>,
}

fn not_connected() -> webrtc_util::Error {
    io::Error::from(io::ErrorKind::NotConnected).into()
}

#[async_trait]
impl Conn for CheckSocket {
    async fn connect(&self, _: SocketAddr) -> Result<(), webrtc_util::Error> {
        Err(not_connected())
    }

    async fn recv(&self, buffer: &mut [u8]) -> Result<usize, webrtc_util::Error> {
        self.recv_from(buffer).await.map(|(length, _)| length)
    }

    async fn recv_from(&self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), webrtc_util::Error> {
        let arrived = self.arriving.lock().await.recv().await;
        let (from, datagram) = arrived.ok_or_else(not_connected)?;
        Ok((fill(buffer, &datagram), from))
    }

    async fn send(&self, _: &[u8]) -> Result<usize, webrtc_util::Error> {
        Err(not_connected())
    }

    async fn send_to(&self, datagram: &[u8], to: SocketAddr) -> Result<usize, webrtc_util::Error> {
        self.leaving.put((self.address, to, datagram.to_vec()));
        Ok(datagram.len())
    }

    fn local_addr(&self) -> Result<SocketAddr, webrtc_util::Error> {
        Ok(self.address)
    }

    fn remote_addr(&self) -> Option<SocketAddr> {
        None
    }

    async fn close(&self) -> Result<(), webrtc_util::Error> {
        Ok(())
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }
}

/// The path that ICE keeps, as DTLS wants to see it: which path that is at the moment is no business of its.
pub(crate) struct Tunnel {
    pub(crate) arriving: tokio::sync::Mutex<UnboundedReceiver<Vec<u8>>>,
    pub(crate) leaving: Outbox<Vec<u8>>,
}

fn not_here<T>() -> Result<T, webrtc_util_dtls::Error> {
    Err(webrtc_util_dtls::Error::Other(
        "the tunnel has no addresses".into(),
    ))
}

#[async_trait]
impl webrtc_util_dtls::Conn for Tunnel {
    async fn connect(&self, _: SocketAddr) -> Result<(), webrtc_util_dtls::Error> {
        not_here()
    }

    async fn recv(&self, buffer: &mut [u8]) -> Result<usize, webrtc_util_dtls::Error> {
        match self.arriving.lock().await.recv().await {
            Some(datagram) => Ok(fill(buffer, &datagram)),
            // An error would be met with another attempt, for ever.
            None => pending().await,
        }
    }

    async fn recv_from(&self, _: &mut [u8]) -> Result<(usize, SocketAddr), webrtc_util_dtls::Error> {
        not_here()
    }

    async fn send(&self, datagram: &[u8]) -> Result<usize, webrtc_util_dtls::Error> {
        self.leaving.put(datagram.to_vec());
        Ok(datagram.len())
    }

    async fn send_to(&self, _: &[u8], _: SocketAddr) -> Result<usize, webrtc_util_dtls::Error> {
        not_here()
    }

    fn local_addr(&self) -> Result<SocketAddr, webrtc_util_dtls::Error> {
        not_here()
    }

    fn remote_addr(&self) -> Option<SocketAddr> {
        None
    }

    async fn close(&self) -> Result<(), webrtc_util_dtls::Error> {
        Ok(())
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }
}

fn fill(buffer: &mut [u8], datagram: &[u8]) -> usize {
    let length = datagram.len().min(buffer.len());
    buffer[..length].copy_from_slice(&datagram[..length]);
    length
}
