//! One participant as the network sees it.

mod sending;

use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::Fault;
use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::pacer::Pacer;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::{AttributeSink, Route, Transport, TransportSink, TransportState};
use jackfield_core::units::{DataSize, SampleRate, TimeDelta};
use jackfield_rtp::ecn::EcnMark;
use jackfield_rtp::report_schedule::Due;
use jackfield_rtp::send::{NtpClock, SendStream};
use rtrb::Producer;

use crate::media::PathHint;

use super::configuration::{MediaConfiguration, NetworkParticipantConfig, StreamRates};
use super::congestion::Congestion;
use super::control::Control;
use super::controller::Controller;
use super::event::{DatagramSink, NetworkSocket};
use super::incoming::{Boxes, Incoming};
use super::links::Links;
use super::media::{Junction, Media};
use super::outgoing::{MixPacket, Outgoing, PACKET_ROOM, Taken};
use super::payloads::{PayloadKey, Payloads};
use super::profile::BitrateProfile;

/// Statistics of the plugins are read so often.
const PUBLISHED_EVERY: TimeDelta = TimeDelta::seconds(1);

/// One participant's side of the network: its transport, its streams, its pacer and congestion controller.
pub struct NetworkParticipant {
    pub(crate) id: u32,
    links: Links,
    pub(crate) media: Media,
    may_pause: bool,
    first_sequence_number: u16,
    first_timestamp: u32,
    next_publication: Timestamp,
    /// When something is to be done for it.
    pub(crate) deadline: Timestamp,
}

/// What the participants of a room share.
pub(crate) struct Commons {
    pub(crate) payloads: Payloads,
    pub(crate) boxes: Boxes,
    pub(crate) clock: NtpClock,
    pub(crate) scratch: Box<[u8; PACKET_ROOM]>,
    pub(crate) hints: Producer<PathHint>,
}

impl NetworkParticipant {
    /// One that is not in a room yet.
    pub fn new(config: NetworkParticipantConfig) -> Self {
        let stream = SendStream::new(
            config.ssrc,
            SampleRate::HZ_48000,
            config.first_sequence_number,
            config.first_timestamp,
        );
        let media = Media::new(
            Outgoing::new(stream, config.pacer),
            Incoming::new(config.inbound),
            Control::new(config.cname, config.seed),
            Congestion::new(config.congestion),
            config.stats,
        );
        Self {
            id: config.id,
            links: Links::new(config.transport),
            media,
            may_pause: false,
            first_sequence_number: config.first_sequence_number,
            first_timestamp: config.first_timestamp,
            next_publication: Timestamp::ZERO,
            deadline: Timestamp::ZERO,
        }
    }

    /// Its number in the room.
    pub fn id(&self) -> u32 {
        self.id
    }

    pub(crate) fn state(&self) -> TransportState {
        self.links.state()
    }

    pub(crate) fn begin(&mut self, now: Timestamp) {
        let result = self.media.congestion.controller.begin(now);
        self.media.note(NetworkSocket::Congestion, result);
        self.deadline = now;
    }

    pub(crate) fn configure(&mut self, configuration: &MediaConfiguration) {
        self.media.outgoing.configure(configuration);
        self.media
            .outgoing
            .set_first_clock(self.first_sequence_number, self.first_timestamp);
        self.media.incoming.configure(configuration);
        self.media.control.configure(configuration);
        self.media.congestion.configure(configuration);
        self.share_among(configuration);
    }

    fn share_among(&mut self, configuration: &MediaConfiguration) {
        let rates = (!configuration.send.is_empty()).then_some(configuration.rates);
        let media = &mut self.media;
        self.may_pause = configuration.may_pause;
        media
            .sharing
            .set_voice(media.outgoing.stream.ssrc(), rates, configuration.may_pause);
    }

    /// What it is sent needs other rates.
    pub(crate) fn set_rates(&mut self, rates: StreamRates) {
        let media = &mut self.media;
        media.congestion.controller.set_streams(rates);
        media
            .sharing
            .set_voice(media.outgoing.stream.ssrc(), Some(rates), self.may_pause);
    }

    /// Its link is used as this profile says, from its first packet on.
    #[must_use]
    pub fn with_profile(mut self, profile: &BitrateProfile) -> Self {
        self.set_profile(Timestamp::ZERO, profile, false);
        self
    }

    /// Its link is used as this profile says from now on; whether it is another link, too.
    pub(crate) fn set_profile(&mut self, now: Timestamp, profile: &BitrateProfile, moved: bool) {
        let media = &mut self.media;
        media.outgoing.allow_padding(profile.padding);
        media.control.set_bandwidth(now, profile.bounds.start);
        let result = media.congestion.set_bounds(now, profile.bounds, moved);
        media.note(NetworkSocket::Congestion, result);
        if moved {
            media.incoming.arrivals.estimator.change_route(now);
        }
    }

    /// Takes a packet of its mix; whether a copy of the payload waits now.
    pub(crate) fn enqueue(&mut self, now: Timestamp, packet: MixPacket, payload: PayloadKey) -> bool {
        match self.media.outgoing.enqueue(now, packet, payload) {
            Taken::Queued => true,
            Taken::Nothing => false,
            Taken::Dropped => {
                self.media.stats.dropped_outbound.fetch_add(1, Relaxed);
                false
            }
        }
    }

    pub(crate) fn receive(
        &mut self,
        now: Timestamp,
        route: &Route,
        datagram: &[u8],
        mark: EcnMark,
        commons: &mut Commons,
        sink: &mut dyn DatagramSink,
    ) {
        self.media.stats.datagrams_received.fetch_add(1, Relaxed);
        let (links, mut junction) = self.junction(now, commons, sink);
        junction.mark = mark;
        links.receive(now, route, datagram, &mut junction);
        self.settle(now, commons, sink);
    }

    pub(crate) fn handle_timeout(
        &mut self,
        now: Timestamp,
        commons: &mut Commons,
        sink: &mut dyn DatagramSink,
    ) {
        let (links, mut junction) = self.junction(now, commons, sink);
        if links.deadline() <= now {
            links.handle_timeout(now, &mut junction);
        }
        let waiting = self.media.outgoing.waiting();
        let result = self.media.congestion.controller.process(now, waiting);
        self.media.note(NetworkSocket::Congestion, result);
        let estimator = &mut self.media.incoming.arrivals.estimator;
        estimator.tell(|controller| controller.process(now, DataSize::ZERO));
        self.media.decide(now);
        if self.media.connected {
            match self.media.rtcp_due(now) {
                Some(Due::Now) => self.send_rtcp(now, commons, sink, Media::write_report),
                Some(Due::Feedback) => self.send_rtcp(now, commons, sink, Media::write_feedback),
                _ => {}
            }
        }
        if now >= self.next_publication {
            self.next_publication = now + PUBLISHED_EVERY;
            self.publish();
        }
        // Also settles.
        self.flush(now, commons, sink);
    }

    /// Says goodbye on all layers.
    pub(crate) fn close(&mut self, now: Timestamp, commons: &mut Commons, sink: &mut dyn DatagramSink) {
        self.flush(now, commons, sink);
        if self.media.connected {
            self.send_rtcp(now, commons, sink, Media::write_goodbye);
        }
        let (links, mut junction) = self.junction(now, commons, sink);
        links.close(now, &mut junction);
        self.media.outgoing.clear(&mut commons.payloads);
        self.media.controllers().for_each(Controller::end_swap);
        self.settle(now, commons, sink);
    }

    pub(crate) fn with_transport<R>(
        &mut self,
        now: Timestamp,
        commons: &mut Commons,
        sink: &mut dyn DatagramSink,
        use_it: impl FnOnce(&mut dyn Transport, &mut dyn TransportSink) -> R,
    ) -> R {
        let (links, mut junction) = self.junction(now, commons, sink);
        let result = links.negotiated(now, &mut junction, use_it);
        self.settle(now, commons, sink);
        result
    }

    pub(crate) fn swap_transport(
        &mut self,
        now: Timestamp,
        newcomer: Box<dyn Transport>,
        commons: &mut Commons,
        sink: &mut dyn DatagramSink,
    ) {
        let (links, mut junction) = self.junction(now, commons, sink);
        links.attach(now, newcomer, &mut junction);
        self.settle(now, commons, sink);
    }

    pub(crate) fn swap_pacer(
        &mut self,
        now: Timestamp,
        newcomer: Box<dyn Pacer>,
    ) -> Result<Box<dyn Pacer>, (Box<dyn Pacer>, Fault)> {
        self.media.outgoing.swap_pacer(now, newcomer)
    }

    pub(crate) fn swap_congestion(
        &mut self,
        now: Timestamp,
        swap: u64,
        newcomer: Box<dyn CongestionController>,
        hold: bool,
    ) {
        self.media.congestion.controller.swap(now, swap, newcomer, hold);
        self.media.decide(now);
    }

    /// False if there is no estimator.
    pub(crate) fn swap_estimator(
        &mut self,
        now: Timestamp,
        swap: u64,
        newcomer: Box<dyn CongestionController>,
        hold: bool,
    ) -> bool {
        let present = self.media.incoming.arrivals.estimator.controller();
        let there = present.map(|controller| controller.swap(now, swap, newcomer, hold));
        there.is_some()
    }

    /// False if nothing stands in the socket.
    pub(crate) fn set_parameter(
        &mut self,
        socket: NetworkSocket,
        index: u32,
        value: f64,
    ) -> Result<bool, Fault> {
        match socket {
            NetworkSocket::Transport => self.links.sending().set_parameter(index, value),
            NetworkSocket::Pacer => self.media.outgoing.pacer().set_parameter(index, value),
            NetworkSocket::Congestion => self
                .media
                .congestion
                .controller
                .plugin()
                .set_parameter(index, value),
            NetworkSocket::Estimator => match self.media.incoming.arrivals.estimator.controller() {
                Some(controller) => controller.plugin().set_parameter(index, value),
                None => return Ok(false),
            },
        }
        .map(|()| true)
    }

    pub(crate) fn path(&mut self) -> Vec<(String, String)> {
        let mut path = Attributes(Vec::new());
        // What a transport cannot tell is left out.
        let _ = self.links.sending().path(&mut path);
        path.0
    }

    pub(crate) fn publish(&mut self) {
        self.media.publish();
        let stats = std::sync::Arc::clone(&self.media.stats);
        crate::publish::socket(&stats.transport, self.links.sending(), 0, false);
    }

    /// After every call: tells what has happened and looks when there is something to do next.
    pub(crate) fn settle(&mut self, now: Timestamp, commons: &mut Commons, sink: &mut dyn DatagramSink) {
        let media = &mut self.media;
        if !media.connected {
            media.outgoing.clear(&mut commons.payloads);
        }
        let pacing = media.outgoing.deadline();
        if let Some(fault) = media.outgoing.take_fault() {
            media.note(NetworkSocket::Pacer, Err(fault));
        }
        if let Some(fault) = media.incoming.arrivals.estimator.take_fault() {
            media.note(NetworkSocket::Estimator, Err(fault));
        }
        if let Some(hint) = media.hint {
            let told = PathHint {
                participant: self.id,
                hint,
            };
            // A full ring means that the audio thread stands still: it is told again.
            if commons.hints.push(told).is_ok() {
                media.hint = None;
            }
        }
        for event in media.events.drain(..) {
            sink.event(self.id, event);
        }
        let mut deadline = self
            .links
            .deadline()
            .min(pacing)
            .min(media.congestion.controller.deadline())
            .min(media.incoming.arrivals.estimator.deadline())
            .min(media.sharing.deadline())
            .min(self.next_publication.max(now));
        if media.connected {
            media.plan_feedback(now);
            deadline = deadline.min(media.control.report_deadline());
            if media.incoming.arrivals.has_feedback() {
                deadline = deadline.min(media.control.feedback_deadline());
            }
        }
        self.deadline = deadline;
    }

    fn junction<'a>(
        &'a mut self,
        now: Timestamp,
        commons: &'a mut Commons,
        sink: &'a mut dyn DatagramSink,
    ) -> (&'a mut Links, Junction<'a>) {
        let junction = Junction {
            now,
            mark: EcnMark::NotCapable,
            media: &mut self.media,
            boxes: &mut commons.boxes,
            clock: &commons.clock,
            sink,
        };
        (&mut self.links, junction)
    }
}

struct Attributes(Vec<(String, String)>);

impl AttributeSink for Attributes {
    fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.0.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
}
