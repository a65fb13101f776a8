//! What SRTP (RFC 3711, RFC 7714) asks for beyond its cryptography, which a library does: keys sorted out, packets of any shape looked at
//! before they are worked on, and no state kept for sources that have not proved themselves.
//!
//! A transport wraps its library in a [`Context`] and puts a [`Srtp`] around it.

use std::collections::HashSet;

use jackfield_core::Fault;

/// How packets are protected: the profiles that `use_srtp` negotiates (RFC 5764, RFC 7714).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// AES-128 in counter mode, authenticated by 80 bits of HMAC-SHA1.
    Aes128CmSha1_80,
    /// AES-128 in Galois/counter mode.
    AeadAes128Gcm,
    /// AES-256 in Galois/counter mode.
    AeadAes256Gcm,
}

/// The keys as DTLS exports them (RFC 5764 section 4.2).
pub struct Keys {
    /// For which profile.
    pub profile: Profile,
    /// The client's key, the server's, the client's salt, the server's: [`Profile::keying_material_len`] bytes.
    pub material: Vec<u8>,
    /// Whether we were the DTLS client.
    pub client: bool,
}

/// A master key and its salt.
#[derive(Clone)]
pub struct KeyAndSalt {
    /// The master key.
    pub key: Vec<u8>,
    /// The master salt.
    pub salt: Vec<u8>,
}

/// Why a packet was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not even shaped like a protected packet.
    Malformed,
    /// Its authentication tag is wrong, or it is not protected at all.
    Unauthentic,
    /// It came before, or is too old to tell.
    Replayed,
}

/// What SRTP needs of the header of an RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpHeader {
    /// The sequence number.
    pub sequence_number: u16,
    /// The source.
    pub ssrc: u32,
    /// Length in bytes, contributing sources and extension included.
    pub length: usize,
}

/// How far back a packet may be and still be told from a replay (RFC 3711 section 3.3.2: at least 64).
pub const REPLAY_WINDOW: usize = 64;
/// After so many forged first packets the probe is made anew, so that it cannot be made to grow.
const PROBES: u32 = 64;
/// More sources than this one peer does not send.
const SOURCES: usize = 4096;
/// The SRTCP index with its E flag.
const SRTCP_INDEX: usize = 4;

/// The library's state for one direction. For what comes from the peer it checks authenticity and replays, within a window of [`REPLAY_WINDOW`].
pub trait Context: Sized + Send {
    /// A packet, in the clear or protected.
    type Packet;

    /// One that has seen nothing, with these keys; `inbound` for what comes from the peer.
    ///
    /// # Errors
    /// If the keys do not fit.
    fn new(profile: Profile, keys: &KeyAndSalt, inbound: bool) -> Result<Self, Fault>;

    /// Protects an RTP packet.
    ///
    /// # Errors
    /// What the library says.
    fn protect_rtp(&mut self, packet: &[u8], header: &RtpHeader) -> Result<Self::Packet, String>;

    /// Protects an RTCP packet, compound or reduced-size.
    ///
    /// # Errors
    /// What the library says.
    fn protect_rtcp(&mut self, packet: &[u8]) -> Result<Self::Packet, String>;

    /// Checks and decrypts an SRTP packet that is long enough for its tag.
    ///
    /// # Errors
    /// [`Refusal::Unauthentic`] or [`Refusal::Replayed`].
    fn unprotect_rtp(&mut self, datagram: &[u8], header: &RtpHeader) -> Result<Self::Packet, Refusal>;

    /// Checks and decrypts an SRTCP packet that is long enough and says that it is encrypted.
    ///
    /// # Errors
    /// As [`Context::unprotect_rtp`].
    fn unprotect_rtcp(&mut self, datagram: &[u8]) -> Result<Self::Packet, Refusal>;
}

/// Protects what leaves and unprotects what comes, with keys from DTLS.
pub struct Srtp<C: Context> {
    profile: Profile,
    outbound: C,
    inbound: Inbound<C>,
}

/// Lets in what is authentic and new.
struct Inbound<C> {
    profile: Profile,
    context: C,
    /// Tries the first packet of a source that is not known yet. A context keeps state for every source that it is asked about and takes
    /// the first packet as the start of the replay window, both before it has checked the packet: this one may be thrown away.
    probe: C,
    probed: u32,
    keys: KeyAndSalt,
    rtp_sources: HashSet<u32>,
    rtcp_sources: HashSet<u32>,
}

impl Profile {
    /// The name in the IANA registry of DTLS-SRTP protection profiles.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes128CmSha1_80 => "SRTP_AES128_CM_HMAC_SHA1_80",
            Self::AeadAes128Gcm => "SRTP_AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "SRTP_AEAD_AES_256_GCM",
        }
    }

    /// How many bytes of keys and salts DTLS must export.
    pub fn keying_material_len(self) -> usize {
        2 * (self.key_len() + self.salt_len())
    }

    fn key_len(self) -> usize {
        match self {
            Self::Aes128CmSha1_80 | Self::AeadAes128Gcm => 16,
            Self::AeadAes256Gcm => 32,
        }
    }

    fn salt_len(self) -> usize {
        match self {
            Self::Aes128CmSha1_80 => 14,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
        }
    }

    /// What is appended behind the payload.
    fn aead_tag_len(self) -> usize {
        match self {
            Self::Aes128CmSha1_80 => 0,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
        }
    }

    /// What is appended at the very end.
    fn hmac_tag_len(self) -> usize {
        match self {
            Self::Aes128CmSha1_80 => 10,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 0,
        }
    }
}

impl Keys {
    /// Ours, to protect what leaves, and the peer's, to unprotect what comes.
    fn ours_and_theirs(&self) -> Result<(KeyAndSalt, KeyAndSalt), Fault> {
        let (key, salt) = (self.profile.key_len(), self.profile.salt_len());
        if self.material.len() != self.profile.keying_material_len() {
            return Err(Fault::failed(
                "the keys from DTLS do not fit SRTP: their length is wrong",
            ));
        }
        let (keys, salts) = self.material.split_at(2 * key);
        let end = |at: usize| KeyAndSalt {
            key: keys[at * key..(at + 1) * key].to_vec(),
            salt: salts[at * salt..(at + 1) * salt].to_vec(),
        };
        Ok(if self.client {
            (end(0), end(1))
        } else {
            (end(1), end(0))
        })
    }
}

impl RtpHeader {
    /// Reads it; `None` if this is no RTP packet.
    pub fn read(packet: &[u8]) -> Option<Self> {
        if packet.len() < 12 || packet[0] >> 6 != 2 {
            return None;
        }
        let mut length = 12 + 4 * usize::from(packet[0] & 0x0f);
        if packet[0] & 0x10 != 0 {
            let words = packet.get(length + 2..length + 4)?;
            length += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
        }
        (packet.len() >= length).then(|| Self {
            sequence_number: u16::from_be_bytes([packet[2], packet[3]]),
            ssrc: u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]),
            length,
        })
    }
}

impl<C: Context> Srtp<C> {
    /// Starts from the keys of a finished handshake.
    ///
    /// # Errors
    /// If DTLS exported another number of bytes than the profile needs, or the library refuses the keys.
    pub fn new(keys: &Keys) -> Result<Self, Fault> {
        let profile = keys.profile;
        let (ours, theirs) = keys.ours_and_theirs()?;
        Ok(Self {
            profile,
            outbound: C::new(profile, &ours, false)?,
            inbound: Inbound::new(profile, theirs)?,
        })
    }

    /// The profile in use.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Protects an RTP packet.
    ///
    /// # Errors
    /// If it is none, or the library cannot protect it.
    pub fn protect_rtp(&mut self, packet: &[u8]) -> Result<C::Packet, Fault> {
        let header = RtpHeader::read(packet).ok_or_else(|| {
            Fault::invalid("not an RTP packet (RFC 3550 section 5.1): pass header and payload, in the clear")
        })?;
        self.outbound.protect_rtp(packet, &header).map_err(|error| {
            Fault::failed(format!(
                "SRTP cannot protect the packet ({error}): make a new transport"
            ))
        })
    }

    /// Protects an RTCP packet, compound or reduced-size.
    ///
    /// # Errors
    /// If it is none.
    pub fn protect_rtcp(&mut self, packet: &[u8]) -> Result<C::Packet, Fault> {
        self.outbound.protect_rtcp(packet).map_err(|error| {
            Fault::invalid(format!(
                "not an RTCP packet ({error}): pass it whole, in the clear"
            ))
        })
    }

    /// Checks and decrypts an SRTP packet.
    ///
    /// # Errors
    /// With the reason why it is not let in.
    pub fn unprotect_rtp(&mut self, datagram: &[u8]) -> Result<C::Packet, Refusal> {
        self.inbound.unprotect_rtp(datagram)
    }

    /// Checks and decrypts an SRTCP packet.
    ///
    /// # Errors
    /// With the reason why it is not let in.
    pub fn unprotect_rtcp(&mut self, datagram: &[u8]) -> Result<C::Packet, Refusal> {
        self.inbound.unprotect_rtcp(datagram)
    }
}

impl<C: Context> Inbound<C> {
    fn new(profile: Profile, keys: KeyAndSalt) -> Result<Self, Fault> {
        Ok(Self {
            profile,
            context: C::new(profile, &keys, true)?,
            probe: C::new(profile, &keys, true)?,
            probed: 0,
            keys,
            rtp_sources: HashSet::new(),
            rtcp_sources: HashSet::new(),
        })
    }

    fn unprotect_rtp(&mut self, datagram: &[u8]) -> Result<C::Packet, Refusal> {
        let header = RtpHeader::read(datagram).ok_or(Refusal::Malformed)?;
        if datagram.len() < header.length + self.profile.aead_tag_len() + self.profile.hmac_tag_len() {
            return Err(Refusal::Malformed);
        }
        if !self.rtp_sources.contains(&header.ssrc) {
            if self.probe.unprotect_rtp(datagram, &header).is_err() {
                return Err(self.probe_failed());
            }
            admit(&mut self.rtp_sources, header.ssrc)?;
        }
        self.context.unprotect_rtp(datagram, &header)
    }

    fn unprotect_rtcp(&mut self, datagram: &[u8]) -> Result<C::Packet, Refusal> {
        let index = datagram
            .len()
            .checked_sub(SRTCP_INDEX + self.profile.hmac_tag_len())
            .ok_or(Refusal::Malformed)?;
        if index < 8 + self.profile.aead_tag_len() {
            return Err(Refusal::Malformed);
        }
        // RFC 3711 allows SRTCP that is authenticated but not encrypted; nobody negotiates it here, and libraries let such a packet through
        // without looking at its tag.
        if datagram[index] & 0x80 == 0 {
            return Err(Refusal::Unauthentic);
        }
        let source = u32::from_be_bytes([datagram[4], datagram[5], datagram[6], datagram[7]]);
        if !self.rtcp_sources.contains(&source) {
            if self.probe.unprotect_rtcp(datagram).is_err() {
                return Err(self.probe_failed());
            }
            admit(&mut self.rtcp_sources, source)?;
        }
        self.context.unprotect_rtcp(datagram)
    }

    fn probe_failed(&mut self) -> Refusal {
        self.probed += 1;
        if self.probed >= PROBES {
            self.probed = 0;
            if let Ok(probe) = C::new(self.profile, &self.keys, true) {
                self.probe = probe;
            }
        }
        Refusal::Unauthentic
    }
}

fn admit(sources: &mut HashSet<u32>, source: u32) -> Result<(), Refusal> {
    if sources.len() >= SOURCES {
        return Err(Refusal::Malformed);
    }
    sources.insert(source);
    Ok(())
}
