//! ICE, DTLS and SRTP from sans-IO parts.
