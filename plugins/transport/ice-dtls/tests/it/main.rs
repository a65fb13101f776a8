//! The secure transport in virtual time: it connects, keeps its path and keeps its secrets.

mod attack;
mod connect;
mod demux;
mod expiry;
mod goodbye;
mod loss;
mod outside;
mod path;
mod restart;
mod rsa;
mod trust;
mod world;

jackfield_testkit::conformance! { transport: jackfield_transport_ice_dtls::IceDtls }
