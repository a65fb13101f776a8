//! One transport, called so that what it gives is known without asking.

use jackfield_core::time::Timestamp;
use jackfield_core::transport::{PacketKind, Route, Transport, TransportSink, TransportState};
use jackfield_core::units::TimeDelta;
use jackfield_core::{Fault, FaultCode};

use super::{Ends, LinkSink};

/// One transport with what is known of it without asking.
pub(super) struct Link {
    pub(super) transport: Box<dyn Transport>,
    pub(super) state: TransportState,
    pub(super) deadline: Timestamp,
    faulted: bool,
    /// Between which ends it sent the last packet.
    pub(super) path: Option<Ends>,
}

impl Link {
    pub(super) fn new(transport: Box<dyn Transport>) -> Self {
        Self {
            transport,
            state: TransportState::New,
            deadline: Timestamp::NEVER,
            faulted: false,
            path: None,
        }
    }

    /// Calls the transport with a sink and takes note of what has changed.
    pub(super) fn call<R>(
        &mut self,
        sink: &mut dyn LinkSink,
        use_it: impl FnOnce(&mut dyn Transport, &mut dyn TransportSink) -> R,
    ) -> (R, usize) {
        let mut gate = Gate {
            sink,
            state: None,
            packets: 0,
            path: None,
        };
        let result = use_it(&mut *self.transport, &mut gate);
        let (state, packets) = (gate.state, gate.packets);
        self.state = state.unwrap_or(self.state);
        self.refresh(sink);
        (result, packets)
    }

    /// Whether it let a packet in.
    pub(super) fn receive(
        &mut self,
        now: Timestamp,
        route: &Route,
        datagram: &[u8],
        sink: &mut dyn LinkSink,
    ) -> bool {
        if self.is_broken() {
            return false;
        }
        let (result, packets) = self.call(sink, |transport, gate| {
            transport.receive(now, route, datagram, gate)
        });
        self.check(result, sink);
        packets > 0
    }

    /// What changes thereby is told with the next call that settles.
    pub(super) fn send(
        &mut self,
        now: Timestamp,
        kind: PacketKind,
        packet: &[u8],
        sink: &mut dyn LinkSink,
    ) -> Result<(), Fault> {
        if self.is_broken() {
            return Err(Fault::state("the transport is broken: swap it"));
        }
        let mut gate = Gate {
            sink,
            state: None,
            packets: 0,
            path: None,
        };
        let result = self.transport.send(now, kind, packet, &mut gate);
        self.state = gate.state.unwrap_or(self.state);
        self.path = gate.path.or(self.path);
        result
    }

    pub(super) fn handle_timeout(&mut self, now: Timestamp, sink: &mut dyn LinkSink) {
        if now < self.deadline {
            return;
        }
        let (result, _) = self.call(sink, |transport, gate| transport.handle_timeout(now, gate));
        self.check(result, sink);
        if self.deadline <= now {
            // A transport that wants to be called for ever at this moment must not stop the room.
            self.deadline = now + TimeDelta::ms(1);
        }
    }

    pub(super) fn close(&mut self, now: Timestamp, sink: &mut dyn LinkSink) {
        if !self.is_broken() {
            let (result, _) = self.call(sink, |transport, gate| transport.close(now, gate));
            self.check(result, sink);
        }
    }

    pub(super) fn refresh(&mut self, sink: &mut dyn LinkSink) {
        if self.is_broken() {
            return;
        }
        let deadline = self.transport.deadline();
        self.deadline = deadline.as_ref().map_or(Timestamp::NEVER, |deadline| *deadline);
        self.check(deadline.map(|_| ()), sink);
    }

    /// A transport that has panicked is called no more; another fault is told once.
    fn check(&mut self, result: Result<(), Fault>, sink: &mut dyn LinkSink) {
        let Err(fault) = result else { return };
        if matches!(
            fault.code(),
            FaultCode::Panicked | FaultCode::Poisoned | FaultCode::TimedOut
        ) {
            self.state = TransportState::Failed;
            self.deadline = Timestamp::NEVER;
        }
        if !std::mem::replace(&mut self.faulted, true) {
            sink.fault(fault);
        }
    }

    fn is_broken(&self) -> bool {
        self.faulted && self.state == TransportState::Failed
    }
}

/// Stands between a transport and the link's owner.
struct Gate<'a> {
    sink: &'a mut dyn LinkSink,
    state: Option<TransportState>,
    packets: usize,
    path: Option<Ends>,
}

impl TransportSink for Gate<'_> {
    fn transmit(&mut self, route: &Route, datagram: &[u8]) -> Result<(), Fault> {
        self.path = Some([route.local, route.remote].map(|end| (end.address, end.family)));
        self.sink.transmit(route, datagram);
        Ok(())
    }

    fn packet(&mut self, kind: PacketKind, packet: &[u8]) -> Result<(), Fault> {
        self.packets += 1;
        self.sink.packet(kind, packet);
        Ok(())
    }

    fn state(&mut self, state: TransportState) -> Result<(), Fault> {
        self.state = Some(state);
        Ok(())
    }
}
