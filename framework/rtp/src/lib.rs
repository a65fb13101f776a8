//! RTP and RTCP: packets, streams, header extensions, feedback.
//!
//! Everything here is a pure function of its arguments: this crate must never read a clock, draw a random number, allocate per packet or
//! touch a socket. `now` and seeds come in; packets are views of the caller's bytes and are built into the caller's buffers.
//!
//! | module | subject |
//! |---|---|
//! | [`header`] | an RTP packet as a view, and built in place (RFC 3550, RFC 8285) |
//! | [`extension`] | header extensions by URI, and their contents |
//! | [`sequence`] | 16-bit and 32-bit counters extended to 64 bits; restarts |
//! | [`receive`], [`send`] | one stream's statistics and state, as RTCP reports them |
//! | [`rtcp`] | compound and reduced-size RTCP, read and written |
//! | [`twcc`] | transport-wide congestion control feedback, both ends; the sending end of RFC 8888 |
//! | [`ccfb`] | congestion control feedback of RFC 8888, the receiving end |
//! | [`ecn`] | the marks of routers |
//! | [`demux`] | to which m-line a packet belongs |
//! | [`payload`] | payload formats that codecs register, and payload types |
//! | [`report_schedule`] | when the next RTCP packet is due |
//! | [`synchronization`] | what must be delayed so that a voice and its pictures are in step |
//!
//! The packets are read and written by our own code because the views must not allocate and because what is unknown must come out as it
//! went in; `rtc-rtp` and `rtc-rtcp` are the oracles of the tests.
//!
//! ```
//! use jackfield_rtp::header::{Extension, RtpHeader, RtpPacketView, write_header};
//!
//! let header = RtpHeader { marker: true, payload_type: 111, sequence_number: 7, timestamp: 960, ssrc: 0x1234_5678 };
//! let mut packet = [0; 1200];
//! let start = write_header(&mut packet, &header, &[], &[Extension::new(1, &[0x85])])?;
//! packet[start..start + 3].copy_from_slice(b"abc");
//!
//! let view = RtpPacketView::parse(&packet[..start + 3])?;
//! assert_eq!(view.header(), header);
//! assert_eq!(view.extension(1), Some(&[0x85][..]));
//! assert_eq!(view.payload(), b"abc");
//! # Ok::<(), jackfield_rtp::RtpError>(())
//! ```

pub mod ccfb;
pub mod demux;
pub mod ecn;
mod error;
pub mod extension;
pub mod header;
pub mod payload;
pub mod receive;
pub mod report_schedule;
pub mod rtcp;
pub mod send;
pub mod sequence;
pub mod synchronization;
pub mod twcc;

pub use error::RtpError;
