//! What network domains send goes out here, and on its way the table learns from it.

use std::net::SocketAddr;

use jackfield_core::time::Timestamp;
use jackfield_core::transport::{Route, TransportState};
use jackfield_graph::network::{DatagramSink, EcnMark, NetworkEvent};
use jackfield_session::gathering::Gatherer;
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
    pub(super) gatherer: &'a mut Gatherer,
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
        // A gateway before us may have forgotten us. A restart, ours or the peer's, needs to know where we are seen now.
        if let NetworkEvent::State(TransportState::Disconnected | TransportState::Failed) = event {
            self.gatherer.ask_again(self.now);
        }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::net::SocketOptions;

    #[test]
    fn when_a_path_falls_silent_our_address_is_asked_for_anew() {
        let any = "127.0.0.1:0".parse().unwrap();
        let mut sockets = Sockets::open(&[any], &[], SocketOptions::default(), Arc::default()).unwrap();
        let server = "127.0.0.1:3478".parse().unwrap();
        let mut gatherer = Gatherer::new(Some(server), &[any], Box::new(|| [7; 12]));
        gatherer.poll(Timestamp::ZERO).unwrap();
        let mut answer = vec![1, 1, 0, 12, 0x21, 0x12, 0xA4, 0x42];
        answer.extend([7; 12]);
        answer.extend([0, 0x20, 0, 8, 0, 1, 1, 2, 3, 4, 5, 6]);
        let answer = Message::parse(&answer).unwrap();
        gatherer.answer(Timestamp::ZERO, server, &answer).unwrap();

        let now = Timestamp::from_ms(3_000);
        for (state, asks) in [
            (TransportState::Connected, false),
            (TransportState::Disconnected, true),
        ] {
            let mut outlet = Outlet {
                room: 1,
                now,
                sockets: &mut sockets,
                table: &mut Table::default(),
                listeners: &mut Vec::new(),
                gatherer: &mut gatherer,
                check: None,
            };
            outlet.event(1, NetworkEvent::State(state));
            assert_eq!(gatherer.deadline() <= now, asks, "{state:?}");
        }
    }
}
