//! The list itself.

use super::Parser;

/// Every parser of bytes from outside.
#[rustfmt::skip]
pub const PARSERS: &[Parser] = &[
    // Packets.
    parser("RtpPacketView::parse", &["framework/rtp/src/header.rs"], "rtp_packet",
        "framework/rtp/tests/it/packets_from_outside.rs", "e22_1_any_rtp_is_read_or_refused"),
    parser("AudioLevel::parse", &["framework/rtp/src/extension.rs"], "rtp_packet",
        "framework/rtp/tests/it/header_extensions.rs", "a2_4_a_level_survives"),
    parser("TransportSequence::parse", &["framework/rtp/src/extension.rs"], "rtp_packet",
        "framework/rtp/tests/it/header_extensions.rs", "a_transport_sequence_survives"),
    parser("AbsoluteSendTime::parse", &["framework/rtp/src/extension.rs"], "rtp_packet",
        "framework/rtp/tests/it/header_extensions.rs", "an_absolute_send_time_survives_and_everything_else_is_refused"),
    parser("StreamName::parse", &["framework/rtp/src/extension.rs"], "rtp_packet",
        "framework/rtp/tests/it/header_extensions.rs", "a_name_survives_and_everything_else_is_refused"),
    parser("RtcpDatagram::parse", &["framework/rtp/src/rtcp/mod.rs", "framework/rtp/src/rtcp/congestion.rs",
        "framework/rtp/src/rtcp/description.rs", "framework/rtp/src/rtcp/feedback.rs", "framework/rtp/src/rtcp/report.rs",
        "framework/rtp/src/twcc/mod.rs"], "rtcp_datagram",
        "framework/rtp/tests/it/packets_from_outside.rs", "e22_1_any_rtcp_is_read_or_refused_and_what_is_read_can_be_written"),
    parser("Message::parse", &["framework/session/src/stun.rs"], "stun_message",
        "framework/session/tests/it/stun_messages.rs", "any_bytes_are_read_or_refused"),
    parser("classify", &["plugin-sdk/sdk/src/secure_transport/demux.rs"], "demultiplexer",
        "plugins/transport/ice-dtls/tests/it/demux.rs", "b2_1_any_bytes_can_be_classified"),
    parser("RtpHeader::read", &["plugin-sdk/sdk/src/secure_transport/srtp.rs"], "demultiplexer",
        "plugins/transport/ice-dtls/tests/it/demux.rs", "b2_1_any_bytes_can_be_received_at_any_stage"),
    reached("well_formed", &["plugins/transport/ice-dtls/src/dtls/record.rs"], "transport_datagram", &["IceDtls", "hand"],
        "plugins/transport/ice-dtls/tests/it/demux.rs", "b2_1_genuine_datagrams_with_changes_can_be_received_at_any_stage"),
    reached("look", &["plugins/transport/webrtc-rs/src/record.rs"], "transport_datagram", &["WebrtcRs", "hand"],
        "plugins/transport/webrtc-rs/tests/it/outside.rs", "any_datagrams_and_candidates_are_taken_at_any_stage"),
    reached("packet_kind", &["plugin-sdk/sdk/src/transport/packet.rs"], "transport_datagram", &["Loopback", "hand"],
        "plugins/transport/loopback/tests/it/outside.rs", "any_datagrams_and_candidates_are_taken"),
    reached("OpusDecoder::decode", &["plugins/codec/opus/src/decoder.rs", "plugins/codec/opus/src/packet.rs"], "codec_payload", &["OpusDecoder", "decode"],
        "plugins/codec/opus/tests/it/robustness.rs", "e9_1_any_bytes_are_decoded_or_refused"),
    reached("PcmDecoder::decode", &["plugins/codec/pcm/src/decoder.rs"], "codec_payload", &["PcmDecoder", "decode"],
        "plugins/codec/pcm/tests/it/samples.rs", "any_bytes_are_decoded_or_refused"),
    reached("G711Decoder::decode", &["plugins/codec/g711/src/decoder.rs"], "codec_payload", &["G711Decoder", "decode"],
        "plugins/codec/g711/tests/it/laws.rs", "any_bytes_are_decoded_or_refused"),

    // Sessions.
    parser("SessionDescription::parse", &["framework/session/src/sdp/parse.rs", "framework/session/src/sdp/attribute.rs",
        "framework/session/src/sdp/types.rs"], "session_description",
        "framework/session/tests/it/reading_descriptions.rs", "d2_7_any_text_is_read_or_refused"),
    parser("PeerConnection::set_remote_description", &["framework/session/src/peer_connection/remote.rs",
        "framework/session/src/peer_connection/transport.rs", "framework/session/src/negotiation/mod.rs"], "remote_description",
        "framework/session/tests/it/reading_descriptions.rs", "e6_a_host_survives_any_change_of_one_line_in_an_offer"),
    parser("Candidate::parse", &["framework/session/src/candidate.rs"], "session_description",
        "framework/session/tests/it/candidates.rs", "any_text_is_read_or_refused_and_what_is_read_is_printed_alike"),
    reached("remote", &["plugins/transport/ice-dtls/src/candidate.rs"], "transport_datagram", &["IceDtls", "add_remote_candidate"],
        "plugins/transport/webrtc-rs/tests/it/outside.rs", "any_datagrams_and_candidates_are_taken_at_any_stage"),
    reached("Candidate::read", &["plugins/transport/webrtc-rs/src/candidate.rs"], "transport_datagram", &["WebrtcRs", "add_remote_candidate"],
        "plugins/transport/webrtc-rs/tests/it/outside.rs", "any_datagrams_and_candidates_are_taken_at_any_stage"),
    reached("Reading::of", &["plugin-sdk/sdk/src/transport/candidate.rs"], "transport_datagram", &["Loopback", "add_remote_candidate"],
        "plugins/transport/loopback/tests/it/outside.rs", "any_datagrams_and_candidates_are_taken"),
    parser("RemoteDescription::take", &["plugin-sdk/sdk/src/secure_transport/description.rs"], "transport_description",
        "plugins/transport/webrtc-rs/tests/it/outside.rs", "any_attributes_are_taken_or_refused"),
    parser("Fingerprint::parse", &["plugin-sdk/sdk/src/secure_transport/fingerprint.rs"], "transport_description",
        "plugins/transport/webrtc-rs/tests/it/outside.rs", "any_attributes_are_taken_or_refused"),
    reached("Fmtp::parse", &["plugins/codec/opus/src/fmtp.rs"], "codec_payload", &["Opus", "answer"],
        "plugins/codec/opus/tests/it/robustness.rs", "any_fmtp_is_answered"),
    parser("ClientMessage::parse", &["framework/session/src/signalling.rs"], "signalling_message",
        "framework/session/tests/it/signalling_messages.rs", "any_text_is_read_or_refused"),
    parser("HostMessage::parse", &["framework/session/src/signalling.rs"], "signalling_message",
        "framework/session/tests/it/signalling_messages.rs", "any_json_with_a_known_type_is_read_or_refused_and_what_is_read_survives"),

    // The call host.
    parser("SocketChange::read", &["hosts/call-host/src/change.rs"], "call_host_request",
        "hosts/call-host/tests/it/requests.rs", "any_body_is_read_or_refused_in_words"),
    parser("LimitsVote::read", &["hosts/call-host/src/change.rs"], "call_host_request",
        "hosts/call-host/tests/it/requests.rs", "any_vote_is_read_or_refused_in_words"),
    parser("token_of", &["hosts/call-host/src/access.rs"], "call_host_request",
        "hosts/call-host/tests/it/requests.rs", "any_headers_are_judged"),
    parser("Origins::check_name", &["hosts/call-host/src/origin.rs"], "call_host_request",
        "hosts/call-host/tests/it/requests.rs", "any_headers_are_judged"),
    parser("room", &["hosts/call-host/src/names.rs"], "call_host_request",
        "hosts/call-host/tests/it/names.rs", "whatever_passes_is_short_and_has_no_control_characters"),
    parser("TokenVerifier::verify", &["hosts/join-token/src/lib.rs"], "join_token",
        "hosts/call-host/tests/it/requests.rs", "any_token_is_refused_in_words"),

    // Plugins.
    parser("Manifest::parse", &["framework/loader/src/manifest/mod.rs", "framework/loader/src/manifest/read.rs"], "manifest",
        "framework/loader/tests/it/manifest.rs", "text_never_panics"),
    parser("examine", &["framework/loader/src/elf.rs"], "plugin_file",
        "framework/loader/tests/it/damaged_files.rs", "any_bytes_are_refused_with_a_reason"),
    parser("frames", &["framework/loader/src/metadata.rs"], "plugin_metadata",
        "framework/loader/tests/it/metadata.rs", "bytes_never_panic"),
    parser("AbiText::of_text", &["framework/loader/src/abi_diff.rs"], "plugin_metadata",
        "framework/loader/tests/it/metadata.rs", "any_lines_can_be_compared_with_the_tables_of_this_host"),
    parser("Inspection::of", &["framework/loader/src/inspection.rs"], "plugin_package",
        "framework/loader/tests/it/damaged_files.rs", "what_can_be_examined_can_be_inspected"),
    parser("entries", &["framework/loader/src/cache.rs"], "plugin_signature",
        "framework/loader/tests/it/remembering.rs", "any_bytes_as_a_cache_never_panic"),
    parser("Signature::from_str", &["framework/loader/src/signature.rs"], "plugin_signature",
        "framework/loader/tests/it/trust.rs", "any_text_is_no_signature"),
    parser("PublicKey::from_str", &["framework/loader/src/signature.rs"], "typed_word",
        "framework/loader/tests/it/trust.rs", "any_text_is_no_key_no_digest_and_no_grant"),
    parser("SecretKey::from_pem", &["framework/loader/src/signature.rs"], "typed_word",
        "framework/loader/tests/it/trust.rs", "any_text_is_no_key_no_digest_and_no_grant"),
    parser("Digest::from_str", &["framework/loader/src/digest.rs"], "typed_word",
        "framework/loader/tests/it/trust.rs", "any_text_is_no_key_no_digest_and_no_grant"),
    parser("Grant::from_str", &["framework/loader/src/isolation/commission.rs"], "typed_word",
        "framework/loader/tests/it/trust.rs", "any_text_is_no_key_no_digest_and_no_grant"),
    parser("Package::from_bytes", &["framework/package/src/lib.rs"], "plugin_package",
        "framework/package/tests/it/damaged.rs", "a_package_that_is_cut_off_never_panics"),
    reached("Frame::next", &["plugin-sdk/abi/src/wire/frame.rs", "plugin-sdk/abi/src/wire/canned.rs"], "process_answer", &["Canned::new", "remote"],
        "hosts/sandbox/tests/it/answers.rs", "no_answer_ends_the_host"),
    parser("Description::parse", &["framework/graph/src/description.rs"], "graph_description",
        "framework/graph/tests/conference/explain.rs", "no_text_makes_it_panic"),
    parser("Dscp::from_str", &["framework/runtime/src/net/dscp.rs"], "typed_word",
        "framework/runtime/tests/it/code_points.rs", "any_text_is_a_code_point_or_none"),

    // Files of measurements.
    parser("decode", &["plugins/capture/file/src/wav.rs"], "wav_file",
        "plugins/capture/file/tests/it/malformed.rs", "e7_6_any_bytes_behind_a_riff_header_never_panic"),
    parser("EventLog::parse", &["framework/event-log/src/read.rs"], "event_log",
        "framework/event-log/tests/it/reading.rs", "e29_1_no_bytes_make_the_reader_panic"),
    parser("RateTrace::parse", &["framework/sim/src/trace/mod.rs", "framework/sim/src/trace/columns.rs", "framework/sim/src/trace/json.rs",
        "framework/sim/src/trace/mahimahi.rs", "framework/sim/src/trace/netem.rs"], "rate_trace",
        "framework/sim/tests/it/traces.rs", "any_text_is_read_or_refused"),
    parser("FrameTrace::parse", &["framework/sim/src/trace/frames.rs"], "frame_trace",
        "framework/sim/tests/it/frames.rs", "any_text_is_a_trace_of_frames_or_refused"),
    parser("Scenario::parse_all", &["framework/sim/src/scenario/mod.rs", "framework/sim/src/scenario/read.rs",
        "framework/sim/src/scenario/sweep.rs", "framework/sim/src/scenario/units.rs"], "scenario",
        "framework/sim/tests/it/scenarios.rs", "no_text_makes_the_reader_panic"),
    parser("Experiment::parse", &["framework/lab/src/experiment/mod.rs", "framework/lab/src/experiment/read.rs",
        "framework/lab/src/experiment/scenarios.rs", "framework/lab/src/experiment/table.rs"], "experiment",
        "framework/lab/tests/it/outside.rs", "any_change_of_an_experiment_is_read_or_refused_with_its_place"),
    parser("CellSpec::from_line", &["framework/lab/src/plan.rs", "framework/lab/src/merge.rs", "framework/lab/src/replay.rs"], "experiment",
        "framework/lab/tests/it/outside.rs", "any_change_of_a_cell_is_noticed"),
    parser("RowReader::open", &["framework/lab/src/rows/read.rs"], "result_rows",
        "framework/lab/tests/it/outside.rs", "any_change_of_a_file_of_rows_is_noticed_or_does_no_harm"),
];

/// Files that read like a parser but take no bytes from outside: the beginning of a path, and whose bytes they are.
pub(super) const OTHERS: &[(&str, &str)] = &[
    (
        "framework/core/src/environment.rs",
        "what the host gives an instance when it makes it",
    ),
    ("framework/house-rules/", "this repository"),
    (
        "framework/lab/src/report/",
        "names of scenarios and numbers of our own",
    ),
    (
        "framework/loader/src/host_log.rs",
        "a line of a plugin, for the log and not to be understood",
    ),
    (
        "framework/loader/src/isolation/channel.rs",
        "the wire's own words: the target of `Frame` reads what is in them",
    ),
    (
        "framework/loader/src/isolation/keeper.rs",
        "a plugin's process says why it ended, for the log and not to be understood",
    ),
    (
        "framework/loader/src/isolation/line.rs",
        "one number and its index, of which any bits are good",
    ),
    (
        "framework/loader/src/isolation/process.rs",
        "lines of a plugin's process, for the log and not to be understood",
    ),
    (
        "framework/loader/src/isolation/serve.rs",
        "the child reads what the host wrote",
    ),
    ("framework/loader/src/shape.rs", "the shapes of our own tables"),
    (
        "framework/runtime/src/net/departure.rs",
        "an address that the runtime has already",
    ),
    (
        "framework/runtime/src/room/views.rs",
        "the ids of plugins, as the loader read them",
    ),
    (
        "hosts/call-host/src/api.rs",
        "the number of a swap, by the standard library",
    ),
    (
        "hosts/jackfield/src/ab/report.rs",
        "the experiment beside a dataset, by serde_json",
    ),
    (
        "hosts/jackfield/src/address.rs",
        "an address as the one who runs the program types it, by the standard library",
    ),
    (
        "hosts/jackfield/src/event_log/wanted.rs",
        "`NAME=VALUE` as the one who runs the program types it",
    ),
    (
        "hosts/jackfield/src/plugin/doctor/",
        "what the machine says of itself",
    ),
    ("hosts/jackfield/src/plugin/new/", "our own templates"),
    (
        "plugin-sdk/abi/src/cross.rs",
        "texts of a plugin in this process, checked for UTF-8 and nothing else",
    ),
    (
        "plugin-sdk/abi/src/fault.rs",
        "the text of a fault, made fit to be shown",
    ),
    (
        "plugin-sdk/abi/src/header.rs",
        "our own sources, when the C header is made",
    ),
    ("plugin-sdk/abi/src/shell.rs", "digits of our own"),
    (
        "plugin-sdk/check/src/",
        "what the validator's own child tells it, a line of JSON at a time; what is none is passed over",
    ),
    ("plugin-sdk/macros/", "sources that the compiler read"),
    ("plugin-sdk/testkit/", "the version of the plugin under test"),
    (
        "plugins/capture/tone/",
        "a number in the manifest, by the standard library",
    ),
    (
        "plugins/transport/ice-dtls/src/certificate.rs",
        "random bytes of the operating system",
    ),
    (
        "plugins/transport/ice-dtls/src/secrets.rs",
        "random bytes of the operating system",
    ),
];

const fn parser(
    function: &'static str,
    files: &'static [&'static str],
    target: &'static str,
    test_file: &'static str,
    test: &'static str,
) -> Parser {
    reached(function, files, target, &[], test_file, test)
}

/// One that cannot be called from without.
const fn reached(
    function: &'static str,
    files: &'static [&'static str],
    target: &'static str,
    by: &'static [&'static str],
    test_file: &'static str,
    test: &'static str,
) -> Parser {
    Parser {
        function,
        files,
        target,
        by,
        test_file,
        test,
    }
}
