//! When the next RTCP packet is due (RFC 3550 sections 6.2, 6.3 and appendix A.7; RFC 4585 section 3.5 for early feedback).

use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};

/// Who keeps to no minimum keeps to this until the first report is out (RFC 4585 section 3.4).
const AVPF_INITIAL_MINIMUM: TimeDelta = TimeDelta::seconds(1);

/// How a schedule is set up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleConfig {
    /// The bandwidth of the session; RTCP takes a twentieth of it.
    pub session_bandwidth: DataRate,
    /// Reports are never more frequent on the average: 5 s in RFC 3550; less, down to zero, with AVPF (RFC 4585 section 3.4).
    pub minimum_interval: TimeDelta,
    /// Whether the minimum may shrink to 360 s divided by the bandwidth in kbit/s (RFC 3550 section 6.2).
    pub reduced_minimum: bool,
    /// How far apart regular reports are on the average although there may be packets more often, for feedback (`T_rr_interval` of
    /// RFC 4585 section 3.5); zero if every packet is a regular report.
    pub regular_interval: TimeDelta,
}

impl ScheduleConfig {
    /// Voice with AVPF: a report every second on the average, and feedback as often as a twentieth of the bandwidth allows.
    pub const fn voice(session_bandwidth: DataRate) -> Self {
        Self {
            session_bandwidth,
            minimum_interval: TimeDelta::ZERO,
            reduced_minimum: false,
            regular_interval: TimeDelta::seconds(1),
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
    /// When the feedback leaves that is to be early.
    early: Option<Timestamp>,
    /// Feedback waits for the next packet.
    waits: bool,
    /// When the last regular report went out.
    last_regular: Option<Timestamp>,
    random: u64,
}

/// What to do when the deadline has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Send a regular report now, with the feedback that waits.
    Now,
    /// It is too early for another report, but feedback waits: send that with nothing more than RTCP demands.
    Feedback,
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
            early: None,
            waits: false,
            last_regular: None,
            random: seed,
        };
        schedule.next = now + schedule.interval();
        schedule
    }

    /// When to ask [`ReportSchedule::due`].
    pub const fn deadline(&self) -> Timestamp {
        self.next
    }

    /// Whether a report is due at `now`. Timer reconsideration (RFC 3550 section 6.3.6): if the session has grown since, it is put off. One
    /// that would follow the last too soon is left out (RFC 4585 section 3.5.3).
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
        if !self.is_too_soon(now) {
            return Due::Now;
        }
        if self.waits {
            return Due::Feedback;
        }
        self.go_on(now);
        Due::At(self.next)
    }

    /// A regular report of this size, without IP and UDP, went out at `now`, and all feedback with it.
    pub fn sent(&mut self, now: Timestamp, size: DataSize) {
        self.average(size);
        self.initial = false;
        self.last_regular = Some(now);
        self.go_on(now);
    }

    /// What was due as [`Due::Feedback`] went out at `now`.
    pub fn sent_feedback(&mut self, now: Timestamp, size: DataSize) {
        self.average(size);
        self.go_on(now);
    }

    /// Something has happened of which the other end should hear before the next report (RFC 4585 section 3.5.2). The time at which to send
    /// [early](Self::is_early_due) feedback; `None` if it has to wait for the next packet, because that comes first or an early one has gone
    /// before it. Feedback that is to leave early already takes along whatever is added to it.
    pub fn feedback(&mut self, now: Timestamp) -> Option<Timestamp> {
        if self.early.is_some() {
            return self.early;
        }
        let spread = self.longest_dither();
        if !self.may_be_early || now + spread > self.next {
            self.waits = true;
            return None;
        }
        let dither = spread * self.next_random();
        self.early = Some(now + dither);
        self.early
    }

    /// When early feedback is due; never if there is none.
    pub fn early_deadline(&self) -> Timestamp {
        self.early.unwrap_or(Timestamp::NEVER)
    }

    /// Whether early feedback is due at `now`.
    pub fn is_early_due(&self, now: Timestamp) -> bool {
        now >= self.early_deadline()
    }

    /// Early feedback of this size went out: until the next packet there is no other, and that is put off in return.
    pub fn sent_early(&mut self, size: DataSize) {
        self.average(size);
        self.early = None;
        self.may_be_early = false;
        let interval = self.next - self.last;
        self.next += interval;
        self.last += interval;
    }

    /// What was to be told has been told in another way, or by somebody else: nothing has to leave for it.
    pub fn withdraw_feedback(&mut self) {
        self.early = None;
        self.waits = false;
    }

    /// An RTCP packet of this size came.
    pub fn received(&mut self, size: DataSize) {
        self.average(size);
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

    /// RTCP takes a twentieth of another bandwidth from now on. The next packet is planned anew: sooner or later in proportion, as when members
    /// leave (RFC 3550 section 6.3.4).
    pub fn set_bandwidth(&mut self, now: Timestamp, session_bandwidth: DataRate) {
        let before = self.calculated_interval();
        self.config.session_bandwidth = session_bandwidth;
        let after = self.calculated_interval();
        if after != before && before > TimeDelta::ZERO {
            let share = after.as_seconds_f64() / before.as_seconds_f64();
            self.next = now + (self.next - now) * share;
            self.last = now - (now - self.last) * share;
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
        if minimum == 0.0 && self.initial {
            minimum = AVPF_INITIAL_MINIMUM.as_seconds_f64();
        }
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

    /// The next packet, which may be early again, is planned from `now` on.
    fn go_on(&mut self, now: Timestamp) {
        self.withdraw_feedback();
        self.may_be_early = true;
        self.last = now;
        self.next = now + self.interval();
        self.planned_members = self.membership.members;
    }

    /// Whether a regular report at `now` would come too soon after the last.
    fn is_too_soon(&mut self, now: Timestamp) -> bool {
        let Some(last) = self
            .last_regular
            .filter(|_| self.config.regular_interval > TimeDelta::ZERO)
        else {
            return false;
        };
        let factor = self.next_random() + 0.5;
        last + self.config.regular_interval * factor > now
    }

    /// Over how long early feedback is spread so that not all receivers send the same at once: with two members not at all, else over half an
    /// interval (`T_dither_max` of RFC 4585 section 3.5.2).
    fn longest_dither(&self) -> TimeDelta {
        if self.membership.members <= 2 {
            TimeDelta::ZERO
        } else {
            (self.next - self.last) * 0.5
        }
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
