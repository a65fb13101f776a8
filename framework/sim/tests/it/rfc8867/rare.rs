//! What does not hold in more than three of thirty weathers, though in the first two or three: it counts only where thirty are asked for
//! (`make rfc8867`).

use super::exceptions::{
    BBR_RATCHET, BBR_UNEVEN, Exception, GCC_SLOW, PIE_DROPS, SCREAM_DROPS, SCREAM_PACKET, SCREAM_SLOW,
    SCREAM_STANDING, SCREAM_TWICE, WEIGHTS, known,
};
use super::expect::Kind;

const SCREAM_DRAINS: &str = "a queue that has not been empty for 20 s is given half the rate for five round trips, as that of libwebrtc: in that second it is half";
const NADA_PIE: &str = "a mark weighs a fifth of a loss in its signal: PIE comes to mark more than a tenth, and drops what goes beyond";
const NADA_SPARED: &str = "it competes with TCP by losses, and marks spare it most of them";

pub(crate) const RARE: &[Exception] = &[
    known(
        Kind::Gcc,
        "it converges to each capacity",
        GCC_SLOW,
        &[
            "5.1/change=link,owd=100ms,queue=dual-pi2",
            "5.1/change=link,owd=50ms,queue=dual-pi2",
            "6.2-single/queue=dual-pi2",
        ],
    ),
    known(
        Kind::Gcc,
        "the flow there fills what is short",
        GCC_SLOW,
        &["5.3/change=link,queue=dual-pi2", "6.2-feedback/queue=dual-pi2"],
    ),
    known(
        Kind::Scream,
        "it converges to each capacity",
        SCREAM_DROPS,
        &["5.1/change=link,owd=50ms,queue=codel"],
    ),
    known(
        Kind::Scream,
        "it does not oscillate",
        SCREAM_DROPS,
        &["5.1/change=link,owd=50ms,queue=codel"],
    ),
    known(
        Kind::Scream,
        "both reach their maximum where there is room",
        SCREAM_DROPS,
        &["5.2/change=link,owd=100ms,queue=codel"],
    ),
    known(
        Kind::Scream,
        "together they fill what is short",
        SCREAM_DROPS,
        &["5.2/change=link,owd=100ms,queue=codel"],
    ),
    known(
        Kind::Scream,
        "it does not oscillate",
        SCREAM_DRAINS,
        &["5.1/change=traffic,owd=50ms,queue=drop-tail"],
    ),
    known(
        Kind::Scream,
        "it converges to each capacity",
        SCREAM_SLOW,
        &["5.1/change=traffic,owd=100ms,queue=drop-tail"],
    ),
    known(
        Kind::Scream,
        "the flow there fills what is short",
        SCREAM_SLOW,
        &["5.3/change=link,queue=drop-tail"],
    ),
    known(
        Kind::Scream,
        "the flow there fills what is short",
        SCREAM_STANDING,
        &["5.3/change=traffic,queue=codel"],
    ),
    known(
        Kind::Scream,
        "both reach their maximum where there is room",
        SCREAM_PACKET,
        &[
            "5.2/change=traffic,owd=100ms,queue=dual-pi2",
            "5.2/change=traffic,owd=50ms,queue=dual-pi2",
        ],
    ),
    known(
        Kind::Scream,
        "together they fill what is short",
        SCREAM_PACKET,
        &["5.2/change=traffic,owd=100ms,queue=dual-pi2"],
    ),
    known(
        Kind::Scream,
        "nobody starves",
        SCREAM_TWICE,
        &["6.3/queue=dual-pi2"],
    ),
    known(
        Kind::Scream,
        "marks are worth something",
        PIE_DROPS,
        &["6.2-single/queue=pie-ecn"],
    ),
    known(
        Kind::Scream,
        "marks spare losses",
        PIE_DROPS,
        &["6.2-single/queue=pie-ecn"],
    ),
    known(
        Kind::Nada,
        "nothing is lost where the capacity stays",
        NADA_PIE,
        &["6.2-single/queue=pie-ecn"],
    ),
    known(
        Kind::Nada,
        "marks cost no rate",
        NADA_SPARED,
        &["6.2-tcp/queue=pie-ecn"],
    ),
    known(
        Kind::Bbr,
        "each has its weighted share",
        WEIGHTS,
        &["6.1/queue=codel"],
    ),
    known(
        Kind::Bbr,
        "it does not oscillate",
        BBR_RATCHET,
        &["5.1/change=traffic,owd=100ms,queue=dual-pi2"],
    ),
    known(
        Kind::Bbr,
        "they share it fairly",
        BBR_UNEVEN,
        &["5.2/change=traffic,owd=100ms,queue=drop-tail"],
    ),
];
