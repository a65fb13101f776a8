//! Pacer that holds nothing back.
