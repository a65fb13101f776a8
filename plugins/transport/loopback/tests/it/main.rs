//! The loopback transport does what the area promises, and goes where it last heard from.

mod follows;
mod outside;

jackfield_testkit::conformance! { transport: jackfield_transport_loopback::Loopback }
