//! Opus (RFC 6716, RFC 7587).
