//! What the participants say: Opus packets of recorded speech, and of silence, made before anything is measured.

use std::collections::VecDeque;
use std::sync::Arc;

use jackfield_benches::plugins::Codec;
use jackfield_benches::{Hall, plugins};
use jackfield_core::audio::level_dbov;
use jackfield_rtp::header::RtpPacketView;

use crate::Error;

/// Payloads with their levels in dBov, 20 ms each.
pub(crate) type Said = Arc<Vec<(Vec<u8>, f32)>>;

/// What there is to say.
pub(crate) struct Packets {
    pub(crate) voice: Said,
    pub(crate) silence: Said,
}

/// Ten seconds of a voice, in which somebody speaks nearly all the time, and of nothing.
pub(crate) fn packets() -> Result<Packets, Error> {
    const SECONDS: usize = 10;
    Ok(Packets {
        voice: Hall::packets(Codec::Opus, &plugins::speech("reader-1", SECONDS)),
        silence: Hall::packets(Codec::Opus, &vec![0.0; SECONDS * 48_000]),
    })
}

/// The loudest 20 ms of these RTP packets, in dBov.
pub(crate) fn loudest_dbov(packets: &VecDeque<Vec<u8>>) -> f32 {
    let mut decoder = Codec::Opus.decoder();
    let mut pcm = [0.0; 5_760];
    let payloads = packets
        .iter()
        .filter_map(|packet| RtpPacketView::parse(packet).ok());
    payloads.fold(-127.0, |loudest, packet| {
        let decoded = decoder.decoder.decode(packet.payload(), &mut pcm);
        decoded.map_or(loudest, |d| level_dbov(&pcm[..d.samples as usize]).max(loudest))
    })
}
