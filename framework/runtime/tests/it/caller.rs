//! An engine with linked plugins, and callers who reach it over real UDP sockets through a transport of their own.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use jackfield_codec_opus::{OpusDecoder, OpusEncoder};
use jackfield_core::Fault;
use jackfield_core::audio::level_dbov;
use jackfield_core::audio_codec::{AudioDecoder, AudioEncoder, DecoderConfig, EncoderConfig};
use jackfield_core::environment::Environment;
use jackfield_core::module::Plugin;
use jackfield_core::time::{NtpTime, Timestamp};
use jackfield_core::transport::{
    AttributeSink, PacketKind, Route, Transport, TransportConfig, TransportSink, TransportState,
};
use jackfield_core::units::SampleRate;
use jackfield_loader::{Loader, LoaderOptions, Manifest};
use jackfield_rtp::extension::AbsoluteSendTime;
use jackfield_rtp::header::RtpPacketView;
use jackfield_runtime::{Engine, EngineOptions, Participant, ParticipantKind, Room};
use jackfield_sdk::StaticPlugin;

/// Far longer than anything here takes.
const LONG: Duration = Duration::from_secs(20);

/// An engine whose rooms have the sockets of `manifest`.
pub(crate) fn engine(manifest: &str) -> Engine {
    Engine::start(EngineOptions::new(self::manifest(manifest), loader(&[]))).unwrap()
}

/// A manifest of linked plugins.
pub(crate) fn manifest(text: &str) -> Manifest {
    Manifest::parse(text, Path::new("test.toml")).unwrap().linked()
}

/// The plugins that come with Jackfield, and `more`.
pub(crate) fn loader(more: &[StaticPlugin]) -> Loader {
    let mut linked = linked();
    linked.extend_from_slice(more);
    Loader::new(LoaderOptions {
        linked,
        ..LoaderOptions::default()
    })
    .unwrap()
}

/// The plugins that come with Jackfield.
pub(crate) fn linked() -> Vec<StaticPlugin> {
    vec![
        jackfield_capture_file::JACKFIELD_PLUGIN,
        jackfield_codec_g711::JACKFIELD_PLUGIN,
        jackfield_codec_opus::JACKFIELD_PLUGIN,
        jackfield_codec_pcm::JACKFIELD_PLUGIN,
        jackfield_congestion_fixed::JACKFIELD_PLUGIN,
        jackfield_congestion_gcc::JACKFIELD_PLUGIN,
        jackfield_congestion_receive_side::JACKFIELD_PLUGIN,
        jackfield_jitter_adaptive::JACKFIELD_PLUGIN,
        jackfield_jitter_fixed::JACKFIELD_PLUGIN,
        jackfield_mixer_active_speaker::JACKFIELD_PLUGIN,
        jackfield_mixer_sum::JACKFIELD_PLUGIN,
        jackfield_pacing_leaky_bucket::JACKFIELD_PLUGIN,
        jackfield_pacing_null::JACKFIELD_PLUGIN,
        jackfield_processing_aec3::JACKFIELD_PLUGIN,
        jackfield_processing_gain::JACKFIELD_PLUGIN,
        jackfield_processing_ns_rnnoise::JACKFIELD_PLUGIN,
        jackfield_processing_null::JACKFIELD_PLUGIN,
        jackfield_transport_ice_dtls::JACKFIELD_PLUGIN,
        jackfield_transport_loopback::JACKFIELD_PLUGIN,
        jackfield_transport_webrtc_rs::JACKFIELD_PLUGIN,
    ]
}

/// What a caller offers and sends.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Codec {
    pub(crate) payload_type: u8,
    /// Its lines in the offer.
    pub(crate) lines: &'static str,
    /// Of its clock, for each packet.
    pub(crate) ticks: u32,
}

pub(crate) const OPUS: Codec = Codec {
    payload_type: 111,
    lines: "a=rtpmap:111 opus/48000/2\r\n",
    ticks: 960,
};

/// Somebody in a call: a socket, a transport, and what was heard.
pub(crate) struct Caller {
    pub(crate) participant: Participant,
    transport: Box<dyn Transport>,
    socket: UdpSocket,
    origin: Instant,
    state: TransportState,
    codec: Codec,
    ssrc: u32,
    sequence_number: u16,
    /// The payloads of the mix, in the order in which they came, with their sequence numbers.
    pub(crate) heard: Vec<(u16, Vec<u8>)>,
    /// RTCP packets that came.
    pub(crate) rtcp: Vec<Vec<u8>>,
}

/// What a transport gives while it is called.
struct Gate<'a> {
    socket: &'a UdpSocket,
    state: &'a mut TransportState,
    heard: &'a mut Vec<(u16, Vec<u8>)>,
    rtcp: &'a mut Vec<Vec<u8>>,
}

impl TransportSink for Gate<'_> {
    fn transmit(&mut self, route: &Route, datagram: &[u8]) -> Result<(), Fault> {
        self.socket
            .send_to(datagram, SocketAddr::from(route.remote))
            .unwrap();
        Ok(())
    }
    fn packet(&mut self, kind: PacketKind, packet: &[u8]) -> Result<(), Fault> {
        if kind == PacketKind::Rtcp {
            self.rtcp.push(packet.to_vec());
        } else {
            let packet = RtpPacketView::parse(packet).unwrap();
            self.heard
                .push((packet.sequence_number(), packet.payload().to_vec()));
        }
        Ok(())
    }
    fn state(&mut self, state: TransportState) -> Result<(), Fault> {
        *self.state = state;
        Ok(())
    }
}

impl Caller {
    /// Joins `room` and offers Opus; `transport` is the caller's own.
    pub(crate) async fn join(room: &Room, name: &str, transport: Box<dyn Transport>) -> Self {
        Self::join_in(room, name, transport, OPUS).await
    }

    /// Joins `room` and offers `codec`.
    pub(crate) async fn join_in(
        room: &Room,
        name: &str,
        transport: Box<dyn Transport>,
        codec: Codec,
    ) -> Self {
        let participant = room.join(name, ParticipantKind::Browser).unwrap();
        Self::over(participant, 0, transport, codec).await
    }

    /// Who has joined offers `codec`.
    pub(crate) async fn of(participant: Participant, transport: Box<dyn Transport>, codec: Codec) -> Self {
        Self::over(participant, 0, transport, codec).await
    }

    /// Opens the second connection for which the room has asked; the first goes on.
    pub(crate) async fn reconnect(
        participant: Participant,
        connection: u64,
        transport: Box<dyn Transport>,
    ) -> Self {
        Self::over(participant, connection, transport, OPUS).await
    }

    async fn over(
        participant: Participant,
        connection: u64,
        mut transport: Box<dyn Transport>,
        codec: Codec,
    ) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
        let origin = Instant::now();
        let unix_us = 1_790_000_000_000_000;
        transport
            .activate(Timestamp::ZERO, &TransportConfig::new(true, unix_us))
            .unwrap();
        let port = socket.local_addr().unwrap().port();
        let candidate = format!("1 1 udp 2130706431 127.0.0.1 {port} typ host");
        transport
            .add_local_candidate(Timestamp::ZERO, &candidate)
            .unwrap();
        let answer = participant
            .offer(connection, &offer(&mut *transport, &candidate, codec))
            .await
            .unwrap();
        let lines = answer.lines().filter_map(|line| line.strip_prefix("a="));
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            match name {
                "candidate" => transport.add_remote_candidate(Timestamp::ZERO, value).unwrap(),
                "ice-ufrag" | "ice-pwd" | "fingerprint" | "setup" => transport
                    .set_remote_attribute(Timestamp::ZERO, name, value)
                    .unwrap(),
                _ => {}
            }
        }
        let mut caller = Self {
            participant,
            transport,
            socket,
            origin,
            state: TransportState::New,
            codec,
            ssrc: 0x1234 + connection as u32,
            sequence_number: 7,
            heard: Vec::new(),
            rtcp: Vec::new(),
        };
        caller.with_transport(|transport, now, gate| transport.start(now, gate));
        caller
    }

    /// Goes on until `enough`.
    pub(crate) fn run_until(&mut self, enough: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + LONG;
        while !enough(self) {
            assert!(Instant::now() < deadline, "not within {LONG:?}");
            self.step();
        }
    }

    /// Until the transport is connected.
    pub(crate) fn connect(&mut self) {
        self.run_until(|caller| caller.state == TransportState::Connected);
    }

    /// Takes what has come, or waits two milliseconds for it.
    pub(crate) fn step(&mut self) {
        let mut datagram = [0; 2_048];
        if let Ok((len, remote)) = self.socket.recv_from(&mut datagram) {
            let route = Route::new(self.socket.local_addr().unwrap(), remote);
            self.with_transport(|transport, now, gate| {
                transport.receive(now, &route, &datagram[..len], gate)
            });
        }
        if self.transport.deadline().unwrap() <= self.now() {
            self.with_transport(|transport, now, gate| transport.handle_timeout(now, gate));
        }
    }

    /// Sends a packet of its codec.
    pub(crate) fn say(&mut self, payload: &[u8]) {
        self.say_with(&[], payload);
    }

    /// Sends one that says under this number when it leaves.
    pub(crate) fn say_timed(&mut self, extension: u8, payload: &[u8]) {
        let unix_us = 1_790_000_000_000_000 + self.now().us() as u64;
        let [a, b, c] = AbsoluteSendTime::from_ntp(NtpTime::from_unix_us(unix_us)).to_bytes();
        // One word of one-byte headers (RFC 8285 section 4.2).
        self.say_with(&[0xBE, 0xDE, 0, 1, extension << 4 | 2, a, b, c], payload);
    }

    fn say_with(&mut self, extensions: &[u8], payload: &[u8]) {
        self.sequence_number = self.sequence_number.wrapping_add(1);
        let flags = if extensions.is_empty() { 0x80 } else { 0x90 };
        let mut packet = vec![flags, self.codec.payload_type];
        packet.extend(self.sequence_number.to_be_bytes());
        packet.extend((u32::from(self.sequence_number) * self.codec.ticks).to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        packet.extend(extensions);
        packet.extend(payload);
        self.with_transport(|transport, now, gate| transport.send(now, PacketKind::Rtp, &packet, gate));
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.state == TransportState::Connected
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state == TransportState::Closed
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_us(self.origin.elapsed().as_micros() as i64)
    }

    fn with_transport(
        &mut self,
        call: impl FnOnce(&mut dyn Transport, Timestamp, &mut dyn TransportSink) -> Result<(), Fault>,
    ) {
        let now = self.now();
        let mut gate = Gate {
            socket: &self.socket,
            state: &mut self.state,
            heard: &mut self.heard,
            rtcp: &mut self.rtcp,
        };
        call(&mut *self.transport, now, &mut gate).unwrap();
    }
}

/// A transport of the plugin `T`, seeded so that no two callers are alike.
pub(crate) fn transport<T: Plugin + Transport + 'static>(seed: u64) -> Box<dyn Transport> {
    Box::new(jackfield_core::transport::TransportProxy::local(
        T::create(&Environment::seeded(seed)).unwrap(),
    ))
}

fn offer(transport: &mut dyn Transport, candidate: &str, codec: Codec) -> String {
    struct Lines(String);
    impl AttributeSink for Lines {
        fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
            if name != "setup" {
                self.0 += &format!("a={name}:{value}\r\n");
            }
            Ok(())
        }
    }
    let mut lines = Lines(String::new());
    transport.local_description(&mut lines).unwrap();
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF {}\r\nc=IN IP4 0.0.0.0\r\n\
         a=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\n{}a=setup:actpass\r\n{}a=candidate:{candidate}\r\n\
         a=end-of-candidates\r\n",
        codec.payload_type, codec.lines, lines.0
    )
}

/// The level of [`tone`].
pub(crate) const TONE_DBOV: f32 = -13.5;

/// A second of a steady tone in Opus, a whole number of its periods: whatever is missing of it is silence.
pub(crate) fn tone() -> Vec<Vec<u8>> {
    let mut encoder = OpusEncoder::create(&Environment::seeded(1)).unwrap();
    encoder
        .activate(&EncoderConfig::new(0, SampleRate::HZ_48000, 1, 20), "")
        .unwrap();
    let (mut payload, mut packets) = ([0; 1_275], Vec::new());
    for number in 0..100 {
        let block: Vec<f32> = (number * 480..(number + 1) * 480)
            .map(|n| 0.3 * (std::f32::consts::TAU * 400.0 * n as f32 / 48_000.0).sin())
            .collect();
        let encoded = encoder.encode(&block, &mut payload).unwrap();
        if encoded.bytes > 0 {
            packets.push(payload[..encoded.bytes as usize].to_vec());
        }
    }
    packets
}

/// Decodes what a caller is sent in Opus.
pub(crate) struct Ear {
    decoder: OpusDecoder,
    decoded: usize,
}

impl Ear {
    pub(crate) fn new() -> Self {
        let mut decoder = OpusDecoder::create(&Environment::seeded(1)).unwrap();
        decoder
            .activate(&DecoderConfig::new(0, SampleRate::HZ_48000, 1), "")
            .unwrap();
        Self { decoder, decoded: 0 }
    }

    /// The levels of the blocks of 10 ms that have come since this was asked last; what never came is silence.
    pub(crate) fn levels(&mut self, caller: &Caller) -> Vec<f32> {
        let mut levels = Vec::new();
        let mut pcm = [0.0; 5_760];
        for at in self.decoded..caller.heard.len() {
            let (number, payload) = &caller.heard[at];
            if at > 0 {
                let missing = number.wrapping_sub(caller.heard[at - 1].0).wrapping_sub(1);
                levels.extend((0..2 * missing).map(|_| -127.0));
            }
            let decoded = self.decoder.decode(payload, &mut pcm).unwrap();
            levels.extend(pcm[..decoded.samples as usize].chunks(480).map(level_dbov));
        }
        self.decoded = caller.heard.len();
        levels
    }
}

/// The middle one of the last 40 blocks.
pub(crate) fn settled(levels: &[f32]) -> f32 {
    let mut last = levels[levels.len().saturating_sub(40)..].to_vec();
    last.sort_by(f32::total_cmp);
    last[last.len() / 2]
}
