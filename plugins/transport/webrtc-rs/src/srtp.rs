//! SRTP and SRTCP (RFC 3711, RFC 7714) by `webrtc-srtp`.

use bytes::Bytes;
use jackfield_sdk::prelude::*;
use jackfield_sdk::secure_transport::srtp::{
    Context, Inbound, KeyAndSalt, Keys, Profile, REPLAY_WINDOW, Refusal, RtpHeader,
};
use rtp::header::Header;
use webrtc_srtp::Error;
use webrtc_srtp::context::Context as LibraryContext;
use webrtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use webrtc_srtp::protection_profile::ProtectionProfile;

/// Protects what leaves and unprotects what comes, with keys from DTLS.
pub(crate) struct Srtp {
    profile: Profile,
    outbound: Direction,
    inbound: Inbound<Direction>,
}

/// What one direction has of the library.
struct Direction {
    context: LibraryContext,
    /// Reused: tells the library how long a header is without the allocations that its own parser makes.
    header: Header,
}

impl Srtp {
    /// Starts from the keys of a finished handshake.
    pub(crate) fn new(keys: &Keys) -> Result<Self, Fault> {
        let profile = keys.profile;
        let (ours, theirs) = keys.ours_and_theirs()?;
        Ok(Self {
            profile,
            outbound: Direction::new(profile, &ours, false)?,
            inbound: Inbound::new(profile, move || Direction::new(profile, &theirs, true))?,
        })
    }

    /// The profile in use.
    pub(crate) fn profile(&self) -> Profile {
        self.profile
    }

    /// Protects an RTP packet.
    pub(crate) fn protect_rtp(&mut self, packet: &[u8]) -> Result<Bytes, Fault> {
        let header = RtpHeader::read(packet).ok_or_else(|| {
            Fault::invalid("not an RTP packet (RFC 3550 section 5.1): pass header and payload, in the clear")
        })?;
        let Direction { context, header } = self.outbound.at(&header);
        context.encrypt_rtp_with_header(packet, header).map_err(|error| {
            Fault::failed(format!(
                "SRTP cannot protect the packet ({error}): make a new transport"
            ))
        })
    }

    /// Protects an RTCP packet, compound or reduced-size.
    pub(crate) fn protect_rtcp(&mut self, packet: &[u8]) -> Result<Bytes, Fault> {
        self.outbound.context.encrypt_rtcp(packet).map_err(|error| {
            Fault::invalid(format!(
                "not an RTCP packet ({error}): pass it whole, in the clear"
            ))
        })
    }

    /// Checks and decrypts an SRTP packet.
    pub(crate) fn unprotect_rtp(&mut self, datagram: &[u8]) -> Result<Bytes, Refusal> {
        self.inbound.unprotect_rtp(datagram)
    }

    /// Checks and decrypts an SRTCP packet.
    pub(crate) fn unprotect_rtcp(&mut self, datagram: &[u8]) -> Result<Bytes, Refusal> {
        self.inbound.unprotect_rtcp(datagram)
    }
}

impl Direction {
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
