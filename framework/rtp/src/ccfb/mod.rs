//! Congestion control feedback (RFC 8888), the receiving end: of every packet of every stream whether and when it came, and with which ECN
//! mark. Unlike transport-wide feedback it needs no header extension. The packet itself is [`crate::rtcp::CongestionFeedback`]; the sending end
//! is [`crate::twcc::SendHistory`], which takes both kinds.

mod recorder;

pub use recorder::CongestionRecorder;
