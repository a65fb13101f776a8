//! E2.3: a voice and the pictures of the same participant come over paths of other lengths, with clocks that drift, and are brought in step.

use jackfield_core::time::NtpTime;
use jackfield_graph::media::{InboundPacket, PacketBuffer};
use jackfield_graph::receive::{Receiver, Recycle};
use jackfield_rtp::header::{RtpHeader, RtpPacketView, write_header};
use jackfield_rtp::receive::ReceiveStream;
use jackfield_rtp::rtcp::SenderInfo;
use jackfield_rtp::synchronization::{INTERVAL, Standing, Syncable, Synchronizer};
use jackfield_sdk::prelude::*;

use super::plugins::{Codec, ROOM, adaptive};

/// A media clock of a sender, whose wall clock is not ours.
struct MediaClock {
    rate: SampleRate,
    /// How much faster than it says it runs, in parts per million.
    drift_ppm: f64,
}

impl MediaClock {
    /// What it shows at an instant, on the wire.
    fn timestamp(&self, at: Timestamp) -> u32 {
        let ticks = at.us() as f64 * f64::from(self.rate.as_hz()) * (1.0 + self.drift_ppm * 1e-6) / 1e6;
        0xFFF0_0000_u32.wrapping_add(ticks.round() as i64 as u32)
    }

    fn report(&self, at: Timestamp) -> SenderInfo {
        SenderInfo {
            ntp: NtpTime::from_unix_us(1_700_000_000_000_000 + at.us() as u64),
            rtp_timestamp: self.timestamp(at),
            packet_count: 0,
            octet_count: 0,
        }
    }
}

/// What every received stream has: numbers and reports of a sender, and when its newest packet came.
struct Received {
    clock: MediaClock,
    stream: ReceiveStream,
    number: u16,
    newest: Option<(u32, Timestamp)>,
}

impl Received {
    fn new(ssrc: u32, rate: SampleRate, drift_ppm: f64) -> Self {
        Self {
            clock: MediaClock { rate, drift_ppm },
            stream: ReceiveStream::new(ssrc, rate),
            number: 65_000,
            newest: None,
        }
    }

    /// What was captured then comes now; its extended number and timestamp.
    fn take(&mut self, captured: Timestamp, now: Timestamp) -> (i64, i64) {
        let header = RtpHeader {
            marker: false,
            payload_type: 0,
            sequence_number: self.number,
            timestamp: self.clock.timestamp(captured),
            ssrc: self.stream.ssrc(),
        };
        let mut bytes = [0; 32];
        let start = write_header(&mut bytes, &header, &[], &[]).unwrap();
        let packet = RtpPacketView::parse(&bytes[..=start]).unwrap();
        let received = self.stream.receive(now, &packet);
        self.number = self.number.wrapping_add(1);
        self.newest = Some((header.timestamp, now));
        (received.sequence_number, received.timestamp)
    }

    fn standing(&self, delay: TimeDelta) -> Option<Standing> {
        let (timestamp, arrived) = self.newest?;
        Some(Standing {
            captured: self.stream.capture_time(timestamp)?,
            arrived,
            delay,
        })
    }
}

/// A voice, played by a jitter buffer.
struct Voice {
    received: Received,
    receiver: Receiver,
    /// What waits in the jitter buffer, over the last second.
    held: TimeDelta,
}

impl Syncable for Voice {
    fn standing(&self) -> Option<Standing> {
        self.received.standing(self.held)
    }

    fn set_minimum_delay(&mut self, delay: TimeDelta) -> bool {
        self.receiver.set_minimum_delay(delay)
    }
}

/// Pictures that are shown as soon as they may be.
struct Pictures {
    received: Received,
    minimum: TimeDelta,
}

impl Pictures {
    /// What it takes to decode one.
    const NEEDED: TimeDelta = TimeDelta::ms(15);

    fn held(&self) -> TimeDelta {
        self.minimum.max(Self::NEEDED)
    }
}

impl Syncable for Pictures {
    fn standing(&self) -> Option<Standing> {
        self.received.standing(self.held())
    }

    fn set_minimum_delay(&mut self, delay: TimeDelta) -> bool {
        self.minimum = delay;
        true
    }
}

struct Forget;

impl Recycle for Forget {
    fn recycle(&mut self, _: Box<PacketBuffer>) {}
}

/// Two streams of one sender and what brings them in step.
struct Call {
    voice: Voice,
    pictures: Pictures,
    synchronizer: Synchronizer,
    /// On their ways: when each was captured, and when it comes.
    voice_under_way: Vec<(Timestamp, Timestamp)>,
    pictures_under_way: Vec<(Timestamp, Timestamp)>,
    /// When the next one is captured.
    next: [Timestamp; 2],
    now: Timestamp,
    block: Vec<f32>,
}

impl Call {
    fn new() -> Self {
        Self {
            voice: Voice {
                received: Received::new(1, SampleRate::hz(8_000), 300.0),
                receiver: Receiver::new(ROOM, adaptive(), Codec::decoders()),
                held: TimeDelta::ZERO,
            },
            pictures: Pictures {
                received: Received::new(2, SampleRate::hz(90_000), -300.0),
                minimum: TimeDelta::ZERO,
            },
            synchronizer: Synchronizer::new(),
            voice_under_way: Vec::new(),
            pictures_under_way: Vec::new(),
            next: [Timestamp::ZERO; 2],
            now: Timestamp::ZERO,
            block: vec![0.0; ROOM.block_len()],
        }
    }

    /// Goes on for so long, over paths of such delays; how much earlier than the voice the pictures of one instant are shown at the end, on average
    /// over the last ten seconds.
    fn run(&mut self, length: TimeDelta, voice: TimeDelta, pictures: TimeDelta) -> TimeDelta {
        let end = self.now + length;
        let (mut apart, mut counted) = (TimeDelta::ZERO, 0);
        while self.now < end {
            self.capture([voice, pictures]);
            self.arrive();
            self.voice
                .receiver
                .pull(self.now, &mut self.block, true, &mut Forget);
            let waits = self.voice.receiver.delay(self.now).current;
            self.voice.held = (self.voice.held * 49 + waits) / 50;
            self.now += TimeDelta::ms(10);
            if self.now.us() % 5_000_000 == 0 {
                for received in [&mut self.voice.received, &mut self.pictures.received] {
                    let report = received.clock.report(self.now);
                    received.stream.sender_report(self.now, &report);
                }
            }
            if self.now.us() % INTERVAL.as_us() == 0 {
                self.synchronizer.step(&mut self.voice, &mut self.pictures);
            }
            if end.since(self.now) < TimeDelta::seconds(10) {
                apart += (voice + self.voice.held) - (pictures + self.pictures.held());
                counted += 1;
            }
        }
        apart / counted
    }

    /// What was captured since the last time sets out: a voice of 20 ms by its own clock, a picture every 33 ms.
    fn capture(&mut self, [voice, pictures]: [TimeDelta; 2]) {
        let mut number = 0;
        while self.next[0] <= self.now {
            // A little jitter, the same each time.
            number += self.next[0].us() / 20_000;
            let jitter = TimeDelta::ms(number * 7 % 11);
            self.voice_under_way
                .push((self.next[0], self.next[0] + voice + jitter));
            self.next[0] += TimeDelta::us(19_994);
        }
        while self.next[1] <= self.now {
            self.pictures_under_way
                .push((self.next[1], self.next[1] + pictures));
            self.next[1] += TimeDelta::us(33_333);
        }
    }

    fn arrive(&mut self) {
        let now = self.now;
        for (captured, comes) in self.voice_under_way.extract_if(.., |(_, comes)| *comes <= now) {
            let (sequence_number, timestamp) = self.voice.received.take(captured, comes);
            let mut payload = PacketBuffer::new();
            // 200 Hz, so that there is something to stretch.
            let tone: [u8; 160] = std::array::from_fn(|at| if at / 20 % 2 == 0 { 0x20 } else { 0xA0 });
            assert!(payload.fill(&tone));
            let packet = InboundPacket {
                payload,
                arrival: comes,
                sequence_number,
                // Its own clock has passed 160 ticks.
                timestamp,
                payload_type: Codec::Pcmu.payload_type(),
                marker: false,
                level_dbov: None,
            };
            self.voice.receiver.insert(now, packet, &mut Forget);
        }
        for (captured, comes) in self.pictures_under_way.extract_if(.., |(_, comes)| *comes <= now) {
            self.pictures.received.take(captured, comes);
        }
    }
}

/// What nobody hears or sees, and what it is measured with.
const IN_STEP: TimeDelta = TimeDelta::ms(45);

#[test]
fn e2_3_a_voice_comes_to_pictures_with_other_delays_and_clocks_that_drift() {
    let mut call = Call::new();
    // The pictures are 250 ms longer under way: the voice waits for them.
    let (short, long) = (TimeDelta::ms(30), TimeDelta::ms(280));
    let apart = call.run(TimeDelta::seconds(50), short, long);
    assert!(apart.abs() < IN_STEP, "{apart:?}");
    assert_eq!(call.pictures.minimum, TimeDelta::ZERO, "one of them waits");
    let held = call.voice.held;
    assert!(held > TimeDelta::ms(200), "{held:?}");

    // Where the voice is the late one, the pictures wait.
    let mut call = Call::new();
    let apart = call.run(TimeDelta::seconds(60), long, short);
    assert!(apart.abs() < IN_STEP, "{apart:?}");
    assert!(
        call.pictures.minimum > TimeDelta::ms(150),
        "{:?}",
        call.pictures.minimum
    );
}
