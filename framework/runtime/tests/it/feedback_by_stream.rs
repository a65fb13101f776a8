//! E17.4: a room whose congestion controller adapts to ECN marks takes the feedback that tells of them; another takes what browsers speak.

use std::time::{Duration, Instant};

use jackfield_rtp::rtcp::{RtcpDatagram, RtcpPacket};
use jackfield_runtime::{Engine, EngineOptions};
use jackfield_sdk::prelude::*;
use jackfield_transport_ice_dtls::IceDtls;

use super::caller::{Caller, Codec, OPUS, loader, manifest, transport};
use super::strangers::JACKFIELD_PLUGIN;

/// Adapts to marks, or says so.
pub(crate) struct Heeding(());

impl Plugin for Heeding {
    const DESCRIPTOR: Descriptor = Descriptor::new("example.congestion.heeding", "Heeding", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self(()))
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.0
    }
}

impl CongestionController for Heeding {
    fn activate(&mut self, _: Timestamp, _: &RateConstraints) -> Result<(), Fault> {
        Ok(())
    }

    fn on_event(
        &mut self,
        _: Timestamp,
        _: &CongestionEvent,
        _: &[PacketFeedback],
        _: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        Ok(CongestionUpdate {
            target: DataRate::kbps(64),
            ecn: 1,
            ..CongestionUpdate::default()
        })
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(TimeDelta::ms(25))
    }

    fn hand_over(&mut self, _: Timestamp) -> Result<CongestionHandover, Fault> {
        Ok(CongestionHandover::default())
    }

    fn take_over(&mut self, _: Timestamp, _: &CongestionHandover) -> Result<(), Fault> {
        Ok(())
    }

    fn adapts_to_ecn(&mut self) -> Result<u32, Fault> {
        Ok(1)
    }
}

/// Opus with both kinds of feedback.
const BOTH: Codec = Codec {
    lines: "a=rtpmap:111 opus/48000/2\r\n\
        a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
        a=rtcp-fb:111 transport-cc\r\n\
        a=rtcp-fb:* ack ccfb\r\n",
    ..OPUS
};

/// How many packets of a caller who offers both a room with this controller reports by their stream, in a second of speech.
async fn reported(controller: &str) -> usize {
    let text = format!("profile = \"conference\"\n[sockets.congestion]\nuse = \"{controller}\"\n");
    let engine = Engine::start(EngineOptions::new(manifest(&text), loader(&[JACKFIELD_PLUGIN]))).unwrap();
    let room = engine.open_room("room").unwrap();
    let mut ann = Caller::join_in(&room, "Ann", transport::<IceDtls>(1), BOTH).await;
    ann.connect();
    let (began, mut said) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_millis(1_500) {
        if said < 50 && began.elapsed() >= Duration::from_millis(20) * said {
            ann.say(&[0xF8, 0xFF, 0xFE]);
            said += 1;
        }
        ann.step();
    }
    let mut reported = 0;
    for bytes in &ann.rtcp {
        for packet in RtcpDatagram::parse(bytes).unwrap().packets() {
            if let Ok(RtcpPacket::CongestionFeedback(feedback)) = packet {
                let came = feedback.blocks().flat_map(|block| block.packets());
                reported += came.filter(|(_, metric)| metric.is_some()).count();
            }
        }
    }
    engine.close().await;
    reported
}

#[tokio::test(flavor = "multi_thread")]
async fn e17_4_a_room_whose_controller_adapts_to_marks_tells_by_stream_when_each_packet_came() {
    assert!(reported("example.congestion.heeding").await >= 45);
}

#[tokio::test(flavor = "multi_thread")]
async fn e17_4_another_room_keeps_to_what_browsers_speak() {
    assert_eq!(reported("jackfield.congestion.fixed").await, 0);
}
