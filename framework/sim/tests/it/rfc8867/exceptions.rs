//! What controllers are known not to do of what RFC 8867 expects, and why. The tests fail when one of these holds by now.

use super::expect::Kind;

/// A sentence that does not hold for a controller in at least one of the weathers.
pub(crate) struct Exception {
    pub(crate) kind: Kind,
    pub(crate) sentence: &'static str,
    pub(crate) because: &'static str,
    /// Without the name of the suite.
    pub(crate) scenarios: &'static [&'static str],
}

impl Exception {
    pub(crate) fn is(&self, kind: Kind, scenario: &str, sentence: &str) -> bool {
        self.kind == kind && self.sentence == sentence && self.scenarios.contains(&scenario)
    }
}

/// Short for a row below.
pub(super) const fn known(
    kind: Kind,
    sentence: &'static str,
    because: &'static str,
    scenarios: &'static [&'static str],
) -> Exception {
    Exception {
        kind,
        sentence,
        because,
        scenarios,
    }
}

pub(super) const WEIGHTS: &str = "it knows of no weights";
pub(super) const GCC_TREND: &str = "it looks for a trend of the delay, and a queue that stands has none: where other traffic does not give way it keeps filling it";
pub(super) const GCC_OVERSHOOTS: &str =
    "far from its last capacity it grows by 8 % a second, and overshoots for a moment";
pub(super) const GCC_SLOW: &str = "near its last capacity it grows by a packet per response time: 20 s may not be enough, and who has more keeps it for long";
pub(super) const GCC_GIVES_WAY: &str =
    "it gives way to whoever fills the queue; RFC 8867 asks for the minimum alone, and that it has";
pub(super) const SCREAM_SLOW: &str = "near the window of its last congestion it grows by a quarter of a segment per round trip, as that of libwebrtc: 20 s may not be enough";
pub(super) const SCREAM_EVENS_OUT: &str = "it grows by a quarter of a segment per round trip near the window of its last congestion, so that shares even out over minutes";
pub(super) const SCREAM_PACKET: &str = "a packet takes 5 to 16 ms here and DualPI2 marks from 1 ms on: all of a frame but its first packet is marked";
pub(super) const SCREAM_STANDING: &str =
    "where other traffic keeps a queue, it grows by a tenth of what it would, as that of libwebrtc";
pub(super) const SCREAM_TCP: &str = "its queue-delay target follows others up to the 400 ms of the draft, by their mean of seconds; RFC 8867 asks for the minimum alone, and that it has";
pub(super) const SCREAM_AQM: &str = "a managed queue stands at 5 to 15 ms, where it grows by less, down to a tenth, as that of libwebrtc; TCP does not mind";
pub(super) const SCREAM_TWICE: &str = "who goes through two bottlenecks meets the losses and marks of both";
pub(super) const SCREAM_FEW_MARKS: &str = "CoDel marks a few packets in a hundred, and the answer in proportion is smaller than that to a drop: the queue is a little longer";
pub(super) const SCREAM_DROPS: &str = "CoDel drops in round after round while a large frame stands or other traffic does not give way, and each leaves 0.7 of the window";
pub(super) const NADA_FEW_MARKS: &str = "a mark weighs a fifth of a loss in its signal, and CoDel marks a few packets in a hundred: the queue is a little longer";
pub(super) const PIE_DROPS: &str = "PIE drops what it should mark once that is more than a tenth of all, as when the capacity shrinks: so much is lost with ECN as without";
pub(super) const DUAL_PI2_DROPS: &str = "DualPI2 drops what it should mark while it is overloaded, as when the capacity shrinks: who then loses more is chance";
pub(super) const NADA_TCP: &str = "it competes by losses, and only once it has lost a packet itself: at its minimum rate that takes a minute, and the longer the longer the queue";
pub(super) const NADA_BBR: &str =
    "BBR as a TCP sends the same whatever is lost, and NADA a tenth below a third of the fair share at worst";
pub(super) const NADA_STEP: &str = "its signal grows with the square of the share of marks, and an L4S queue marks everything from 1 ms on: it asks for ECN only if it is told to";
pub(super) const NADA_LOSS: &str = "its signal grows with the square of the share of losses: a few in a second weigh as much as a queue of hundreds of ms";
pub(super) const BBR_RATCHET: &str = "where traffic does not give way, a full queue delivers more to who sends more: its probes find bandwidth that is not there, again and again";
pub(super) const BBR_UNEVEN: &str =
    "each of its flows keeps the fastest of eight rounds: they take tens of seconds to even out";
pub(super) const BBR_ROUND_TRIPS: &str = "its shares hang on the round trip, as is known of BBR: a probe lasts two round trips, and the window is a multiple of what fills one";
pub(super) const BBR_TCP: &str = "it drains queues of more than 80 ms for a while before it takes them for those of others; BBR and CUBIC as TCPs keep theirs meanwhile";

pub(crate) const EXCEPTIONS: &[Exception] = &[
    known(
        Kind::Gcc,
        "each has its weighted share",
        WEIGHTS,
        &["6.1/queue=codel", "6.1/queue=drop-tail", "6.1/queue=dual-pi2"],
    ),
    known(
        Kind::Gcc,
        "its packets wait but shortly",
        GCC_TREND,
        &[
            "5.1/change=traffic,owd=100ms,queue=drop-tail",
            "5.1/change=traffic,owd=50ms,queue=drop-tail",
        ],
    ),
    known(
        Kind::Gcc,
        "its packets wait but shortly",
        GCC_OVERSHOOTS,
        &[
            "5.1/change=link,owd=100ms,queue=drop-tail",
            "5.1/change=link,owd=50ms,queue=drop-tail",
        ],
    ),
    known(
        Kind::Gcc,
        "in the long run they share fairly",
        GCC_SLOW,
        &[
            "5.5/queue=codel",
            "5.5/queue=drop-tail",
            "5.5/queue=dual-pi2",
            "6.2-rtt/queue=codel-ecn",
            "6.2-rtt/queue=dual-pi2",
            "6.2-rtt/queue=pie-ecn",
        ],
    ),
    known(
        Kind::Gcc,
        "it converges to each capacity",
        GCC_SLOW,
        &["5.1/change=link,owd=100ms,queue=codel"],
    ),
    known(
        Kind::Gcc,
        "the flow there fills what is short",
        GCC_SLOW,
        &[
            "5.3/change=clear,queue=dual-pi2",
            "5.3/change=link,queue=codel",
            "6.2-feedback/queue=pie-ecn",
        ],
    ),
    known(
        Kind::Gcc,
        "they share fairly",
        GCC_SLOW,
        &[
            "5.4/queue=dual-pi2",
            "5.5/queue=codel",
            "5.5/queue=drop-tail",
            "5.5/queue=dual-pi2",
            "6.2-rtt/queue=codel-ecn",
            "6.2-rtt/queue=dual-pi2",
            "6.2-rtt/queue=pie-ecn",
            "6.2-same/queue=dual-pi2",
        ],
    ),
    known(
        Kind::Gcc,
        "they share it fairly",
        GCC_SLOW,
        &["5.2/change=link,owd=100ms,queue=drop-tail"],
    ),
    known(
        Kind::Gcc,
        "the share of the media is fair",
        GCC_GIVES_WAY,
        &[
            "5.6/queue=codel,tcp=bbr",
            "5.6/queue=codel,tcp=reno",
            "5.6/queue=drop-tail-1000ms,tcp=bbr",
            "5.6/queue=drop-tail-1000ms,tcp=cubic",
            "5.6/queue=drop-tail-1000ms,tcp=reno",
            "5.6/queue=drop-tail-300ms,tcp=bbr",
            "5.6/queue=drop-tail-300ms,tcp=cubic",
            "5.6/queue=drop-tail-300ms,tcp=reno",
            "5.6/queue=dual-pi2,tcp=bbr",
            "5.6/queue=dual-pi2,tcp=cubic",
            "5.6/queue=dual-pi2,tcp=reno",
            "6.2-tcp/queue=dual-pi2",
            "6.2-tcp/queue=pie-ecn",
        ],
    ),
    known(
        Kind::Scream,
        "each has its weighted share",
        WEIGHTS,
        &["6.1/queue=codel", "6.1/queue=drop-tail", "6.1/queue=dual-pi2"],
    ),
    known(
        Kind::Scream,
        "it converges to each capacity",
        SCREAM_SLOW,
        &["5.1/change=link,owd=100ms,queue=codel"],
    ),
    known(
        Kind::Scream,
        "the flow there fills what is short",
        SCREAM_SLOW,
        &["5.3/change=link,queue=codel", "6.2-feedback/queue=codel-ecn"],
    ),
    known(
        Kind::Scream,
        "in the long run they share fairly",
        SCREAM_EVENS_OUT,
        &["5.5/queue=codel"],
    ),
    known(
        Kind::Scream,
        "they share fairly",
        SCREAM_EVENS_OUT,
        &["5.5/queue=codel"],
    ),
    known(
        Kind::Scream,
        "it converges to each capacity",
        SCREAM_PACKET,
        &[
            "5.1/change=link,owd=100ms,queue=dual-pi2",
            "5.1/change=traffic,owd=100ms,queue=dual-pi2",
        ],
    ),
    known(
        Kind::Scream,
        "it does not oscillate",
        SCREAM_PACKET,
        &[
            "5.1/change=traffic,owd=100ms,queue=dual-pi2",
            "5.1/change=traffic,owd=50ms,queue=dual-pi2",
        ],
    ),
    known(
        Kind::Scream,
        "marks cost no rate",
        SCREAM_PACKET,
        &[
            "6.2-pause/queue=dual-pi2",
            "6.2-rtt/queue=dual-pi2",
            "6.2-same/queue=dual-pi2",
        ],
    ),
    known(
        Kind::Scream,
        "the flow there fills what is short",
        SCREAM_PACKET,
        &["5.3/change=traffic,queue=dual-pi2"],
    ),
    known(
        Kind::Scream,
        "they share fairly",
        SCREAM_PACKET,
        &[
            "5.4/queue=dual-pi2",
            "5.5/queue=dual-pi2",
            "6.2-rtt/queue=dual-pi2",
            "6.2-same/queue=dual-pi2",
        ],
    ),
    known(
        Kind::Scream,
        "both reach their maximum where there is room",
        SCREAM_STANDING,
        &["5.2/change=traffic,owd=100ms,queue=codel"],
    ),
    known(
        Kind::Scream,
        "it converges to each capacity",
        SCREAM_STANDING,
        &["5.1/change=traffic,owd=100ms,queue=codel"],
    ),
    known(
        Kind::Scream,
        "they share it fairly",
        SCREAM_STANDING,
        &["5.2/change=traffic,owd=50ms,queue=codel"],
    ),
    known(
        Kind::Scream,
        "together they fill what is short",
        SCREAM_STANDING,
        &["5.2/change=traffic,owd=50ms,queue=codel"],
    ),
    known(
        Kind::Scream,
        "the share of the media is fair",
        SCREAM_TCP,
        &[
            "5.6/queue=drop-tail-1000ms,tcp=bbr",
            "5.6/queue=drop-tail-1000ms,tcp=cubic",
            "5.6/queue=drop-tail-1000ms,tcp=reno",
            "5.6/queue=drop-tail-300ms,tcp=bbr",
            "5.6/queue=drop-tail-300ms,tcp=cubic",
            "5.6/queue=drop-tail-300ms,tcp=reno",
        ],
    ),
    known(
        Kind::Scream,
        "marks cost no rate",
        SCREAM_AQM,
        &["6.2-tcp/queue=pie-ecn"],
    ),
    known(
        Kind::Scream,
        "the share of the media is fair",
        SCREAM_AQM,
        &[
            "5.6/queue=codel,tcp=bbr",
            "5.6/queue=codel,tcp=cubic",
            "5.6/queue=codel,tcp=reno",
            "6.2-tcp/queue=pie-ecn",
        ],
    ),
    known(Kind::Scream, "nobody starves", SCREAM_TWICE, &["6.3/queue=codel"]),
    known(
        Kind::Scream,
        "marks cost no wait",
        SCREAM_FEW_MARKS,
        &[
            "6.2-multiple/queue=fq-codel-ecn",
            "6.2-rtt/queue=fq-codel-ecn",
            "6.2-short-tcp/queue=codel-ecn",
            "6.2-short-tcp/queue=fq-codel-ecn",
        ],
    ),
    known(
        Kind::Scream,
        "it does not oscillate",
        SCREAM_DROPS,
        &["5.1/change=traffic,owd=50ms,queue=codel"],
    ),
    known(
        Kind::Scream,
        "marks are worth something",
        PIE_DROPS,
        &[
            "6.2-feedback/queue=pie-ecn",
            "6.2-multiple/queue=pie-ecn",
            "6.2-short-tcp/queue=pie-ecn",
        ],
    ),
    known(
        Kind::Scream,
        "marks spare losses",
        PIE_DROPS,
        &[
            "6.2-feedback/queue=pie-ecn",
            "6.2-multiple/queue=pie-ecn",
            "6.2-short-tcp/queue=pie-ecn",
        ],
    ),
    known(
        Kind::Scream,
        "marks spare losses",
        DUAL_PI2_DROPS,
        &["6.2-single/queue=dual-pi2"],
    ),
    known(
        Kind::Nada,
        "marks cost no wait",
        NADA_FEW_MARKS,
        &["6.2-short-tcp/queue=fq-codel-ecn"],
    ),
    known(
        Kind::Nada,
        "marks are worth something",
        PIE_DROPS,
        &["6.2-feedback/queue=pie-ecn", "6.2-multiple/queue=pie-ecn"],
    ),
    known(
        Kind::Nada,
        "marks spare losses",
        PIE_DROPS,
        &["6.2-feedback/queue=pie-ecn", "6.2-multiple/queue=pie-ecn"],
    ),
    known(
        Kind::Nada,
        "the share of the media is fair",
        NADA_TCP,
        &[
            "5.6/queue=drop-tail-1000ms,tcp=reno",
            "5.6/queue=drop-tail-300ms,tcp=reno",
        ],
    ),
    known(
        Kind::Nada,
        "the share of the media is fair",
        NADA_BBR,
        &["5.6/queue=codel,tcp=bbr", "5.6/queue=dual-pi2,tcp=bbr"],
    ),
    known(
        Kind::Nada,
        "both reach their maximum where there is room",
        NADA_STEP,
        &["6.2-multiple/queue=dual-pi2"],
    ),
    known(
        Kind::Nada,
        "it converges to each capacity",
        NADA_STEP,
        &["6.2-single/queue=dual-pi2"],
    ),
    known(
        Kind::Nada,
        "marks cost no rate",
        NADA_STEP,
        &[
            "6.2-feedback/queue=dual-pi2",
            "6.2-multiple/queue=dual-pi2",
            "6.2-pause/queue=dual-pi2",
            "6.2-rtt/queue=dual-pi2",
            "6.2-same/queue=dual-pi2",
            "6.2-short-tcp/queue=dual-pi2",
            "6.2-single/queue=dual-pi2",
            "6.2-tcp/queue=dual-pi2",
        ],
    ),
    known(
        Kind::Nada,
        "the flow there fills what is short",
        NADA_STEP,
        &["6.2-feedback/queue=dual-pi2"],
    ),
    known(
        Kind::Nada,
        "the flows have room and use it",
        NADA_STEP,
        &["6.2-feedback/queue=dual-pi2"],
    ),
    known(
        Kind::Nada,
        "the link is full",
        NADA_STEP,
        &["6.2-rtt/queue=dual-pi2"],
    ),
    known(
        Kind::Nada,
        "the link is full again",
        NADA_STEP,
        &["6.2-pause/queue=dual-pi2"],
    ),
    known(
        Kind::Nada,
        "the link is full once the third has joined",
        NADA_STEP,
        &["6.2-same/queue=dual-pi2"],
    ),
    known(
        Kind::Nada,
        "the others reach their maximum meanwhile",
        NADA_STEP,
        &["6.2-pause/queue=dual-pi2"],
    ),
    known(
        Kind::Nada,
        "the share of the media is fair",
        NADA_STEP,
        &["6.2-tcp/queue=dual-pi2"],
    ),
    known(
        Kind::Nada,
        "they recover afterwards",
        NADA_STEP,
        &["6.2-short-tcp/queue=dual-pi2"],
    ),
    known(
        Kind::Nada,
        "together they fill what is short",
        NADA_STEP,
        &["6.2-multiple/queue=dual-pi2"],
    ),
    known(
        Kind::Nada,
        "it does not oscillate",
        NADA_LOSS,
        &["5.1/change=link,owd=50ms,queue=dual-pi2"],
    ),
    known(
        Kind::Bbr,
        "each has its weighted share",
        WEIGHTS,
        &["6.1/queue=drop-tail", "6.1/queue=dual-pi2"],
    ),
    known(
        Kind::Bbr,
        "it does not oscillate",
        BBR_RATCHET,
        &[
            "5.1/change=traffic,owd=100ms,queue=codel",
            "5.1/change=traffic,owd=100ms,queue=drop-tail",
            "5.1/change=traffic,owd=50ms,queue=drop-tail",
        ],
    ),
    known(
        Kind::Bbr,
        "its packets wait but shortly",
        BBR_RATCHET,
        &[
            "5.1/change=traffic,owd=100ms,queue=drop-tail",
            "5.1/change=traffic,owd=50ms,queue=drop-tail",
        ],
    ),
    known(
        Kind::Bbr,
        "they share fairly",
        BBR_UNEVEN,
        &[
            "5.5/queue=codel",
            "5.5/queue=drop-tail",
            "5.5/queue=dual-pi2",
            "6.2-rtt/queue=codel-ecn",
            "6.2-rtt/queue=dual-pi2",
            "6.2-rtt/queue=pie-ecn",
        ],
    ),
    known(
        Kind::Bbr,
        "they share it fairly",
        BBR_UNEVEN,
        &[
            "5.2/change=traffic,owd=100ms,queue=codel",
            "6.2-multiple/queue=codel-ecn",
        ],
    ),
    known(
        Kind::Bbr,
        "in the long run they share fairly",
        BBR_ROUND_TRIPS,
        &[
            "5.5/queue=codel",
            "5.5/queue=dual-pi2",
            "6.2-rtt/queue=codel-ecn",
            "6.2-rtt/queue=dual-pi2",
            "6.2-rtt/queue=pie-ecn",
        ],
    ),
    known(
        Kind::Bbr,
        "the share of the media is fair",
        BBR_TCP,
        &[
            "5.6/queue=drop-tail-1000ms,tcp=bbr",
            "5.6/queue=drop-tail-1000ms,tcp=cubic",
            "5.6/queue=drop-tail-300ms,tcp=bbr",
        ],
    ),
];
