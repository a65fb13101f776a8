//! Opus as negotiation sees it.

use jackfield_sdk::prelude::*;

use crate::fmtp::Fmtp;
use crate::{CLOCK_RATE, descriptor, known_format};

/// The codec itself: its payload format, and what it answers to an offer (RFC 7587 section 7).
pub struct Opus {
    parameters: (),
}

impl Plugin for Opus {
    const DESCRIPTOR: Descriptor = descriptor();
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self { parameters: () })
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl AudioCodec for Opus {
    fn formats(&mut self, sink: &mut dyn PayloadFormatSink) -> Result<(), Fault> {
        let format = PayloadFormat {
            clock_rate: CLOCK_RATE,
            channels: 2, // always, also for mono (RFC 7587 section 7)
            static_payload_type: PayloadFormat::DYNAMIC,
            sample_rate: SampleRate::HZ_48000,
            max_channels: 2,
            packet_ms: 20,
        };
        sink.format("opus", &format, "minptime=10;useinbandfec=1")
    }

    /// Every Opus offer can be met, because every decoder takes every packet: the parameters are wishes, each end's for what it
    /// receives (RFC 7587 section 7.1). So the answer says what this decoder can use, and goes along with what the offer says about
    /// the offerer's own taste where it costs nothing: stereo, DTX and constant rate.
    fn answer(&mut self, index: u32, offered: &str, answer: &mut dyn TextSink) -> Result<(), Fault> {
        known_format(index)?;
        let offered = Fmtp::parse(offered);
        answer.text("minptime=10;useinbandfec=1")?;
        if offered.stereo || offered.sender_is_stereo {
            answer.text(";stereo=1")?;
        }
        if offered.dtx {
            answer.text(";usedtx=1")?;
        }
        if offered.constant_rate {
            answer.text(";cbr=1")?;
        }
        Ok(())
    }
}
