//! A participant's transports: one that sends, and during a swap a newcomer that connects or a predecessor that only listens.

mod link;
mod once;

use jackfield_core::Fault;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::{PacketKind, Route, Transport, TransportSink, TransportState};
use jackfield_core::units::TimeDelta;

use self::link::Link;
use self::once::{Once, Twins};
use crate::swap::{SwapMeasure, SwapOutcome};

/// So long both are sent everything after the newcomer has taken over: the remote end goes over when it hears it, and the predecessor takes
/// over again if the newcomer fails.
const GRACE: TimeDelta = TimeDelta::seconds(2);
/// A newcomer that has not connected by then is given up.
const PATIENCE: TimeDelta = TimeDelta::seconds(30);

/// The transports of one participant.
pub(crate) struct Links {
    current: Link,
    newcomer: Option<(Link, Timestamp)>,
    retiring: Option<(Link, Timestamp)>,
    twins: Twins,
    told: TransportState,
    /// The two ends, without their ports, between which media went last.
    path: Option<Ends>,
}

type Ends = [([u8; 16], u32); 2];

/// Takes what a link gives: [`TransportSink`] without the state, which the links keep for themselves.
pub(crate) trait LinkSink {
    fn transmit(&mut self, route: &Route, datagram: &[u8]);
    /// A packet was let in.
    fn packet(&mut self, kind: PacketKind, packet: &[u8]);
    /// The state of the link that sends.
    fn state(&mut self, state: TransportState);
    /// A newcomer sends from now on; its predecessor is kept for a while.
    fn took_over(&mut self);
    fn swapped(&mut self, measure: SwapMeasure);
    fn fault(&mut self, fault: Fault);
}

impl Links {
    pub(crate) fn new(transport: Box<dyn Transport>) -> Self {
        Self {
            current: Link::new(transport),
            newcomer: None,
            retiring: None,
            twins: Twins::default(),
            told: TransportState::New,
            path: None,
        }
    }

    /// How the link that sends stands.
    pub(crate) fn state(&self) -> TransportState {
        self.current.state
    }

    /// The transport that is being negotiated: the newcomer if there is one.
    pub(crate) fn negotiated<R>(
        &mut self,
        now: Timestamp,
        sink: &mut dyn LinkSink,
        use_it: impl FnOnce(&mut dyn Transport, &mut dyn TransportSink) -> R,
    ) -> R {
        let link = match &mut self.newcomer {
            Some((newcomer, _)) => newcomer,
            None => &mut self.current,
        };
        let (result, _) = link.call(sink, use_it);
        self.settle(now, sink);
        result
    }

    /// The transport that sends.
    pub(crate) fn sending(&mut self) -> &mut dyn Transport {
        &mut *self.current.transport
    }

    pub(crate) fn receive(
        &mut self,
        now: Timestamp,
        route: &Route,
        datagram: &[u8],
        sink: &mut dyn LinkSink,
    ) {
        if self.newcomer.is_none() && self.retiring.is_none() {
            self.current.receive(now, route, datagram, sink);
        } else {
            self.receive_during_swap(now, route, datagram, sink);
        }
        self.settle(now, sink);
    }

    /// Several transports listen on the same addresses: STUN is for whom its password says, DTLS for the youngest (nobody else is
    /// shaking hands), media for the first that can open it.
    fn receive_during_swap(
        &mut self,
        now: Timestamp,
        route: &Route,
        datagram: &[u8],
        sink: &mut dyn LinkSink,
    ) {
        let newcomer = self.newcomer.as_mut().map(|(link, _)| link);
        let retiring = self.retiring.as_mut().map(|(link, _)| link);
        let sink = &mut Once {
            sink,
            twins: &mut self.twins,
        };
        match datagram.first() {
            Some(0..=3) => {
                for link in [newcomer, Some(&mut self.current), retiring]
                    .into_iter()
                    .flatten()
                {
                    link.receive(now, route, datagram, sink);
                }
            }
            Some(20..=63) => {
                let youngest = newcomer.unwrap_or(&mut self.current);
                youngest.receive(now, route, datagram, sink);
            }
            _ => {
                for link in [Some(&mut self.current), newcomer, retiring]
                    .into_iter()
                    .flatten()
                {
                    if link.receive(now, route, datagram, sink) {
                        break;
                    }
                }
            }
        }
    }

    pub(crate) fn deadline(&self) -> Timestamp {
        let waiting = [&self.newcomer, &self.retiring];
        waiting
            .into_iter()
            .flatten()
            .map(|(link, until)| link.deadline.min(*until))
            .fold(self.current.deadline, Timestamp::min)
    }

    pub(crate) fn handle_timeout(&mut self, now: Timestamp, sink: &mut dyn LinkSink) {
        self.current.handle_timeout(now, sink);
        for (link, _) in self.newcomer.iter_mut().chain(&mut self.retiring) {
            link.handle_timeout(now, sink);
        }
        self.settle(now, sink);
    }

    /// Sends on the link that sends, and media on its predecessor too while that is kept. What changes thereby is told with the next call that settles.
    pub(crate) fn send(
        &mut self,
        now: Timestamp,
        kind: PacketKind,
        packet: &[u8],
        sink: &mut dyn LinkSink,
    ) -> Result<(), Fault> {
        if let Some((retiring, _)) = &mut self.retiring
            && retiring.state == TransportState::Connected
            && kind == PacketKind::Rtp
        {
            // Whoever listens there still hears it; what counts is the newcomer.
            let _ = retiring.send(now, kind, packet, sink);
        }
        self.current.send(now, kind, packet, sink)
    }

    /// Whether media goes between other addresses now than when this was asked last. Another port alone is a router that has forgotten us, on the
    /// same path.
    pub(crate) fn take_path_change(&mut self) -> bool {
        let Some(path) = self.current.path else {
            return false;
        };
        self.path.replace(path).is_some_and(|before| before != path)
    }

    /// Begins a swap, make before break. A newcomer that is still waiting from a swap before is closed.
    pub(crate) fn attach(&mut self, now: Timestamp, transport: Box<dyn Transport>, sink: &mut dyn LinkSink) {
        let mut newcomer = Link::new(transport);
        newcomer.refresh(sink);
        if let Some((mut other, _)) = self.newcomer.replace((newcomer, now + PATIENCE)) {
            other.close(now, sink);
            sink.swapped(failed_swap("another newcomer came before it had connected"));
        }
        self.settle(now, sink);
    }

    pub(crate) fn close(&mut self, now: Timestamp, sink: &mut dyn LinkSink) {
        self.current.close(now, sink);
        for (mut link, _) in self.newcomer.take().into_iter().chain(self.retiring.take()) {
            link.close(now, sink);
        }
        self.settle(now, sink);
    }

    /// Lets a connected newcomer take over, gives up one that has failed, closes the predecessor when its time is over.
    fn settle(&mut self, now: Timestamp, sink: &mut dyn LinkSink) {
        self.take_back(now, sink);
        let state = self.newcomer.as_ref().map(|(link, until)| (link.state, *until));
        match state {
            Some((TransportState::Connected, _)) => {
                if let Some((newcomer, _)) = self.newcomer.take() {
                    let old = std::mem::replace(&mut self.current, newcomer);
                    if let Some((mut older, _)) = self.retiring.replace((old, now + GRACE)) {
                        older.close(now, sink);
                        sink.swapped(SwapMeasure::CLEAN);
                    }
                    sink.took_over();
                }
            }
            Some((state, until))
                if matches!(state, TransportState::Failed | TransportState::Closed) || now >= until =>
            {
                if let Some((mut link, _)) = self.newcomer.take() {
                    link.close(now, sink);
                    sink.swapped(failed_swap("it did not connect"));
                }
            }
            _ => {}
        }
        if let Some((_, until)) = &self.retiring
            && now >= *until
            && let Some((mut link, _)) = self.retiring.take()
        {
            link.close(now, sink);
            sink.swapped(SwapMeasure::CLEAN);
        }
        let state = self.current.state;
        if state != self.told {
            self.told = state;
            sink.state(state);
        }
    }

    /// A newcomer that fails while its predecessor is still connected is taken back.
    fn take_back(&mut self, now: Timestamp, sink: &mut dyn LinkSink) {
        let failed = matches!(
            self.current.state,
            TransportState::Failed | TransportState::Closed
        );
        let predecessor = self
            .retiring
            .take_if(|(link, _)| failed && link.state == TransportState::Connected);
        if let Some((predecessor, _)) = predecessor {
            let mut newcomer = std::mem::replace(&mut self.current, predecessor);
            newcomer.close(now, sink);
            sink.swapped(failed_swap("it failed after it had taken over"));
        }
    }
}

fn failed_swap(reason: &'static str) -> SwapMeasure {
    SwapMeasure {
        outcome: SwapOutcome::RolledBack,
        reason,
        ..SwapMeasure::CLEAN
    }
}
