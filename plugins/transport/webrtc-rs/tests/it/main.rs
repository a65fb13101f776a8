//! The second secure transport in virtual time, with its like and with the default one.

mod attack;
mod meets;
mod outside;
mod path;
mod restart;
mod trust;
mod world;

jackfield_testkit::conformance! { transport: jackfield_transport_webrtc_rs::WebrtcRs }
