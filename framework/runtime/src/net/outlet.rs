//! What network domains send goes out here, and on its way the table learns from it.

use std::net::SocketAddr;

use jackfield_core::time::Timestamp;
use jackfield_core::transport::Route;
use jackfield_graph::network::{DatagramSink, EcnMark, NetworkEvent};
use jackfield_session::stun::{Kind, Message, Transaction};
use tokio::sync::mpsc::UnboundedSender;

use super::sockets::Sockets;
use super::table::{Owner, Table};

/// An event of a participant: room, participant, what happened.
pub(super) type Notice = (u64, u32, NetworkEvent);

/// The [`DatagramSink`] of one room for the time of one call.
pub(super) struct Outlet<'a> {
    pub(super) room: u64,
    pub(super) now: Timestamp,
    pub(super) sockets: &'a mut Sockets,
    pub(super) table: &'a mut Table,
    pub(super) listeners: &'a mut Vec<UnboundedSender<Notice>>,
    /// The check that is being handed to a transport: if it answers, the check was good.
    pub(super) check: Option<(Owner, usize, SocketAddr, Transaction)>,
}

impl DatagramSink for Outlet<'_> {
    fn transmit(&mut self, route: &Route, datagram: &[u8]) {
        if let Some(message) = Message::parse(datagram) {
            self.learn(route, &message);
        }
        self.sockets.send(route, datagram, EcnMark::NotCapable);
    }

    fn transmit_marked(&mut self, route: &Route, datagram: &[u8], mark: EcnMark) {
        self.sockets.send(route, datagram, mark);
    }

    fn event(&mut self, participant: u32, event: NetworkEvent) {
        tracing::debug!(room = self.room, participant, ?event, "network event");
        self.listeners
            .retain(|listener| listener.send((self.room, participant, event.clone())).is_ok());
    }
}

impl Outlet<'_> {
    fn learn(&mut self, route: &Route, message: &Message<'_>) {
        let remote = SocketAddr::from(route.remote);
        match message.kind() {
            Kind::BindingRequest => {
                let owner = message
                    .fragments()
                    .and_then(|(_, ours)| self.table.by_fragment(ours));
                if let Some(owner) = owner {
                    self.table
                        .check_sent(self.now, owner, remote, message.transaction());
                }
            }
            Kind::BindingSuccess => {
                if let Some((owner, socket, from, transaction)) = self.check
                    && from == remote
                    && transaction == message.transaction()
                {
                    self.table.learn(owner, socket, remote);
                }
            }
            _ => {}
        }
    }
}
