//! One stream that we send: numbering, and what sender reports say of it (RFC 3550 section 6.4.1).

use jackfield_core::time::{NtpTime, Timestamp};
use jackfield_core::units::{DataSize, SampleRate, TimeDelta};

use crate::header::RtpHeader;
use crate::rtcp::{ReportBlock, SenderInfo};

/// Engine time and wall-clock time at one instant, so that either tells the other without a step (E28.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NtpClock {
    at: Timestamp,
    ntp: NtpTime,
}

impl NtpClock {
    /// At `at` the wall clock shows `ntp`. Taken once per process: a later step of the wall clock must not disturb running streams.
    pub const fn new(at: Timestamp, ntp: NtpTime) -> Self {
        Self { at, ntp }
    }

    /// What the wall clock shows at `now`.
    pub fn ntp(&self, now: Timestamp) -> NtpTime {
        self.ntp.advanced_by(now - self.at)
    }
}

/// The state of one SSRC that we send.
#[derive(Clone, Debug)]
pub struct SendStream {
    ssrc: u32,
    clock_rate: SampleRate,
    next_sequence: u16,
    timestamp_offset: u32,
    packets: u64,
    payload: DataSize,
    overhead: DataSize,
    /// When the last packet was made, and its timestamp.
    last: Option<(Timestamp, u32)>,
    remote: Option<RemoteReport>,
    round_trip: Option<TimeDelta>,
    round_trips: u64,
    total_round_trip: TimeDelta,
}

/// What the remote end last reported of our stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteReport {
    /// When the report came.
    pub at: Timestamp,
    /// Share lost since the report before, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning.
    pub cumulative_lost: i32,
    /// Extended number of the newest packet that it has.
    pub highest_sequence_number: u32,
    /// The jitter that it sees.
    pub jitter: TimeDelta,
}

/// The figures of a stream, as statistics want them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendStatistics {
    /// Packets sent.
    pub packets_sent: u64,
    /// Payload bytes.
    pub payload_sent: DataSize,
    /// Bytes of headers and padding.
    pub overhead_sent: DataSize,
    /// What the remote end said last.
    pub remote: Option<RemoteReport>,
    /// The round-trip time measured last.
    pub round_trip: Option<TimeDelta>,
    /// How often it was measured.
    pub round_trip_measurements: u64,
    /// The sum of all that was measured.
    pub total_round_trip: TimeDelta,
}

impl SendStream {
    /// A stream that has sent nothing. Sequence number and timestamp start at random values (RFC 3550 section 5.1), which the caller draws.
    pub const fn new(ssrc: u32, clock_rate: SampleRate, first_sequence: u16, timestamp_offset: u32) -> Self {
        Self {
            ssrc,
            clock_rate,
            next_sequence: first_sequence,
            timestamp_offset,
            packets: 0,
            payload: DataSize::ZERO,
            overhead: DataSize::ZERO,
            last: None,
            remote: None,
            round_trip: None,
            round_trips: 0,
            total_round_trip: TimeDelta::ZERO,
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

    /// Another codec with another clock takes over; timestamps go on from `next_ticks` on the new clock without a jump of the stream.
    pub fn set_clock_rate(&mut self, clock_rate: SampleRate, next_ticks: i64) {
        if clock_rate == self.clock_rate {
            return;
        }
        self.clock_rate = clock_rate;
        if let Some((_, timestamp)) = self.last {
            self.timestamp_offset = timestamp.wrapping_add(1).wrapping_sub(next_ticks as u32);
        }
    }

    /// The header of the next packet, whose media begins at `ticks` of the media clock.
    pub fn next_header(&mut self, now: Timestamp, payload_type: u8, marker: bool, ticks: i64) -> RtpHeader {
        let sequence_number = self.next_sequence;
        self.next_sequence = sequence_number.wrapping_add(1);
        let timestamp = self.timestamp_offset.wrapping_add(ticks as u32);
        self.last = Some((now, timestamp));
        RtpHeader {
            marker,
            payload_type,
            sequence_number,
            timestamp,
            ssrc: self.ssrc,
        }
    }

    /// The header of a packet that holds nothing but padding (RFC 3550 section 5.1): it has a number of its own, and stands where the packet before it
    /// stood. `None` before the first packet, because then there is no such place.
    pub fn next_padding_header(&mut self, payload_type: u8) -> Option<RtpHeader> {
        let (_, timestamp) = self.last?;
        let sequence_number = self.next_sequence;
        self.next_sequence = sequence_number.wrapping_add(1);
        Some(RtpHeader {
            marker: false,
            payload_type,
            sequence_number,
            timestamp,
            ssrc: self.ssrc,
        })
    }

    /// Counts a packet that leaves: its payload and the bytes around it.
    pub fn sent(&mut self, payload: DataSize, overhead: DataSize) {
        self.packets += 1;
        self.payload += payload;
        self.overhead += overhead;
    }

    /// What a sender report at `now` says; `None` before the first packet.
    pub fn sender_info(&self, now: Timestamp, clock: &NtpClock) -> Option<SenderInfo> {
        let (at, timestamp) = self.last?;
        Some(SenderInfo {
            ntp: clock.ntp(now),
            rtp_timestamp: timestamp.wrapping_add(self.clock_rate.samples(now - at) as u32),
            packet_count: self.packets as u32,
            octet_count: self.payload.as_bytes() as u32,
        })
    }

    /// Takes a report block on this stream and returns the round-trip time if it tells one. A block on another stream is ignored.
    pub fn report_block(
        &mut self,
        now: Timestamp,
        clock: &NtpClock,
        block: &ReportBlock,
    ) -> Option<TimeDelta> {
        if block.ssrc != self.ssrc {
            return None;
        }
        self.remote = Some(RemoteReport {
            at: now,
            fraction_lost: block.fraction_lost,
            cumulative_lost: block.cumulative_lost,
            highest_sequence_number: block.highest_sequence_number,
            jitter: self.clock_rate.duration(i64::from(block.jitter)),
        });
        let round_trip = round_trip(clock.ntp(now), block)?;
        self.round_trip = Some(round_trip);
        self.round_trips += 1;
        self.total_round_trip += round_trip;
        Some(round_trip)
    }

    /// The figures as they stand.
    pub fn statistics(&self) -> SendStatistics {
        SendStatistics {
            packets_sent: self.packets,
            payload_sent: self.payload,
            overhead_sent: self.overhead,
            remote: self.remote,
            round_trip: self.round_trip,
            round_trip_measurements: self.round_trips,
            total_round_trip: self.total_round_trip,
        }
    }
}

/// The round-trip time that a report block tells at `now` (RFC 3550 section 6.4.1): arrival minus delay minus last sender report.
/// `None` if the remote end has had no sender report yet. Clock drift can make it slightly negative: that counts as zero.
pub fn round_trip(now: NtpTime, block: &ReportBlock) -> Option<TimeDelta> {
    if block.last_sender_report == 0 {
        return None;
    }
    let elapsed = now
        .compact()
        .wrapping_sub(block.last_sender_report)
        .wrapping_sub(block.delay_since_last_sender_report);
    Some(TimeDelta::us(
        (i64::from((elapsed as i32).max(0)) * 1_000_000) >> 16,
    ))
}
