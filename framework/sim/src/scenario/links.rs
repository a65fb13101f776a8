//! What links are like.

use std::sync::Arc;

use jackfield_core::units::{DataRate, DataSize, TimeDelta};

/// One direction of a link.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkSpec {
    /// How fast it sends, over time.
    pub rate: RateSpec,
    /// Propagation delay, each from its instant on. The first stands at 0.
    pub delay: Vec<(TimeDelta, TimeDelta)>,
    /// What waits for it, and what is dropped.
    pub queue: QueueSpec,
    /// What is lost on the way.
    pub loss: LossSpec,
    /// What is added to the delay.
    pub jitter: Option<JitterSpec>,
    /// What is overtaken.
    pub reorder: Option<ReorderSpec>,
    /// What is let into the queue at all.
    pub policer: Option<PolicerSpec>,
    /// What happens to ECN codepoints.
    pub marking: MarkingSpec,
    /// When it is down: what leaves the queue then is lost.
    pub outages: Vec<Outage>,
    /// The shared airtime that it sends in, if any.
    pub medium: Option<String>,
    /// By which rules it contends for that airtime, where there is contention.
    pub category: AccessCategory,
}

impl LinkSpec {
    /// No delay, no loss, no limit.
    pub fn perfect() -> Self {
        Self {
            rate: RateSpec::Unlimited,
            delay: vec![(TimeDelta::ZERO, TimeDelta::ZERO)],
            queue: QueueSpec::DropTail(QueueLimit::Unlimited),
            loss: LossSpec::None,
            jitter: None,
            reorder: None,
            policer: None,
            marking: MarkingSpec::default(),
            outages: Vec::new(),
            medium: None,
            category: AccessCategory::Distributed,
        }
    }
}

/// How fast a link sends.
#[derive(Clone, Debug, PartialEq)]
pub enum RateSpec {
    /// Packets take no time.
    Unlimited,
    /// Each rate from its instant on; the first stands at 0. A rate of 0 sends nothing.
    Steps(Vec<(TimeDelta, DataRate)>),
    /// A packet, or a part of one, in each slot.
    Slots(Arc<DeliverySlots>),
}

/// Delivery slots as traces of mahimahi have them: in each, so much data leaves at once; what is not used is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliverySlots {
    /// When each is, in order; the first period only.
    pub at: Vec<TimeDelta>,
    /// After this they come again.
    pub period: TimeDelta,
    /// How much leaves in each (1504 bytes in mahimahi).
    pub size: DataSize,
}

/// How much may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueLimit {
    /// Any amount.
    Unlimited,
    /// So many bytes.
    Size(DataSize),
    /// What the link, at the rate that it has when a packet comes, sends in so long.
    Time(TimeDelta),
    /// So many packets.
    Packets(u32),
}

/// A queue and its discipline.
#[derive(Clone, Debug, PartialEq)]
pub enum QueueSpec {
    /// What finds it full is dropped.
    DropTail(QueueLimit),
    /// RFC 8289.
    CoDel {
        /// How much may wait at most.
        limit: QueueLimit,
        /// The standing delay that is good enough (5 ms).
        target: TimeDelta,
        /// How long it may be worse (100 ms).
        interval: TimeDelta,
        /// Whether packets that can be are marked instead of dropped.
        ecn: bool,
    },
    /// RFC 8290.
    FqCoDel {
        /// How much may wait in all queues together.
        limit: QueueLimit,
        /// As in CoDel.
        target: TimeDelta,
        /// As in CoDel.
        interval: TimeDelta,
        /// As in CoDel.
        ecn: bool,
        /// The number of queues (1024).
        queues: u32,
        /// What a queue may send in a turn (1514 bytes).
        quantum: DataSize,
    },
    /// RFC 8033.
    Pie {
        /// How much may wait at most.
        limit: QueueLimit,
        /// The delay that it aims at (15 ms).
        target: TimeDelta,
        /// How often the probability is set anew (15 ms).
        update: TimeDelta,
        /// For how long bursts pass at the beginning (150 ms).
        burst: TimeDelta,
        /// Whether packets that can be are marked instead of dropped while the probability is below 10 %.
        ecn: bool,
    },
    /// Random early detection.
    Red(RedSpec),
    /// RFC 9332: two queues that are coupled.
    DualPi2 {
        /// How much may wait in both queues together.
        limit: QueueLimit,
        /// The delay that the classic queue aims at (15 ms).
        target: TimeDelta,
        /// How often the probability is set anew (16 ms).
        update: TimeDelta,
        /// Above this delay of its queue, every L4S packet is marked (1 ms).
        step: TimeDelta,
        /// How much stronger L4S packets are marked than classic ones are dropped (2).
        coupling: f64,
        /// The share of the link that is kept for the classic queue when both want it, 0 to 1 (0.1): `c_protection`.
        classic_share: f64,
    },
}

/// Random early detection (Floyd and Jacobson 1993; gentle, as RFC 7567 calls for no more).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RedSpec {
    /// How much may wait at most.
    pub limit: QueueLimit,
    /// Below this average, nothing is dropped.
    pub minimum: DataSize,
    /// At this average, a share of `probability` is dropped; at twice as much, everything.
    pub maximum: DataSize,
    /// The share dropped at `maximum`, 0 to 1.
    pub probability: f64,
    /// The weight of the newest length in the average (0.002).
    pub weight: f64,
    /// Whether packets that can be are marked instead of dropped.
    pub ecn: bool,
}

/// What is lost on the way.
#[derive(Clone, Debug, PartialEq)]
pub enum LossSpec {
    /// Nothing.
    None,
    /// Each packet by itself.
    Random {
        /// The share of packets, each from its instant on; the first stands at 0.
        share: Vec<(TimeDelta, f64)>,
    },
    /// A chain in time with a good and a bad state (Gilbert 1960, Elliott 1963): which state it is depends on the instant, not on the packets.
    GilbertElliott {
        /// How long the good state lasts on average.
        good: TimeDelta,
        /// How long the bad state lasts on average.
        bad: TimeDelta,
        /// The share of packets lost in the good state, 0 to 1.
        loss_good: f64,
        /// The share of packets lost in the bad state, 0 to 1.
        loss_bad: f64,
    },
    /// These packets of all that the link carries, counted from 0.
    List(Vec<u64>),
}

/// Delay that varies from packet to packet without reordering them: NR-BPDV of RFC 8868 section 5.1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JitterSpec {
    /// Standard deviation of the normal distribution that it is drawn from (5 ms).
    pub deviation: TimeDelta,
    /// It is cut at so many deviations (3).
    pub limit: f64,
}

/// Packets that are held back so that others overtake them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReorderSpec {
    /// The share of packets, 0 to 1.
    pub share: f64,
    /// For how long.
    pub delay: TimeDelta,
}

/// A token bucket that drops what exceeds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicerSpec {
    /// How fast it fills.
    pub rate: DataRate,
    /// How much it holds.
    pub burst: DataSize,
}

/// What a link does to ECN codepoints.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct MarkingSpec {
    /// Every codepoint is cleared.
    pub bleach: bool,
    /// The share of capable packets that are marked, whatever the queue is like, 0 to 1.
    pub share: f64,
    /// Capable packets that have waited longer than this are marked; if not zero.
    pub above: TimeDelta,
}

/// A span in which a link is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// From here.
    pub from: TimeDelta,
    /// Until here.
    pub to: TimeDelta,
    /// Whether packets wait (the rate is 0) instead of being lost.
    pub hold: bool,
}

/// Airtime that is shared by several links, one sender at a time. Without contention they take turns in the order of their asking: a proxy for
/// Wi-Fi that has no collisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediumSpec {
    /// What each turn costs before data flows: preamble and acknowledgement, and contention if that is not modelled.
    pub overhead: TimeDelta,
    /// How long one sender may keep the medium in a turn, data only.
    pub turn: TimeDelta,
    /// How many packets one sender may put into a turn.
    pub packets: u32,
    /// How senders contend for turns; nothing if they take them in the order of their asking.
    pub contention: Option<ContentionSpec>,
}

/// Contention as in IEEE 802.11: slots are drawn, equal draws collide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentionSpec {
    /// The length of a slot (9 µs; 20 µs where stations of 802.11b take part).
    pub slot: TimeDelta,
    /// The shortest space between two frames (16 µs).
    pub sifs: TimeDelta,
    /// How often what has collided is sent again (7).
    pub retries: u32,
}

impl ContentionSpec {
    /// What holds at 5 GHz.
    pub const DEFAULT: Self = Self {
        slot: TimeDelta::us(9),
        sifs: TimeDelta::us(16),
        retries: 7,
    };
}

/// By which rules a link contends. The categories are those of EDCA, which WMM makes its own, with their default parameters for 802.11n.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AccessCategory {
    /// No category: the distributed coordination function, as without WMM and in legacy stations.
    #[default]
    Distributed,
    /// `AC_BK`.
    Background,
    /// `AC_BE`.
    BestEffort,
    /// `AC_VI`.
    Video,
    /// `AC_VO`.
    Voice,
}

impl AccessCategory {
    /// How many slots the air must have been free, beyond the shortest space (AIFSN).
    pub(crate) const fn spacing(self) -> u64 {
        match self {
            Self::Distributed | Self::Video | Self::Voice => 2,
            Self::BestEffort => 3,
            Self::Background => 7,
        }
    }

    /// The least and the greatest window (CWmin, CWmax).
    pub(crate) const fn window(self) -> (u64, u64) {
        match self {
            Self::Distributed | Self::BestEffort | Self::Background => (15, 1_023),
            Self::Video => (7, 15),
            Self::Voice => (3, 7),
        }
    }

    /// The longest turn (TXOP limit), where there is one.
    pub(crate) const fn longest_turn(self) -> TimeDelta {
        match self {
            Self::Distributed | Self::BestEffort | Self::Background => TimeDelta::INFINITE,
            Self::Video => TimeDelta::us(3_008),
            Self::Voice => TimeDelta::us(1_504),
        }
    }
}
