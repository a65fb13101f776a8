//! How sure one can be.
