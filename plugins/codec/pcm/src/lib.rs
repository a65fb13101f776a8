//! Uncompressed audio (L16).
