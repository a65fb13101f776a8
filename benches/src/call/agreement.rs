//! Offer and answer between the two ends, each with a transport of its own.

use std::net::SocketAddr;

use jackfield_core::Fault;
use jackfield_core::environment::Environment;
use jackfield_core::module::Plugin;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::{AttributeSink, Transport, TransportConfig, TransportProxy};
use jackfield_graph::network::{
    MediaConfiguration, ReceiveCodec, RtcpFeedback, SendCodec, StreamName, StreamRates,
};
use jackfield_rtp::payload::PayloadFormatDescription;
use jackfield_session::candidate::Candidate;
use jackfield_session::negotiation::NegotiatedAudio;
use jackfield_session::{AnyFmtp, PeerConfiguration, PeerConnection, SdpType, TransportDescription};
use jackfield_transport_ice_dtls::IceDtls;

use crate::plugins::{Codec, ROOM};

/// The moment at which the call begins, as microseconds since 1970: certificates carry dates.
const UNIX_US: i64 = 1_767_225_600_000_000;

/// What one end needs to begin.
pub(super) struct Agreement {
    /// It knows the other end, and has not started.
    pub(super) transport: Box<dyn Transport>,
    pub(super) configuration: MediaConfiguration,
    pub(super) payload_type: u8,
    pub(super) ssrc: u32,
}

/// Lets the first end offer and the second answer.
pub(super) fn agree(codec: Codec, addresses: [SocketAddr; 2], seed: u64) -> [Agreement; 2] {
    let mut number = 0;
    let [mut first, mut second] = addresses.map(|address| {
        number += 1;
        transport(address, number == 1, 2 * seed + number)
    });
    let [mut caller, mut callee] = [1, 2].map(|number| {
        let configuration =
            PeerConfiguration::voice(vec![format_of(codec)], format!("end{number}"), seed + number);
        PeerConnection::new(configuration).expect("a sound configuration")
    });
    caller.add_audio().expect("an audio line");
    callee.add_audio().expect("an audio line");

    let described = describe(&mut *first, addresses[0]);
    let offer = caller.create_offer(&described).expect("an offer");
    let told = caller.set_local_description(SdpType::Offer, &offer);
    told.expect("its own offer");
    let heard = callee.set_remote_description(SdpType::Offer, &offer, &mut AnyFmtp);
    heard.expect("an offer that it understands");
    hear(&mut *second, &callee);
    let described = describe(&mut *second, addresses[1]);
    let answer = callee.create_answer(&described).expect("an answer");
    let told = callee.set_local_description(SdpType::Answer, &answer);
    told.expect("its own answer");
    let heard = caller.set_remote_description(SdpType::Answer, &answer, &mut AnyFmtp);
    heard.expect("an answer that it understands");
    hear(&mut *first, &caller);
    [(first, caller), (second, callee)].map(|(transport, peer)| {
        let audio = peer.negotiated_audio().expect("both speak it");
        let chosen = audio.send.as_ref().expect("both ways");
        Agreement {
            transport,
            payload_type: chosen.payload_type,
            ssrc: audio.local_ssrc,
            configuration: configuration(&audio),
        }
    })
}

fn format_of(codec: Codec) -> PayloadFormatDescription {
    let (plugin, name, channels, fmtp) = match codec {
        Codec::Opus => ("jackfield.codec.opus", "opus", 2, "minptime=10;useinbandfec=1"),
        Codec::L16 => ("jackfield.codec.pcm", "L16", 1, ""),
    };
    PayloadFormatDescription {
        codec: plugin.into(),
        index: 0,
        name: name.into(),
        clock_rate: ROOM.sample_rate,
        channels,
        static_payload_type: None,
        fmtp: fmtp.into(),
    }
}

fn transport(address: SocketAddr, offers: bool, seed: u64) -> Box<dyn Transport> {
    let mut secure = IceDtls::create(&Environment::seeded(seed)).expect("it can be made");
    secure.parameters().insecure_deterministic = true;
    let mut transport = TransportProxy::local(secure);
    let config = TransportConfig::new(offers, UNIX_US);
    let activated = transport.activate(Timestamp::ZERO, &config);
    activated.expect("it can be activated");
    let candidate = Candidate::host(address, 65_535).to_string();
    let taken = transport.add_local_candidate(Timestamp::ZERO, &candidate);
    taken.expect("a host candidate is taken");
    Box::new(transport)
}

/// What a transport says of itself, with its address.
fn describe(transport: &mut dyn Transport, address: SocketAddr) -> TransportDescription {
    struct Attributes(Vec<(String, String)>);
    impl AttributeSink for Attributes {
        fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
            self.0.push((name.to_owned(), value.to_owned()));
            Ok(())
        }
    }
    let mut told = Attributes(Vec::new());
    transport
        .local_description(&mut told)
        .expect("it can be described");
    let attributes = told.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut described =
        TransportDescription::from_attributes(attributes).expect("it tells all that is needed");
    described.candidates = vec![Candidate::host(address, 65_535).to_string()];
    described.end_of_candidates = true;
    described
}

/// Tells a transport what the other end's description says.
fn hear(transport: &mut dyn Transport, peer: &PeerConnection) {
    let remote = peer.remote_transport().expect("the description has a transport");
    for (name, value) in remote.attributes() {
        let taken = transport.set_remote_attribute(Timestamp::ZERO, name, &value);
        taken.expect("an attribute is taken");
    }
    for candidate in &remote.candidates {
        let taken = transport.add_remote_candidate(Timestamp::ZERO, candidate);
        taken.expect("a candidate is taken");
    }
}

fn configuration(audio: &NegotiatedAudio) -> MediaConfiguration {
    let has = |feedback| {
        let mut choices = audio.receive.iter();
        choices.any(|choice| audio.has_feedback(choice.payload_type, feedback))
    };
    MediaConfiguration {
        send: audio
            .send
            .iter()
            .map(|choice| SendCodec {
                codec: 0,
                payload_type: choice.payload_type,
                clock_rate: choice.clock_rate,
            })
            .collect(),
        receive: audio
            .receive
            .iter()
            .map(|choice| ReceiveCodec {
                payload_type: choice.payload_type,
                clock_rate: choice.clock_rate,
            })
            .collect(),
        extensions: audio.send_extensions(),
        mid: StreamName::new(&audio.mid),
        feedback: RtcpFeedback {
            transport_cc: has("transport-cc"),
            reduced_size: audio.rtcp_rsize,
            ..RtcpFeedback::default()
        },
        remote_ssrcs: audio.remote_ssrcs.clone(),
        rates: StreamRates::VOICE,
        ..MediaConfiguration::default()
    }
}
