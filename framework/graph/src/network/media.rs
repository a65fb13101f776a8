//! Everything of one participant but its transports, so that both can be lent out at the same time.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::Fault;
use jackfield_core::audio_codec::NetworkHint;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::{PacketKind, Route, TransportState};
use jackfield_core::units::{DataRate, TimeDelta};
use jackfield_rtp::ecn::EcnMark;
use jackfield_rtp::send::NtpClock;

use crate::stats::SocketStats;
use crate::swap::SwapMeasure;

use super::congestion::Congestion;
use super::control::Control;
use super::controller::Controller;
use super::decided::Decided;
use super::event::{DatagramSink, NetworkEvent, NetworkSocket};
use super::incoming::{Boxes, Incoming};
use super::links::LinkSink;
use super::outgoing::{Outgoing, USUAL_PACKET};
use super::sharing::{Sharing, StreamShare};
use super::stats::NetworkStats;

/// A change of the target by less than this share is not told: encoders need not follow every step.
const TOLD_CHANGE: f64 = 0.02;
/// What a voice is left for its payload, however little its path bears: the least of Opus (RFC 6716 section 2.1.1).
const LEAST_TARGET: DataRate = DataRate::kbps(6);

/// RTP and RTCP of one participant, with its pacer and its congestion controller.
pub(crate) struct Media {
    pub(crate) outgoing: Outgoing,
    pub(crate) incoming: Incoming,
    pub(crate) control: Control,
    pub(crate) congestion: Congestion,
    pub(crate) stats: Arc<NetworkStats>,
    pub(crate) events: Vec<NetworkEvent>,
    /// Whether packets can be sent.
    pub(crate) connected: bool,
    /// What the path is like now, until the audio domain has been told.
    pub(crate) hint: Option<NetworkHint>,
    pub(crate) sharing: Sharing,
    applied: Decided,
    told: DataRate,
    share: StreamShare,
}

impl Media {
    pub(crate) fn new(
        outgoing: Outgoing,
        incoming: Incoming,
        control: Control,
        congestion: Congestion,
        stats: Arc<NetworkStats>,
    ) -> Self {
        Self {
            outgoing,
            incoming,
            control,
            congestion,
            stats,
            events: Vec::with_capacity(8),
            connected: false,
            hint: None,
            sharing: Sharing::new(),
            applied: Decided::default(),
            told: DataRate::ZERO,
            share: StreamShare::default(),
        }
    }

    /// Puts what the congestion controller has decided into effect.
    pub(crate) fn decide(&mut self, now: Timestamp) {
        let shadow = self.congestion.controller.decided_in_the_shadow();
        self.stats.set_shadow_rates(shadow.target, shadow.estimate);
        let decided = self.congestion.decided();
        self.share_out(now, decided);
        self.pace(now, decided);
        self.send_probes(now);
        if decided == self.applied {
            return;
        }
        self.applied = decided;
        self.stats.set_rates(decided.target, decided.estimate);
        if has_changed(self.told, decided.target) {
            self.told = decided.target;
            self.events.push(NetworkEvent::TargetRate(decided.target));
        }
    }

    /// What is allowed goes to the stream, which pauses if that is too little.
    fn share_out(&mut self, now: Timestamp, decided: Decided) {
        let share = self.sharing.share(now, decided.media_rate());
        let before = self.share;
        if share.paused != before.paused {
            self.outgoing.set_starved(share.paused);
            let ssrc = self.outgoing.stream.ssrc();
            let paused = share.paused;
            self.events.push(NetworkEvent::StreamPaused { ssrc, paused });
        }
        if share.paused != before.paused || has_changed(before.rate, share.rate) {
            self.share = share;
            self.note_path();
        }
    }

    fn pace(&mut self, now: Timestamp, decided: Decided) {
        self.outgoing.configure_pacer(now, decided.pacer_config());
        self.outgoing.set_rates(now, decided.pacer_rates());
    }

    fn send_probes(&mut self, now: Timestamp) {
        while let Some(cluster) = self.congestion.controller.take_probe() {
            let counter = if self.outgoing.probe(now, &cluster) {
                &self.stats.probes_begun
            } else {
                &self.stats.probes_refused
            };
            counter.fetch_add(1, Relaxed);
        }
    }

    /// The audio domain shall be told what the path is like.
    pub(crate) fn note_path(&mut self) {
        let overhead = self.outgoing.overhead();
        let target = if self.share.rate > DataRate::ZERO {
            // What is left for the payload: never nothing, which would mean that nothing is known. A codec that takes longer packets because
            // little is left must not be told that more is left now, or it would go back and forth.
            let length = self.outgoing.packet_length().min(USUAL_PACKET);
            (self.share.rate - overhead / length).max(LEAST_TARGET)
        } else {
            DataRate::ZERO
        };
        let loss = self.stats.remote_fraction_lost() as f32;
        let round_trip = self.stats.round_trip().unwrap_or(TimeDelta::ZERO);
        // Losses are taken to be independent of each other: reports tell their share and not their order (RFC 3550 section 6.4.1).
        let mean_burst = if loss > 0.0 {
            1.0 / (1.0 - loss.min(0.9))
        } else {
            0.0
        };
        self.hint = Some(NetworkHint {
            bandwidth: self.congestion.decided().estimate,
            overhead,
            ..NetworkHint::new(target, loss, mean_burst, round_trip)
        });
    }

    /// Its congestion controller, and its estimator where there is one.
    pub(crate) fn controllers(&mut self) -> impl Iterator<Item = &mut Controller> {
        let estimator = self.incoming.arrivals.estimator.controller();
        std::iter::once(&mut self.congestion.controller).chain(estimator)
    }

    /// Tells a fault, if there is one.
    pub(crate) fn note(&mut self, socket: NetworkSocket, result: Result<(), Fault>) {
        if let Err(fault) = result {
            self.events.push(NetworkEvent::Fault { socket, fault });
        }
    }

    /// The transport has changed state.
    fn state(&mut self, now: Timestamp, state: TransportState) {
        self.stats.set_state(state);
        self.events.push(NetworkEvent::State(state));
        // While nothing is heard we go on sending: consent decides, not silence (RFC 7675).
        let connected = match state {
            TransportState::Connected => true,
            TransportState::Disconnected => self.connected,
            _ => false,
        };
        if connected != self.connected {
            self.connected = connected;
            self.outgoing.set_connected(connected);
            if connected {
                self.control.begin(now);
            }
            let result = self.congestion.availability(now, connected);
            self.note(NetworkSocket::Congestion, result);
            let estimator = &mut self.incoming.arrivals.estimator;
            estimator.tell(|controller| controller.set_available(now, connected));
            self.decide(now);
        }
    }

    /// Leaves the numbers of pacer and congestion controller where others can read them.
    pub(crate) fn publish(&mut self) {
        let stats = Arc::clone(&self.stats);
        stats.pacer.set_concealed(self.outgoing.concealed_calls());
        let unpaced = self.outgoing.is_unpaced();
        crate::publish::socket(&stats.pacer, self.outgoing.pacer(), 0, unpaced);
        publish_controller(&stats.congestion, &mut self.congestion.controller);
        let arrivals = &mut self.incoming.arrivals;
        stats.estimating.store(arrivals.is_estimating(), Relaxed);
        stats.set_told_rate(arrivals.told_rate());
        if let Some(controller) = arrivals.estimator.controller() {
            publish_controller(&stats.estimator, controller);
        }
    }
}

fn publish_controller(stats: &SocketStats, controller: &mut Controller) {
    stats.set_concealed(controller.concealed_events());
    let undecided = controller.is_bypassed();
    crate::publish::socket(stats, controller.plugin(), 0, undecided);
}

/// Whether a rate has become another than was told.
fn has_changed(told: DataRate, rate: DataRate) -> bool {
    let change = (rate.as_bps() - told.as_bps()).abs() as f64;
    change > told.as_bps() as f64 * TOLD_CHANGE
}

/// Joins the links with the media while a transport is being called.
pub(crate) struct Junction<'a> {
    pub(crate) now: Timestamp,
    /// The mark of the datagram that the transport is being given.
    pub(crate) mark: EcnMark,
    pub(crate) media: &'a mut Media,
    pub(crate) boxes: &'a mut Boxes,
    pub(crate) clock: &'a NtpClock,
    pub(crate) sink: &'a mut dyn DatagramSink,
}

impl LinkSink for Junction<'_> {
    fn transmit(&mut self, route: &Route, datagram: &[u8]) {
        self.media.stats.datagrams_sent.fetch_add(1, Relaxed);
        self.sink.transmit(route, datagram);
    }

    fn packet(&mut self, kind: PacketKind, packet: &[u8]) {
        let media = &mut *self.media;
        match kind {
            PacketKind::Rtp => {
                let (boxes, stats) = (&mut *self.boxes, &*media.stats);
                media.incoming.receive(self.now, self.mark, packet, boxes, stats);
            }
            PacketKind::Rtcp => media.receive_rtcp(self.now, self.clock, packet),
            _ => {}
        }
    }

    fn state(&mut self, state: TransportState) {
        self.media.state(self.now, state);
    }

    fn took_over(&mut self) {
        self.media.events.push(NetworkEvent::TransportTookOver);
    }

    fn swapped(&mut self, measure: SwapMeasure) {
        let lost = self.media.incoming.take_lost_at_seams();
        let measure = SwapMeasure {
            samples_lost: measure.samples_lost + lost.unsigned_abs(),
            ..measure
        };
        self.media.events.push(NetworkEvent::TransportSwapped(measure));
    }

    fn fault(&mut self, fault: Fault) {
        self.media.note(NetworkSocket::Transport, Err(fault));
    }
}

/// The way out of a packet of ours, while the media is in use.
pub(crate) struct WayOut<'a> {
    pub(crate) mark: EcnMark,
    pub(crate) stats: &'a NetworkStats,
    pub(crate) sink: &'a mut dyn DatagramSink,
}

impl LinkSink for WayOut<'_> {
    fn transmit(&mut self, route: &Route, datagram: &[u8]) {
        self.stats.datagrams_sent.fetch_add(1, Relaxed);
        if self.mark.is_capable() {
            self.sink.transmit_marked(route, datagram, self.mark);
        } else {
            self.sink.transmit(route, datagram);
        }
    }

    /// A transport that lets a packet in while it sends one breaks its contract.
    fn packet(&mut self, _kind: PacketKind, _packet: &[u8]) {
        self.stats.discarded.fetch_add(1, Relaxed);
    }

    fn state(&mut self, _state: TransportState) {}

    fn took_over(&mut self) {}

    fn swapped(&mut self, _measure: SwapMeasure) {}

    fn fault(&mut self, _fault: Fault) {}
}
