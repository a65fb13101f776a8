//! Audio processor that changes nothing.
