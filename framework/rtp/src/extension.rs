//! Header extensions: by which URI they are negotiated, and what they hold.

use jackfield_core::time::NtpTime;
use jackfield_core::units::TimeDelta;

/// The header extensions that this crate knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ExtensionKind {
    /// The level of the speaker (RFC 6464).
    AudioLevel,
    /// The levels of those who are heard in a mix (RFC 6465).
    MixerAudioLevel,
    /// When the packet left, 24 bits of 6.18 fixed-point seconds.
    AbsoluteSendTime,
    /// When the media was captured, on the capturer's clock.
    AbsoluteCaptureTime,
    /// A sequence number over all streams of the transport.
    TransportSequence,
    /// The same, with feedback only on request.
    TransportSequenceV2,
    /// To which m-line the packet belongs (RFC 8843 section 15).
    Mid,
    /// To which simulcast layer it belongs (RFC 8852).
    RtpStreamId,
    /// Which simulcast layer it repairs (RFC 8852).
    RepairedRtpStreamId,
}

impl ExtensionKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::AudioLevel,
        Self::MixerAudioLevel,
        Self::AbsoluteSendTime,
        Self::AbsoluteCaptureTime,
        Self::TransportSequence,
        Self::TransportSequenceV2,
        Self::Mid,
        Self::RtpStreamId,
        Self::RepairedRtpStreamId,
    ];

    /// The URI that `a=extmap` names it by.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::AudioLevel => "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            Self::MixerAudioLevel => "urn:ietf:params:rtp-hdrext:csrc-audio-level",
            Self::AbsoluteSendTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            Self::AbsoluteCaptureTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
            Self::TransportSequence => {
                "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
            }
            Self::TransportSequenceV2 => "http://www.webrtc.org/experiments/rtp-hdrext/transport-wide-cc-02",
            Self::Mid => "urn:ietf:params:rtp-hdrext:sdes:mid",
            Self::RtpStreamId => "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            Self::RepairedRtpStreamId => "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
        }
    }

    /// The kind that `uri` names, if it is one of these.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.uri() == uri)
    }
}

/// Which id each extension was given in negotiation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtensionIds {
    ids: [u8; ExtensionKind::ALL.len()],
}

impl ExtensionIds {
    /// No extension at all.
    pub const fn none() -> Self {
        Self {
            ids: [0; ExtensionKind::ALL.len()],
        }
    }

    /// Gives `kind` the id `id`; 0 takes it away.
    pub fn set(&mut self, kind: ExtensionKind, id: u8) {
        self.ids[kind as usize] = id;
    }

    /// The id of `kind`, if it was negotiated.
    pub fn id(&self, kind: ExtensionKind) -> Option<u8> {
        match self.ids[kind as usize] {
            0 => None,
            id => Some(id),
        }
    }

    /// What `id` stands for, if it is one of those known here.
    pub fn kind(&self, id: u8) -> Option<ExtensionKind> {
        ExtensionKind::ALL
            .into_iter()
            .find(|kind| id != 0 && self.ids[*kind as usize] == id)
    }
}

/// How loud the audio of a packet is (RFC 6464 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioLevel {
    /// Whether the encoder takes it for speech.
    pub voice: bool,
    /// The level in -dBov: 0 is overload, 127 silence.
    pub level: u8,
}

impl AudioLevel {
    /// The level nearest to `dbov` (0 to -127).
    pub fn from_dbov(dbov: f32, voice: bool) -> Self {
        // Also right for not-a-number: silence.
        let level = if dbov > -127.0 {
            (-dbov).round().max(0.0) as u8
        } else {
            127
        };
        Self { voice, level }
    }

    /// The level in dBov, 0 to -127.
    pub fn dbov(self) -> f32 {
        -f32::from(self.level)
    }

    /// Its one byte on the wire.
    pub const fn to_bytes(self) -> [u8; 1] {
        [((self.voice as u8) << 7) | (self.level & 0x7F)]
    }

    /// From the wire. The two-byte form may carry a second byte, which means nothing.
    pub fn parse(data: &[u8]) -> Option<Self> {
        let first = *data.first()?;
        Some(Self {
            voice: first & 0x80 != 0,
            level: first & 0x7F,
        })
    }
}

/// A transport-wide sequence number, and in version 2 perhaps a request for feedback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportSequence {
    /// Counts the packets of all streams of the transport.
    pub sequence_number: u16,
    /// Version 2: send feedback now on so many packets up to this one, with or without their times.
    pub request: Option<FeedbackRequest>,
}

/// A request for immediate feedback (transport-wide-cc-02).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedbackRequest {
    /// Whether arrival times are wanted.
    pub timestamps: bool,
    /// On how many packets, this one included; 15 bits.
    pub packets: u16,
}

impl TransportSequence {
    /// Two bytes on the wire, for a number without a request.
    pub const fn to_bytes(sequence_number: u16) -> [u8; 2] {
        sequence_number.to_be_bytes()
    }

    /// From the wire: two bytes, or four in version 2.
    pub fn parse(data: &[u8]) -> Option<Self> {
        match *data {
            [a, b] => Some(Self {
                sequence_number: u16::from_be_bytes([a, b]),
                request: None,
            }),
            [a, b, c, d] => {
                let word = u16::from_be_bytes([c, d]);
                let request = FeedbackRequest {
                    timestamps: word & 0x8000 != 0,
                    packets: word & 0x7FFF,
                };
                Some(Self {
                    sequence_number: u16::from_be_bytes([a, b]),
                    request: (request.packets != 0).then_some(request),
                })
            }
            _ => None,
        }
    }
}

/// When a packet left: the middle of the NTP time, 6 bits of seconds and 18 of fraction. Wraps every 64 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbsoluteSendTime(u32);

impl AbsoluteSendTime {
    /// From the wall-clock time.
    pub const fn from_ntp(ntp: NtpTime) -> Self {
        Self(((ntp.bits() >> 14) & 0x00FF_FFFF) as u32)
    }

    /// Three bytes on the wire.
    pub const fn to_bytes(self) -> [u8; 3] {
        let [_, a, b, c] = self.0.to_be_bytes();
        [a, b, c]
    }

    /// From the wire.
    pub fn parse(data: &[u8]) -> Option<Self> {
        match *data {
            [a, b, c] => Some(Self(u32::from_be_bytes([0, a, b, c]))),
            _ => None,
        }
    }

    /// The time from `earlier` to this; they are taken to lie within 32 seconds.
    pub fn since(self, earlier: Self) -> TimeDelta {
        let ticks = (self.0.wrapping_sub(earlier.0) << 8) as i32 >> 8;
        TimeDelta::us((i64::from(ticks) * 1_000_000) >> 18)
    }
}

/// A short name on the wire: a MID, or the id of a simulcast layer. Held in place, so that comparing and keeping it allocates nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName {
    length: u8,
    bytes: [u8; Self::MAX_LENGTH],
}

impl StreamName {
    /// The longest name held. In the one-byte form no longer one than 16 can be sent at all.
    pub const MAX_LENGTH: usize = 31;

    /// `name`, if it is a token (RFC 8866 section 9) of 1 to 31 characters.
    pub fn new(name: &str) -> Option<Self> {
        Self::parse(name.as_bytes())
    }

    /// From the wire.
    pub fn parse(data: &[u8]) -> Option<Self> {
        if data.is_empty() || data.len() > Self::MAX_LENGTH || !data.iter().all(|&b| is_token_byte(b)) {
            return None;
        }
        let mut bytes = [0; Self::MAX_LENGTH];
        bytes[..data.len()].copy_from_slice(data);
        Some(Self {
            length: data.len() as u8,
            bytes,
        })
    }

    /// Its bytes, as the extension carries them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        // Tokens are ASCII, so this cannot fail.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl std::fmt::Debug for StreamName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

fn is_token_byte(b: u8) -> bool {
    matches!(b, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'^'..=b'~')
}
