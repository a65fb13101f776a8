//! What the encoder is set to: the user's parameters, the remote end's wishes and the network's state, made into one.

use jackfield_sdk::prelude::*;

use crate::fmtp::Fmtp;

/// What can be set on the encoder while it runs. A change of packet length or application takes effect with the next packet, any other
/// with the present one; none makes a gap.
#[derive(Params)]
pub struct OpusEncoderParameters {
    /// The rate to aim for, before the network or the remote end cap it.
    #[param(
        title = "Bit rate",
        unit = "bit/s",
        min = 6_000,
        max = 510_000,
        default = 32_000
    )]
    pub bitrate: i32,
    /// How much the encoder computes for a better sound: 0 is the cheapest, 10 the best.
    #[param(title = "Complexity", min = 0, max = 10, default = 9)]
    pub complexity: i32,
    /// Puts a coarse copy of each frame into the next packet (in-band FEC), if the remote end says that it uses it.
    #[param(title = "Redundancy", default = true)]
    pub fec: bool,
    /// Sends next to nothing in silence (DTX). On as well if the remote end asks for it.
    #[param(title = "Silence suppression", default = false)]
    pub dtx: bool,
    /// What it is optimised for: speech, any sound, or the shortest delay.
    #[param(title = "Application", choices = ["voip", "audio", "lowdelay"], default = 0)]
    pub application: u32,
    /// Length of a packet: as negotiated; longer when the rate is low; or fixed.
    #[param(title = "Packet length", unit = "ms", choices = ["negotiated", "adaptive", "10", "20", "40", "60"], default = 0)]
    pub packet_ms: u32,
    /// The share of packets that it takes to be lost where the network reports less; sets how much goes into redundancy.
    #[param(title = "Expected loss", unit = "%", min = 0, max = 100, default = 5)]
    pub expected_loss: i32,
}

impl OpusEncoderParameters {
    pub(crate) fn application(&self) -> opus::Application {
        match self.application {
            0 => opus::Application::Voip,
            1 => opus::Application::Audio,
            _ => opus::Application::LowDelay,
        }
    }
}

/// What the outside has to say in it.
pub(crate) struct Circumstances {
    pub(crate) remote: Fmtp,
    /// The rate that the network allows, in bit/s; `i32::MAX` until it says.
    pub(crate) allowed_bitrate: i32,
    /// The share of packets that the network loses, in percent.
    pub(crate) loss: i32,
    /// The length of packet that was negotiated, in ms.
    pub(crate) negotiated_packet_ms: u32,
    /// The length that adaptation has come to, in ms.
    adapted_packet_ms: u32,
}

impl Circumstances {
    /// The network is unknown as yet.
    ///
    /// # Errors
    /// `Invalid` if Opus knows no packets of that length.
    pub(crate) fn new(packet_ms: u32, remote: Fmtp) -> Result<Self, Fault> {
        let wanted = match packet_ms {
            0 => remote
                .packet_ms
                .unwrap_or(20)
                .clamp(remote.min_packet_ms, remote.max_packet_ms),
            10 | 20 | 40 | 60 => packet_ms,
            _ => {
                return Err(Fault::invalid(
                    "Opus packets last 10, 20, 40 or 60 ms: set `packet_ms` to one of these, or to 0",
                ));
            }
        };
        let negotiated_packet_ms = [60, 40, 20].into_iter().find(|&ms| ms <= wanted).unwrap_or(10);
        Ok(Self {
            remote,
            allowed_bitrate: i32::MAX,
            loss: 0,
            negotiated_packet_ms,
            adapted_packet_ms: negotiated_packet_ms,
        })
    }

    /// The rate to encode at, in bit/s.
    pub(crate) fn bitrate(&self, parameters: &OpusEncoderParameters) -> i32 {
        let remote = self
            .remote
            .max_average_bitrate
            .map_or(i32::MAX, |bps| i32::try_from(bps).unwrap_or(i32::MAX));
        parameters
            .bitrate
            .min(self.allowed_bitrate)
            .min(remote)
            .clamp(6_000, 510_000)
    }

    /// The loss to prepare for, in percent.
    pub(crate) fn loss(&self, parameters: &OpusEncoderParameters) -> i32 {
        parameters.expected_loss.max(self.loss).clamp(0, 100)
    }

    /// The length of the next packet, in ms.
    pub(crate) fn packet_ms(&self, parameters: &OpusEncoderParameters) -> u32 {
        match parameters.packet_ms {
            0 => self.negotiated_packet_ms,
            1 => self.adapted_packet_ms,
            2 => 10,
            3 => 20,
            4 => 40,
            _ => 60,
        }
    }

    /// Takes in what the network is like now. Long packets save headers (20 ms of them cost as much as 16 kbit/s of sound over IPv4 and
    /// SRTP), so the lower the rate the longer the packet; a step back up needs 3 kbit/s more than the step down, so that it settles.
    /// The longest packet that we make and the receiver takes.
    pub(crate) fn longest_packet(&self) -> TimeDelta {
        TimeDelta::ms(i64::from(self.remote.max_packet_ms.clamp(10, 60) / 10 * 10))
    }

    pub(crate) fn network(&mut self, hint: &NetworkHint, parameters: &OpusEncoderParameters) {
        let bps = hint.target.as_bps();
        if bps > 0 {
            self.allowed_bitrate = i32::try_from(bps).unwrap_or(i32::MAX);
        }
        if hint.loss.is_finite() {
            self.loss = (hint.loss.clamp(0.0, 1.0) * 100.0).round() as i32;
        }
        let bitrate = self.bitrate(parameters);
        let margin = |ms| if self.adapted_packet_ms >= ms { 3_000 } else { 0 };
        let wanted = if bitrate < 12_000 + margin(60) {
            60
        } else if bitrate < 18_000 + margin(40) {
            40
        } else {
            self.negotiated_packet_ms
        };
        self.adapted_packet_ms = wanted
            .max(self.negotiated_packet_ms)
            .min(self.remote.max_packet_ms.max(10) / 10 * 10);
        if !matches!(self.adapted_packet_ms, 10 | 20 | 40 | 60) {
            self.adapted_packet_ms = self.negotiated_packet_ms;
        }
    }
}
