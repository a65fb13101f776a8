//! What secure transports share, whatever library makes their ICE, DTLS and SRTP: telling datagrams apart, reading what the peer's
//! description says of its transport, knowing its certificate, and letting in only packets that are authentic and new.
//!
//! Behind the feature `transport`, because of the hash functions that fingerprints need.

pub mod demux;
mod description;
mod fingerprint;
mod no_path;
pub mod srtp;
mod statistics;

pub use description::{Credentials, RemoteDescription, Role, Setup, settle_role, setup_attribute};
pub use fingerprint::{Fingerprint, HashFunction};
pub use no_path::no_path;
pub use statistics::{Counters, STATISTICS};
