//! Pictures that are measured and thrown away: how far they are out of step with the voice of the same participant.
//!
//! Nothing is held back for them, because nobody is shown them; what it would take is told.

use jackfield_core::time::Timestamp;
use jackfield_core::units::{SampleRate, TimeDelta};
use jackfield_rtp::header::RtpPacketView;
use jackfield_rtp::receive::ReceiveStream;
use jackfield_rtp::rtcp::{SenderInfo, SourceDescription};
use jackfield_rtp::synchronization::{Standing, relative_delay};

/// More streams than this are not followed at once; the one silent for longest gives way.
const MAX_STREAMS: usize = 8;
/// Every video payload format has this clock.
const CLOCK: SampleRate = SampleRate::hz(90_000);
/// A stream that is silent for longer is not compared.
const SILENT: TimeDelta = TimeDelta::seconds(2);

/// A canonical name (RFC 3550 section 6.5.1), which streams share that are to be in step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct CanonicalName {
    length: u8,
    text: [u8; 255],
}

/// The newest packet of a stream: what it says of its time, and when it came.
#[derive(Clone, Copy, Default)]
pub(super) struct Newest(Option<(u32, Timestamp)>);

/// The streams of pictures that one participant sends.
pub(super) struct Pictures {
    streams: Vec<Stream>,
}

struct Stream {
    receive: ReceiveStream,
    newest: Newest,
    name: Option<CanonicalName>,
}

impl CanonicalName {
    /// That of a source, if it is told.
    pub(super) fn of(description: &SourceDescription<'_>, ssrc: u32) -> Option<Self> {
        let name = description.cname(ssrc)?;
        let mut text = [0; 255];
        text.get_mut(..name.len())?.copy_from_slice(name);
        Some(Self {
            length: name.len() as u8,
            text,
        })
    }
}

impl Newest {
    /// A packet came. Of several with one time the first counts: the others left later, and not because they were captured later.
    pub(super) fn take(&mut self, now: Timestamp, packet: &RtpPacketView<'_>) {
        let timestamp = packet.timestamp();
        let newer = self.0.is_none_or(|(newest, at)| {
            // After a silence the sender may have begun anew.
            (timestamp.wrapping_sub(newest) as i32) > 0 || now.since(at) > SILENT
        });
        if newer {
            self.0 = Some((timestamp, now));
        }
    }

    /// Where its stream stands, once a sender report has come.
    pub(super) fn standing(self, receive: &ReceiveStream) -> Option<Standing> {
        let (timestamp, arrived) = self.0?;
        Some(Standing {
            captured: receive.capture_time(timestamp)?,
            arrived,
            delay: TimeDelta::ZERO,
        })
    }
}

impl Pictures {
    pub(super) fn new() -> Self {
        Self {
            streams: Vec::with_capacity(MAX_STREAMS),
        }
    }

    /// A packet of pictures came.
    pub(super) fn receive(&mut self, now: Timestamp, packet: &RtpPacketView<'_>) {
        // Padding says nothing of a picture's time.
        if packet.payload().is_empty() {
            return;
        }
        let ssrc = packet.ssrc();
        let known = self.streams.iter().position(|one| one.receive.ssrc() == ssrc);
        let at = known.unwrap_or_else(|| {
            let streams = &mut self.streams;
            if streams.len() >= MAX_STREAMS
                && let Some(oldest) =
                    (0..streams.len()).min_by_key(|at| streams[*at].newest.0.map(|(_, at)| at))
            {
                streams.swap_remove(oldest);
            }
            streams.push(Stream {
                receive: ReceiveStream::new(ssrc, CLOCK),
                newest: Newest::default(),
                name: None,
            });
            streams.len() - 1
        });
        let stream = &mut self.streams[at];
        stream.receive.receive(now, packet);
        stream.newest.take(now, packet);
    }

    /// A sender report came.
    pub(super) fn sender_report(&mut self, now: Timestamp, ssrc: u32, info: &SenderInfo) {
        if let Some(stream) = self.streams.iter_mut().find(|one| one.receive.ssrc() == ssrc) {
            stream.receive.sender_report(now, info);
        }
    }

    /// Names of sources came.
    pub(super) fn description(&mut self, description: &SourceDescription<'_>) {
        for stream in &mut self.streams {
            let name = CanonicalName::of(description, stream.receive.ssrc());
            stream.name = name.or(stream.name);
        }
    }

    /// A stream has ended.
    pub(super) fn goodbye(&mut self, ssrc: u32) {
        self.streams.retain(|stream| stream.receive.ssrc() != ssrc);
    }

    /// How much later than the voice with this name, which stands so, its pictures come; none if there are none, or not yet known.
    pub(super) fn behind(
        &self,
        now: Timestamp,
        name: Option<CanonicalName>,
        voice: &Standing,
    ) -> Option<TimeDelta> {
        if now.since(voice.arrived) > SILENT {
            return None;
        }
        let of_voice = |stream: &&Stream| name.is_some() && stream.name == name;
        let pictures = self.streams.iter().filter(of_voice);
        let standing = pictures.filter_map(|stream| stream.newest.standing(&stream.receive));
        let newest = standing.max_by_key(|standing| standing.arrived)?;
        if now.since(newest.arrived) > SILENT {
            return None;
        }
        relative_delay(voice, &newest)
    }
}
