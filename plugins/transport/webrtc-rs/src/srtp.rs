//! SRTP and SRTCP (RFC 3711, RFC 7714) by `webrtc-srtp`, with what that library leaves to its caller.

use std::collections::HashSet;

use bytes::Bytes;
use jackfield_sdk::prelude::*;
use rtp::header::Header;
use webrtc_srtp::Error;
use webrtc_srtp::context::Context;
use webrtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use webrtc_srtp::protection_profile::ProtectionProfile;

/// Protects what leaves and unprotects what comes, with keys from DTLS.
pub(crate) struct Srtp {
    profile: Profile,
    /// The peer's key and salt, for a fresh probe.
    theirs: (Vec<u8>, Vec<u8>),
    outbound: Context,
    inbound: Context,
    /// Tries the first packet of a source that is not known yet. A context keeps state for every source that it is asked about and takes
    /// the first packet as the start of the replay window, both before it has checked the packet: this one may be thrown away.
    probe: Context,
    probed: u32,
    rtp_sources: HashSet<u32>,
    rtcp_sources: HashSet<u32>,
    /// Reused: tells the library how long a header is without the allocations that its own parser makes.
    header: Header,
}

/// How packets are protected: the profiles that `use_srtp` negotiates (RFC 5764, RFC 7714).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Aes128CmSha1_80,
    AeadAes128Gcm,
    AeadAes256Gcm,
}

/// The keys as DTLS exports them (RFC 5764 section 4.2).
pub(crate) struct Keys {
    pub(crate) profile: Profile,
    pub(crate) material: Vec<u8>,
    /// Whether we were the DTLS client.
    pub(crate) client: bool,
}

/// Why a packet was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Not even shaped like a protected packet.
    Malformed,
    /// Its authentication tag is wrong, or it is not protected at all.
    Unauthentic,
    /// It came before, or is too old to tell.
    Replayed,
}

/// How far back a packet may be and still be told from a replay (RFC 3711 section 3.3.2: at least 64).
const REPLAY_WINDOW: usize = 64;
/// After so many forged first packets the probe is made anew, so that it cannot be made to grow.
const PROBES: u32 = 64;
/// More sources than this one peer does not send.
const SOURCES: usize = 4096;
/// The SRTCP index with its E flag.
const SRTCP_INDEX: usize = 4;

impl Profile {
    /// The name in the IANA registry of DTLS-SRTP protection profiles.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Aes128CmSha1_80 => "SRTP_AES128_CM_HMAC_SHA1_80",
            Self::AeadAes128Gcm => "SRTP_AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "SRTP_AEAD_AES_256_GCM",
        }
    }

    fn library(self) -> ProtectionProfile {
        match self {
            Self::Aes128CmSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
            Self::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
            Self::AeadAes256Gcm => ProtectionProfile::AeadAes256Gcm,
        }
    }

    /// How many bytes of keys and salts DTLS must export.
    pub(crate) fn keying_material_len(self) -> usize {
        2 * (self.library().key_len() + self.library().salt_len())
    }
}

impl Srtp {
    /// Starts from the keys of a finished handshake: the client's key, the server's, the client's salt, the server's.
    pub(crate) fn new(keys: &Keys) -> Result<Self, Fault> {
        let library = keys.profile.library();
        let (key, salt) = (library.key_len(), library.salt_len());
        if keys.material.len() != 2 * (key + salt) {
            return Err(Fault::failed(
                "the keys from DTLS do not fit SRTP: their length is wrong",
            ));
        }
        let (write_keys, salts) = keys.material.split_at(2 * key);
        let client = (write_keys[..key].to_vec(), salts[..salt].to_vec());
        let server = (write_keys[key..].to_vec(), salts[salt..].to_vec());
        let (ours, theirs) = if keys.client {
            (client, server)
        } else {
            (server, client)
        };
        Ok(Self {
            outbound: Context::new(&ours.0, &ours.1, library, None, None)
                .map_err(|error| unusable(&error))?,
            inbound: inbound(&theirs, keys.profile)?,
            probe: inbound(&theirs, keys.profile)?,
            probed: 0,
            rtp_sources: HashSet::new(),
            rtcp_sources: HashSet::new(),
            header: Header {
                version: 2,
                ..Header::default()
            },
            profile: keys.profile,
            theirs,
        })
    }

    /// The profile in use.
    pub(crate) fn profile(&self) -> Profile {
        self.profile
    }

    /// Protects an RTP packet.
    pub(crate) fn protect_rtp(&mut self, packet: &[u8]) -> Result<Bytes, Fault> {
        self.read_header(packet).ok_or_else(|| {
            Fault::invalid("not an RTP packet (RFC 3550 section 5.1): pass header and payload, in the clear")
        })?;
        self.outbound
            .encrypt_rtp_with_header(packet, &self.header)
            .map_err(|error| {
                Fault::failed(format!(
                    "SRTP cannot protect the packet ({error}): make a new transport"
                ))
            })
    }

    /// Protects an RTCP packet, compound or reduced-size.
    pub(crate) fn protect_rtcp(&mut self, packet: &[u8]) -> Result<Bytes, Fault> {
        self.outbound.encrypt_rtcp(packet).map_err(|error| {
            Fault::invalid(format!(
                "not an RTCP packet ({error}): pass it whole, in the clear"
            ))
        })
    }

    /// Checks and decrypts an SRTP packet.
    pub(crate) fn unprotect_rtp(&mut self, datagram: &[u8]) -> Result<Bytes, Refusal> {
        let header = self.read_header(datagram).ok_or(Refusal::Malformed)?;
        let tag = self.profile.library().rtp_auth_tag_len() + self.profile.library().aead_auth_tag_len();
        if datagram.len() < header + tag {
            return Err(Refusal::Malformed);
        }
        let source = self.header.ssrc;
        if !self.rtp_sources.contains(&source) {
            if self
                .probe
                .decrypt_rtp_with_header(datagram, &self.header)
                .is_err()
            {
                return self.probe_failed();
            }
            admit(&mut self.rtp_sources, source)?;
        }
        self.inbound
            .decrypt_rtp_with_header(datagram, &self.header)
            .map_err(|error| refusal(&error))
    }

    /// Checks and decrypts an SRTCP packet.
    pub(crate) fn unprotect_rtcp(&mut self, datagram: &[u8]) -> Result<Bytes, Refusal> {
        let profile = self.profile.library();
        let index = datagram
            .len()
            .checked_sub(SRTCP_INDEX + profile.rtcp_auth_tag_len())
            .ok_or(Refusal::Malformed)?;
        if index < 8 + profile.aead_auth_tag_len() {
            return Err(Refusal::Malformed);
        }
        // RFC 3711 allows SRTCP that is authenticated but not encrypted; nobody negotiates it here, and the library would let such a packet
        // through without looking at its tag.
        if datagram[index] & 0x80 == 0 {
            return Err(Refusal::Unauthentic);
        }
        let source = u32::from_be_bytes([datagram[4], datagram[5], datagram[6], datagram[7]]);
        if !self.rtcp_sources.contains(&source) {
            if self.probe.decrypt_rtcp(datagram).is_err() {
                return self.probe_failed();
            }
            admit(&mut self.rtcp_sources, source)?;
        }
        self.inbound
            .decrypt_rtcp(datagram)
            .map_err(|error| refusal(&error))
    }

    fn probe_failed(&mut self) -> Result<Bytes, Refusal> {
        self.probed += 1;
        if self.probed >= PROBES {
            self.probed = 0;
            if let Ok(probe) = inbound(&self.theirs, self.profile) {
                self.probe = probe;
            }
        }
        Err(Refusal::Unauthentic)
    }

    /// Reads what SRTP needs of an RTP header into `self.header` and returns its length, extension included. The contributing sources
    /// stand in for the whole variable part: the library only asks for the length.
    fn read_header(&mut self, packet: &[u8]) -> Option<usize> {
        if packet.len() < 12 || packet[0] >> 6 != 2 {
            return None;
        }
        let mut length = 12 + 4 * usize::from(packet[0] & 0x0f);
        if packet[0] & 0x10 != 0 {
            let words = packet.get(length + 2..length + 4)?;
            length += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
        }
        if packet.len() < length {
            return None;
        }
        self.header.sequence_number = u16::from_be_bytes([packet[2], packet[3]]);
        self.header.ssrc = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
        self.header.csrc.resize((length - 12) / 4, 0);
        Some(length)
    }
}

fn inbound(theirs: &(Vec<u8>, Vec<u8>), profile: Profile) -> Result<Context, Fault> {
    let replays = (
        Some(srtp_replay_protection(REPLAY_WINDOW)),
        Some(srtcp_replay_protection(REPLAY_WINDOW)),
    );
    Context::new(&theirs.0, &theirs.1, profile.library(), replays.0, replays.1)
        .map_err(|error| unusable(&error))
}

fn admit(sources: &mut HashSet<u32>, source: u32) -> Result<(), Refusal> {
    if sources.len() >= SOURCES {
        return Err(Refusal::Malformed);
    }
    sources.insert(source);
    Ok(())
}

fn refusal(error: &Error) -> Refusal {
    match error {
        Error::SrtpSsrcDuplicated(..) | Error::SrtcpSsrcDuplicated(..) => Refusal::Replayed,
        _ => Refusal::Unauthentic,
    }
}

fn unusable(error: &Error) -> Fault {
    Fault::failed(format!("the keys from DTLS do not fit SRTP: {error}"))
}
