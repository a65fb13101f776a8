//! RTP and RTCP: packets, streams, header extensions, feedback.
