//! The C header.
