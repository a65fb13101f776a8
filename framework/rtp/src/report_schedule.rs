//! When the next RTCP packet is due (RFC 3550 sections 6.2, 6.3 and appendix A.7; RFC 4585 section 3.5 for early feedback).

use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};

/// How a schedule is set up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleConfig {
    /// The bandwidth of the session; RTCP takes a twentieth of it.
    pub session_bandwidth: DataRate,
    /// Reports are never more frequent on the average: 5 s in RFC 3550; less, down to zero, with AVPF (RFC 4585 section 3.4).
    pub minimum_interval: TimeDelta,
    /// Whether the minimum may shrink to 360 s divided by the bandwidth in kbit/s (RFC 3550 section 6.2).
    pub reduced_minimum: bool,
}

impl ScheduleConfig {
    /// Voice with AVPF: a report every second on the average as long as a twentieth of the bandwidth suffices for it.
    pub const fn voice(session_bandwidth: DataRate) -> Self {
        Self {
            session_bandwidth,
            minimum_interval: TimeDelta::seconds(1),
            reduced_minimum: false,
        }
    }
}

/// Who takes part, as far as it matters for the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// SSRCs in the session, our own included.
    pub members: u32,
    /// Those of them that send.
    pub senders: u32,
    /// Whether we are one of them.
    pub we_send: bool,
}

/// Decides when the next report goes out. Its jitter comes from the seed alone.
#[derive(Clone, Debug)]
pub struct ReportSchedule {
    config: ScheduleConfig,
    membership: Membership,
    /// Average size of RTCP packets, with IP and UDP, in bytes.
    average_size: f64,
    initial: bool,
    last: Timestamp,
    next: Timestamp,
    /// The members when `next` was set.
    planned_members: u32,
    may_be_early: bool,
    random: u64,
}

/// One of the two things to do when the deadline has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Send a report now.
    Now,
    /// Not yet: ask again at this time.
    At(Timestamp),
}

impl ReportSchedule {
    /// A schedule that starts at `now`; the first report is due after half the minimum.
    pub fn new(now: Timestamp, config: ScheduleConfig, seed: u64) -> Self {
        let mut schedule = Self {
            config,
            membership: Membership {
                members: 2,
                senders: 1,
                we_send: true,
            },
            average_size: 100.0,
            initial: true,
            last: now,
            next: now,
            planned_members: 2,
            may_be_early: true,
            random: seed,
        };
        schedule.next = now + schedule.interval();
        schedule
    }

    /// When to ask [`ReportSchedule::due`].
    pub const fn deadline(&self) -> Timestamp {
        self.next
    }

    /// Whether a report is due at `now`. Timer reconsideration (RFC 3550 section 6.3.6): if the session has grown since, it is put off.
    pub fn due(&mut self, now: Timestamp) -> Due {
        if now < self.next {
            return Due::At(self.next);
        }
        if self.membership.members > self.planned_members {
            self.next = self.last + self.interval();
            self.planned_members = self.membership.members;
            if now < self.next {
                return Due::At(self.next);
            }
        }
        Due::Now
    }

    /// A regular report of this size, without IP and UDP, went out at `now`.
    pub fn sent(&mut self, now: Timestamp, size: DataSize) {
        self.average(size);
        self.initial = false;
        self.may_be_early = true;
        self.last = now;
        self.next = now + self.interval();
        self.planned_members = self.membership.members;
    }

    /// An RTCP packet of this size came.
    pub fn received(&mut self, size: DataSize) {
        self.average(size);
    }

    /// Feedback cannot wait for the next report: whether it may be sent at `now` (RFC 4585 section 3.5.2 with two members, so without
    /// dithering). One early packet is allowed between two regular ones; the regular one after it is put off in return.
    pub fn take_early(&mut self, now: Timestamp) -> bool {
        if now >= self.next {
            return true;
        }
        if !self.may_be_early {
            return false;
        }
        self.may_be_early = false;
        let interval = self.next - self.last;
        self.next += interval;
        self.last += interval;
        true
    }

    /// Members came or left. If they left, the next report is drawn nearer in proportion (RFC 3550 section 6.3.4).
    pub fn set_membership(&mut self, now: Timestamp, membership: Membership) {
        let before = self.planned_members;
        let members = membership.members.max(1);
        self.membership = Membership {
            members,
            ..membership
        };
        if members < before {
            let share = f64::from(members) / f64::from(before);
            self.next = now + (self.next - now) * share;
            self.last = now - (now - self.last) * share;
            self.planned_members = members;
        }
    }

    /// The interval before its random factor (appendix A.7, `rtcp_interval`).
    pub fn calculated_interval(&self) -> TimeDelta {
        let Membership {
            members,
            senders,
            we_send,
        } = self.membership;
        let mut minimum = self.config.minimum_interval.as_seconds_f64();
        if self.config.reduced_minimum && self.config.session_bandwidth.as_bps() > 0 {
            minimum = minimum.min(360.0 / self.config.session_bandwidth.as_kbps_f64());
        }
        if self.initial {
            minimum /= 2.0;
        }
        let mut bytes_per_second = self.config.session_bandwidth.as_bps() as f64 / 8.0 * 0.05;
        let mut sharers = members;
        if senders > 0 && f64::from(senders) < f64::from(members) * 0.25 {
            if we_send {
                bytes_per_second *= 0.25;
                sharers = senders;
            } else {
                bytes_per_second *= 0.75;
                sharers -= senders;
            }
        }
        let by_bandwidth = if bytes_per_second > 0.0 {
            self.average_size * f64::from(sharers) / bytes_per_second
        } else {
            // No bandwidth is known: the minimum decides.
            0.0
        };
        TimeDelta::seconds_f64(by_bandwidth.max(minimum))
    }

    /// With its random factor of 0.5 to 1.5, made up for reconsideration by e - 3/2.
    fn interval(&mut self) -> TimeDelta {
        const COMPENSATION: f64 = std::f64::consts::E - 1.5;
        let factor = self.next_random() + 0.5;
        self.calculated_interval() * (factor / COMPENSATION)
    }

    fn average(&mut self, size: DataSize) {
        const IP_AND_UDP: f64 = 28.0;
        let size = size.as_bytes() as f64 + IP_AND_UDP;
        self.average_size += (size - self.average_size) / 16.0;
    }

    /// Uniform in 0 to 1 (SplitMix64).
    fn next_random(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
