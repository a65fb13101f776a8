//! The network side of one room.

mod swapping;

use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::time::{NtpTime, Timestamp};
use jackfield_core::transport::{Route, Transport, TransportSink, TransportState};
use jackfield_rtp::ecn::EcnMark;
use jackfield_rtp::extension::AudioLevel;
use jackfield_rtp::send::NtpClock;
use rtrb::Consumer;

use crate::conference::NetworkPorts;
use crate::media::{Outbound, OutboundPacket};

use super::configuration::{MediaConfiguration, StreamRates};
use super::event::{DatagramSink, NetworkError, NetworkSocket};
use super::incoming::Boxes;
use super::outgoing::{MixPacket, PACKET_ROOM};
use super::participant::{Commons, NetworkParticipant};
use super::payloads::Payloads;
use super::profile::BitrateProfile;

pub use self::swapping::Swapped;

/// One room's network side: its participants and the rings to the audio domain. Lives on the network thread; in tests, wherever the virtual
/// time is. All methods are \[network\].
pub struct NetworkDomain {
    outbound: Consumer<Outbound>,
    participants: Vec<NetworkParticipant>,
    commons: Commons,
}

impl NetworkDomain {
    /// The network side of a room with nobody in it.
    pub fn new(ports: NetworkPorts) -> Self {
        Self {
            outbound: ports.outbound,
            participants: Vec::new(),
            commons: Commons {
                payloads: Payloads::new(ports.returned),
                boxes: Boxes::new(ports.used),
                clock: NtpClock::new(Timestamp::ZERO, NtpTime::from_unix_us(0)),
                scratch: Box::new([0; PACKET_ROOM]),
                hints: ports.hints,
            },
        }
    }

    /// With the wall clock that sender reports show. Without it they count from 1970, which serves for round trips but binds no streams of
    /// other sources to ours.
    #[must_use]
    pub fn with_clock(mut self, clock: NtpClock) -> Self {
        self.commons.clock = clock;
        self
    }

    /// Takes a participant in. One that has the same number already is replaced without a goodbye.
    pub fn add(&mut self, now: Timestamp, mut participant: NetworkParticipant) {
        participant.begin(now);
        self.participants.retain(|other| other.id != participant.id);
        self.participants.push(participant);
    }

    /// Whether `id` is in the room.
    pub fn contains(&self, id: u32) -> bool {
        self.participants.iter().any(|participant| participant.id == id)
    }

    /// Everyone's number.
    pub fn ids(&self) -> impl Iterator<Item = u32> {
        self.participants.iter().map(|participant| participant.id)
    }

    /// How `id`'s transport stands; `None` if nobody has this number.
    pub fn state(&self, id: u32) -> Option<TransportState> {
        let participant = self.participants.iter().find(|participant| participant.id == id);
        participant.map(NetworkParticipant::state)
    }

    /// Applies what was negotiated with `id`, the first time or anew; numbering goes on.
    ///
    /// # Errors
    /// If nobody has this number.
    pub fn configure(&mut self, id: u32, configuration: &MediaConfiguration) -> Result<(), NetworkError> {
        self.participant(id)?.configure(configuration);
        Ok(())
    }

    /// What `id` is sent needs other rates than was said when it was configured, because its codec is another: its congestion controller is told.
    ///
    /// # Errors
    /// If nobody has this number.
    pub fn set_rates(&mut self, now: Timestamp, id: u32, rates: StreamRates) -> Result<(), NetworkError> {
        let participant = self.participant(id)?;
        participant.set_rates(rates);
        participant.deadline = now;
        Ok(())
    }

    /// The link of `id` is to be used as this profile says from now on. If it is another link, `moved`, what was known of the path before does not
    /// count any more; the rate then begins anew within the bounds of the profile.
    ///
    /// # Errors
    /// If nobody has this number.
    pub fn set_profile(
        &mut self,
        now: Timestamp,
        id: u32,
        profile: &BitrateProfile,
        moved: bool,
    ) -> Result<(), NetworkError> {
        let participant = self.participant(id)?;
        participant.set_profile(now, profile, moved);
        participant.deadline = now;
        Ok(())
    }

    /// `id` is to be sent the codec with this key, from its first packet on: until the audio domain has swapped encoders it goes on hearing
    /// the one before.
    ///
    /// # Errors
    /// If nobody has this number, or the codec was not negotiated.
    pub fn set_codec(&mut self, id: u32, codec: u32) -> Result<(), NetworkError> {
        let known = self.participant(id)?.media.outgoing.set_codec(codec);
        known.then_some(()).ok_or(NetworkError::UnknownCodec {
            participant: id,
            codec,
        })
    }

    /// Says goodbye (RTCP BYE, and whatever its transport says) and lets it go. It is given back to be dropped where that may take time.
    ///
    /// # Errors
    /// If nobody has this number.
    pub fn remove(
        &mut self,
        now: Timestamp,
        id: u32,
        sink: &mut dyn DatagramSink,
    ) -> Result<NetworkParticipant, NetworkError> {
        let at = self
            .participants
            .iter()
            .position(|participant| participant.id == id);
        let at = at.ok_or(NetworkError::UnknownParticipant(id))?;
        let mut participant = self.participants.swap_remove(at);
        participant.close(now, &mut self.commons, sink);
        Ok(participant)
    }

    /// Lends the transport that is being negotiated: the newcomer while one is being swapped in, else the one that sends.
    ///
    /// # Errors
    /// If nobody has this number.
    pub fn with_transport<R>(
        &mut self,
        now: Timestamp,
        id: u32,
        sink: &mut dyn DatagramSink,
        use_it: impl FnOnce(&mut dyn Transport, &mut dyn TransportSink) -> R,
    ) -> Result<R, NetworkError> {
        let (participant, commons) = self.both(id)?;
        Ok(participant.with_transport(now, commons, sink, use_it))
    }

    /// From now on this plugin estimates how much may come from `id`, if that is what it is told (REMB alone was agreed upon). Without one it is told
    /// how much comes, and some more. An estimator that is there already stays: it can be swapped.
    ///
    /// # Errors
    /// If nobody has this number.
    pub fn set_estimator(
        &mut self,
        now: Timestamp,
        id: u32,
        estimator: Box<dyn CongestionController>,
    ) -> Result<(), NetworkError> {
        let participant = self.participant(id)?;
        let media = &mut participant.media;
        let present = &mut media.incoming.arrivals.estimator;
        present.put_in(now, estimator);
        if media.connected {
            present.tell(|controller| controller.set_available(now, true));
        }
        participant.deadline = now;
        Ok(())
    }

    /// Sets a parameter of one participant's plugin, or of everyone's who has one in this socket. How many took it.
    ///
    /// # Errors
    /// If nobody has this number, or a plugin refused; those before it have taken it then.
    pub fn set_parameter(
        &mut self,
        now: Timestamp,
        id: Option<u32>,
        socket: NetworkSocket,
        index: u32,
        value: f64,
    ) -> Result<u32, NetworkError> {
        if let Some(id) = id {
            self.participant(id)?;
        }
        let mut taken = 0;
        for participant in &mut self.participants {
            if id.is_none_or(|id| id == participant.id) {
                let set = participant.set_parameter(socket, index, value)?;
                participant.deadline = now;
                taken += u32::from(set);
            }
        }
        Ok(taken)
    }

    /// What `id`'s transport tells of its path (`ice-state`, `dtls-version`, `dtls-cipher`, `srtp-profile`, `selected-pair`).
    ///
    /// # Errors
    /// If nobody has this number.
    pub fn path(&mut self, id: u32) -> Result<Vec<(String, String)>, NetworkError> {
        Ok(self.participant(id)?.path())
    }

    /// Has `id`'s plugins leave their numbers in its statistics now, instead of within the second.
    ///
    /// # Errors
    /// If nobody has this number.
    pub fn publish(&mut self, id: u32) -> Result<(), NetworkError> {
        self.participant(id)?.publish();
        Ok(())
    }

    /// A datagram came for `id`, with no ECN mark or with one that nobody could read. For somebody who has left it is dropped.
    pub fn receive(
        &mut self,
        now: Timestamp,
        id: u32,
        route: &Route,
        datagram: &[u8],
        sink: &mut dyn DatagramSink,
    ) {
        self.receive_marked(now, id, route, datagram, EcnMark::NotCapable, sink);
    }

    /// A datagram came for `id` with this ECN mark, of which its sender is told if that was agreed upon (RFC 8888).
    pub fn receive_marked(
        &mut self,
        now: Timestamp,
        id: u32,
        route: &Route,
        datagram: &[u8],
        mark: EcnMark,
        sink: &mut dyn DatagramSink,
    ) {
        if let Ok((participant, commons)) = self.both(id) {
            participant.receive(now, route, datagram, mark, commons, sink);
        }
    }

    /// Whether the audio domain has put something into the ring.
    pub fn has_outbound(&self) -> bool {
        !self.outbound.is_empty()
    }

    /// Sends what the audio domain has put into the ring. To be called after each of its ticks.
    pub fn poll_outbound(&mut self, now: Timestamp, sink: &mut dyn DatagramSink) {
        if self.outbound.is_empty() {
            return;
        }
        while let Ok(outbound) = self.outbound.pop() {
            match outbound {
                Outbound::Packet(packet) => self.fan_out(now, packet),
                Outbound::Route {
                    participant,
                    own,
                    codec,
                } => {
                    if let Ok(participant) = self.participant(participant) {
                        participant.media.outgoing.set_route(own, codec);
                    }
                }
            }
        }
        for participant in &mut self.participants {
            participant.flush(now, &mut self.commons, sink);
        }
    }

    /// When [`NetworkDomain::handle_timeout`] must be called at the latest.
    pub fn deadline(&self) -> Timestamp {
        let deadlines = self.participants.iter().map(|participant| participant.deadline);
        deadlines.fold(Timestamp::NEVER, Timestamp::min)
    }

    /// The deadline has come.
    pub fn handle_timeout(&mut self, now: Timestamp, sink: &mut dyn DatagramSink) {
        for participant in &mut self.participants {
            if participant.deadline <= now {
                participant.handle_timeout(now, &mut self.commons, sink);
            }
        }
    }

    /// Everybody leaves: as if each was removed.
    pub fn close(&mut self, now: Timestamp, sink: &mut dyn DatagramSink) {
        for participant in &mut self.participants {
            participant.close(now, &mut self.commons, sink);
        }
        self.participants.clear();
    }

    /// Payloads whose last copy has not left yet.
    pub fn waiting_payloads(&self) -> usize {
        self.commons.payloads.held()
    }

    fn fan_out(&mut self, now: Timestamp, packet: OutboundPacket) {
        let payloads = &mut self.commons.payloads;
        let meta = MixPacket {
            codec: packet.codec,
            ticks: packet.ticks,
            len: packet.payload.bytes().len(),
            level: AudioLevel::from_dbov(packet.level_dbov, packet.voice),
        };
        let mix = packet.mix;
        let key = payloads.hold(packet.payload);
        for participant in &mut self.participants {
            let hears = participant.media.outgoing.hears(now, participant.id, mix);
            if hears && participant.enqueue(now, meta, key) {
                payloads.share(key);
            }
        }
        payloads.release(key);
    }

    fn participant(&mut self, id: u32) -> Result<&mut NetworkParticipant, NetworkError> {
        self.both(id).map(|(participant, _)| participant)
    }

    fn both(&mut self, id: u32) -> Result<(&mut NetworkParticipant, &mut Commons), NetworkError> {
        let participant = self
            .participants
            .iter_mut()
            .find(|participant| participant.id == id);
        let participant = participant.ok_or(NetworkError::UnknownParticipant(id))?;
        Ok((participant, &mut self.commons))
    }
}
