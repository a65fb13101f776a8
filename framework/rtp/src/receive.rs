//! One received stream: what RTCP says of it (RFC 3550 section 6.4 and appendices A.1, A.3, A.8).

use jackfield_core::time::{NtpTime, Timestamp};
use jackfield_core::units::{DataSize, SampleRate, TimeDelta};

use crate::header::RtpPacketView;
use crate::rtcp::{ReportBlock, SenderInfo};
use crate::sequence::{Continuity, SequenceTracker, TimestampExtender};

/// The state of one SSRC that is received.
#[derive(Clone, Debug)]
pub struct ReceiveStream {
    ssrc: u32,
    clock_rate: SampleRate,
    sequence: SequenceTracker,
    timestamps: TimestampExtender,
    packets: i64,
    /// Packets since the sender began anew, to be held against `SequenceTracker::expected`.
    received: i64,
    /// What was lost before the sender began anew.
    lost_before: i64,
    payload: DataSize,
    overhead: DataSize,
    /// Sixteen times the jitter in ticks (appendix A.8).
    jitter_16: i64,
    last_transit: Option<i64>,
    last_timestamp: Option<u32>,
    last_packet: Option<Timestamp>,
    expected_prior: i64,
    received_prior: i64,
    fraction_lost: u8,
    sender_report: Option<ReceivedSenderReport>,
}

/// What is kept of a sender report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceivedSenderReport {
    /// When it came.
    pub at: Timestamp,
    /// The sender's wall-clock time.
    pub ntp: NtpTime,
    /// The same instant on the media clock.
    pub rtp_timestamp: u32,
    /// Packets it had sent.
    pub packet_count: u32,
    /// Payload bytes it had sent.
    pub octet_count: u32,
    /// How many reports have come.
    pub reports: u64,
}

/// How one packet was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceivedPacket {
    /// Extended sequence number.
    pub sequence_number: i64,
    /// Extended timestamp.
    pub timestamp: i64,
    /// How it follows those before.
    pub continuity: Continuity,
}

/// The figures of a stream, as statistics want them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiveStatistics {
    /// Packets that came.
    pub packets_received: i64,
    /// Packets that did not; negative if duplicates came.
    pub packets_lost: i64,
    /// Payload bytes.
    pub payload_received: DataSize,
    /// Bytes of headers and padding.
    pub overhead_received: DataSize,
    /// Interarrival jitter.
    pub jitter: TimeDelta,
    /// Share lost between the last two report blocks, in 1/256.
    pub fraction_lost: u8,
    /// When the last packet came.
    pub last_packet: Option<Timestamp>,
}

impl ReceiveStream {
    /// A stream of which nothing has come yet.
    pub const fn new(ssrc: u32, clock_rate: SampleRate) -> Self {
        Self {
            ssrc,
            clock_rate,
            sequence: SequenceTracker::new(),
            timestamps: TimestampExtender::new(),
            packets: 0,
            received: 0,
            lost_before: 0,
            payload: DataSize::ZERO,
            overhead: DataSize::ZERO,
            jitter_16: 0,
            last_transit: None,
            last_timestamp: None,
            last_packet: None,
            expected_prior: 0,
            received_prior: 0,
            fraction_lost: 0,
            sender_report: None,
        }
    }

    /// The stream.
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The media clock.
    pub const fn clock_rate(&self) -> SampleRate {
        self.clock_rate
    }

    /// The sender goes over to a payload type with another clock: the jitter keeps its length in time.
    pub fn set_clock_rate(&mut self, clock_rate: SampleRate) {
        if clock_rate == self.clock_rate {
            return;
        }
        if self.clock_rate.as_hz() > 0 {
            self.jitter_16 =
                self.jitter_16 * i64::from(clock_rate.as_hz()) / i64::from(self.clock_rate.as_hz());
        }
        self.clock_rate = clock_rate;
        self.last_transit = None;
    }

    /// Takes a packet that came at `now`. Allocation-free.
    pub fn receive(&mut self, now: Timestamp, packet: &RtpPacketView<'_>) -> ReceivedPacket {
        let expected_before = self.sequence.expected();
        let (sequence_number, continuity) = self.sequence.track(packet.sequence_number());
        if continuity == Continuity::Suspect {
            // Not counted, and its timestamp must not lead the extension astray.
            let timestamp = self.timestamps.peek(packet.timestamp());
            return ReceivedPacket {
                sequence_number,
                timestamp,
                continuity,
            };
        }
        if continuity == Continuity::Restarted {
            self.restart(expected_before);
        }
        let timestamp = self.timestamps.extend(packet.timestamp());
        self.packets += 1;
        self.received += 1;
        let payload = packet.payload().len() as i64;
        self.payload += DataSize::bytes(payload);
        self.overhead += DataSize::bytes(packet.bytes().len() as i64 - payload);
        self.last_packet = Some(now);
        self.update_jitter(now, packet.timestamp(), timestamp);
        ReceivedPacket {
            sequence_number,
            timestamp,
            continuity,
        }
    }

    /// Takes what a sender report says of this stream.
    pub fn sender_report(&mut self, now: Timestamp, info: &SenderInfo) {
        let reports = self.sender_report.map_or(0, |report| report.reports) + 1;
        self.sender_report = Some(ReceivedSenderReport {
            at: now,
            ntp: info.ntp,
            rtp_timestamp: info.rtp_timestamp,
            packet_count: info.packet_count,
            octet_count: info.octet_count,
            reports,
        });
    }

    /// The report block on this stream, and the start of the next interval (appendix A.3); `None` before the first packet.
    pub fn report_block(&mut self, now: Timestamp) -> Option<ReportBlock> {
        let highest = self.sequence.highest()?;
        let expected = self.sequence.expected();
        let expected_interval = expected - self.expected_prior;
        let lost_interval = expected_interval - (self.received - self.received_prior);
        self.expected_prior = expected;
        self.received_prior = self.received;
        self.fraction_lost = if expected_interval <= 0 || lost_interval <= 0 {
            0
        } else {
            ((lost_interval << 8) / expected_interval).min(255) as u8
        };
        let (last_sender_report, delay) = self.sender_report.map_or((0, 0), |report| {
            (report.ntp.compact(), compact_duration(now.since(report.at)))
        });
        Some(ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: self.fraction_lost,
            cumulative_lost: self.packets_lost().clamp(-0x80_0000, 0x7F_FFFF) as i32,
            highest_sequence_number: highest as u32,
            jitter: (self.jitter_16 >> 4) as u32,
            last_sender_report,
            delay_since_last_sender_report: delay,
        })
    }

    /// The figures as they stand.
    pub fn statistics(&self) -> ReceiveStatistics {
        ReceiveStatistics {
            packets_received: self.packets,
            packets_lost: self.packets_lost(),
            payload_received: self.payload,
            overhead_received: self.overhead,
            jitter: self.clock_rate.duration(self.jitter_16 >> 4),
            fraction_lost: self.fraction_lost,
            last_packet: self.last_packet,
        }
    }

    /// The last sender report.
    pub const fn last_sender_report(&self) -> Option<ReceivedSenderReport> {
        self.sender_report
    }

    /// When `timestamp` was sampled on the sender's wall clock, once a sender report has told how the two clocks lie.
    pub fn capture_time(&self, timestamp: u32) -> Option<NtpTime> {
        let report = self.sender_report?;
        let ticks = i64::from(timestamp.wrapping_sub(report.rtp_timestamp) as i32);
        Some(report.ntp.advanced_by(self.clock_rate.duration(ticks)))
    }

    fn packets_lost(&self) -> i64 {
        self.lost_before + self.sequence.expected() - self.received
    }

    /// Of the two packets that prove a restart the first was not counted; counting starts with the second.
    fn restart(&mut self, expected_before: i64) {
        self.lost_before += expected_before - self.received;
        self.received = 0;
        self.expected_prior = 0;
        self.received_prior = 0;
        self.last_transit = None;
    }

    fn update_jitter(&mut self, now: Timestamp, wire_timestamp: u32, timestamp: i64) {
        // Packets of one frame or event share a timestamp and leave spread out: they say nothing about the path.
        if self.last_timestamp == Some(wire_timestamp) {
            return;
        }
        self.last_timestamp = Some(wire_timestamp);
        let transit = self.clock_rate.samples(now - Timestamp::ZERO) - timestamp;
        let Some(last_transit) = self.last_transit.replace(transit) else {
            return;
        };
        let difference = (transit - last_transit).abs();
        // More than five seconds is a sender that jumped its clock, not jitter.
        if difference <= 5 * i64::from(self.clock_rate.as_hz()) {
            self.jitter_16 += difference - ((self.jitter_16 + 8) >> 4);
        }
    }
}

/// A span in units of 1/65536 s, as report blocks carry it.
pub(crate) fn compact_duration(duration: TimeDelta) -> u32 {
    ((i128::from(duration.as_us().max(0)) << 16) / 1_000_000).min(i128::from(u32::MAX)) as u32
}
