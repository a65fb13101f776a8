//! SRTP and SRTCP (RFC 3711, RFC 7714) by `webrtc-srtp`.

use bytes::Bytes;
use jackfield_sdk::prelude::*;
use jackfield_sdk::secure_transport::srtp::{
    self, Context, KeyAndSalt, Profile, REPLAY_WINDOW, Refusal, RtpHeader,
};
use rtp::header::Header;
use webrtc_srtp::Error;
use webrtc_srtp::context::Context as LibraryContext;
use webrtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use webrtc_srtp::protection_profile::ProtectionProfile;

/// Protects what leaves and unprotects what comes, with keys from DTLS.
pub(crate) type Srtp = srtp::Srtp<Direction>;

/// What one direction has of the library.
pub(crate) struct Direction {
    context: LibraryContext,
    /// Reused: tells the library how long a header is without the allocations that its own parser makes.
    header: Header,
}

impl Direction {
    /// With the header of a packet. The contributing sources stand in for its whole variable part: the library only asks for the length.
    fn at(&mut self, header: &RtpHeader) -> &mut Self {
        self.header.sequence_number = header.sequence_number;
        self.header.ssrc = header.ssrc;
        self.header.csrc.resize((header.length - 12) / 4, 0);
        self
    }
}

impl Context for Direction {
    type Packet = Bytes;

    fn new(profile: Profile, keys: &KeyAndSalt, inbound: bool) -> Result<Self, Fault> {
        let context = LibraryContext::new(
            &keys.key,
            &keys.salt,
            library(profile),
            inbound.then(|| srtp_replay_protection(REPLAY_WINDOW)),
            inbound.then(|| srtcp_replay_protection(REPLAY_WINDOW)),
        )
        .map_err(|error| Fault::failed(format!("the keys from DTLS do not fit SRTP: {error}")))?;
        let header = Header {
            version: 2,
            ..Header::default()
        };
        Ok(Self { context, header })
    }

    fn protect_rtp(&mut self, packet: &[u8], header: &RtpHeader) -> Result<Bytes, String> {
        let Self { context, header } = self.at(header);
        context
            .encrypt_rtp_with_header(packet, header)
            .map_err(|error| error.to_string())
    }

    fn protect_rtcp(&mut self, packet: &[u8]) -> Result<Bytes, String> {
        self.context
            .encrypt_rtcp(packet)
            .map_err(|error| error.to_string())
    }

    fn unprotect_rtp(&mut self, datagram: &[u8], header: &RtpHeader) -> Result<Bytes, Refusal> {
        let Self { context, header } = self.at(header);
        context
            .decrypt_rtp_with_header(datagram, header)
            .map_err(|error| refusal(&error))
    }

    fn unprotect_rtcp(&mut self, datagram: &[u8]) -> Result<Bytes, Refusal> {
        self.context
            .decrypt_rtcp(datagram)
            .map_err(|error| refusal(&error))
    }
}

fn library(profile: Profile) -> ProtectionProfile {
    match profile {
        Profile::Aes128CmSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
        Profile::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
        Profile::AeadAes256Gcm => ProtectionProfile::AeadAes256Gcm,
    }
}

fn refusal(error: &Error) -> Refusal {
    match error {
        Error::SrtpSsrcDuplicated(..) | Error::SrtcpSsrcDuplicated(..) => Refusal::Replayed,
        _ => Refusal::Unauthentic,
    }
}
