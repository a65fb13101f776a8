//! What happened in a run of [`light::run`](crate::light::run), for other programs: packets as a capture ([`Pcapng`]), everything as lines of
//! JSON ([`EventLog`], whose format is that of [`jackfield_event_log`]). Both are observers that hold what they write until they are asked for it; no file is opened here.
//!
//! ```
//! use jackfield_core::units::{DataSize, TimeDelta};
//! use jackfield_sim::export::{EventLog, Pcapng};
//! use jackfield_sim::light::Observer;
//! use jackfield_sim::{Ecn, PacketKind, PacketRecord, Source, VirtualTime};
//!
//! let packet = PacketRecord {
//!     source: Source::Flow(0), number: 7, size: DataSize::bytes(1_200), sent: VirtualTime::ZERO, kind: PacketKind::Video,
//!     ecn: Ecn::Ect1, stream: 0, cluster: 0, frame: 0,
//! };
//! let (mut capture, mut log) = (Pcapng::new(), EventLog::new("a scenario", 1));
//! capture.sent(packet.sent, &packet);
//! log.arrived(VirtualTime::from_ns(50_000_000), &packet, TimeDelta::ms(3));
//! assert_eq!(capture.into_bytes()[..4], [0x0a, 0x0d, 0x0d, 0x0a]);
//! let text = log.into_text();
//! let line = text.lines().nth(1).unwrap();
//! assert!(line.starts_with(r#"{"at":50000000,"event":"arrived","queueing":3000,"source":"flow","index":0,"number":7,"#));
//! ```

mod events;
mod pcapng;

pub use events::EventLog;
pub use jackfield_event_log::SCHEMA;
pub use pcapng::Pcapng;
