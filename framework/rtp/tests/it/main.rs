//! The behaviours of RTP and RTCP, one file each.

mod bringing_streams_in_step;
mod congestion_feedback;
mod demuxing;
mod early_feedback;
mod extending_counters;
mod header_extensions;
mod packets_from_outside;
mod payload_formats;
mod reading_and_writing_rtcp;
mod reading_and_writing_rtp;
mod receive_statistics;
mod report_timing;
mod sender_reports;
mod transport_feedback;
