//! The lab in virtual time.
