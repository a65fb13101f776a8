//! ICE, DTLS and SRTP by webrtc-ice and webrtc-dtls.
