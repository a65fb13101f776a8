//! What header extensions hold survives the wire.

use jackfield_core::time::NtpTime;
use jackfield_core::units::TimeDelta;
use jackfield_rtp::extension::{
    AbsoluteSendTime, AudioLevel, ExtensionIds, ExtensionKind, FeedbackRequest, StreamName, TransportSequence,
};
use proptest::prelude::*;

#[test]
fn every_kind_is_found_by_its_uri_and_by_its_id() {
    let mut ids = ExtensionIds::none();
    for (index, kind) in ExtensionKind::ALL.into_iter().enumerate() {
        assert_eq!(ExtensionKind::from_uri(kind.uri()), Some(kind));
        ids.set(kind, index as u8 + 1);
    }
    for (index, kind) in ExtensionKind::ALL.into_iter().enumerate() {
        assert_eq!(ids.id(kind), Some(index as u8 + 1));
        assert_eq!(ids.kind(index as u8 + 1), Some(kind));
    }
    assert_eq!(ids.kind(0), None);
    ids.set(ExtensionKind::Mid, 0);
    assert_eq!(ids.id(ExtensionKind::Mid), None);
    assert_eq!(ExtensionKind::from_uri("urn:unknown"), None);
}

#[test]
fn a2_4_a_level_is_clamped_to_what_the_byte_can_say() {
    for (dbov, level) in [
        (0.0, 0),
        (3.0, 0),
        (-30.4, 30),
        (-30.6, 31),
        (-127.0, 127),
        (-200.0, 127),
        (f32::NAN, 127),
    ] {
        assert_eq!(AudioLevel::from_dbov(dbov, false).level, level, "{dbov} dBov");
    }
    assert_eq!(AudioLevel::from_dbov(-5.0, true).to_bytes(), [0x85]);
    assert_eq!(
        AudioLevel::parse(&[0x85, 0]).map(AudioLevel::dbov),
        Some(-5.0),
        "a second byte means nothing"
    );
    assert_eq!(AudioLevel::parse(&[]), None);
}

proptest! {
    #[test]
    fn a2_4_a_level_survives(voice in any::<bool>(), level in 0..=127_u8) {
        let written = AudioLevel { voice, level };
        prop_assert_eq!(AudioLevel::parse(&written.to_bytes()), Some(written));
    }

    #[test]
    fn a_transport_sequence_survives(number in any::<u16>()) {
        let read = TransportSequence::parse(&TransportSequence::to_bytes(number));
        prop_assert_eq!(read, Some(TransportSequence { sequence_number: number, request: None }));
    }

    #[test]
    fn a_name_survives_and_everything_else_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        match StreamName::parse(&bytes) {
            Some(name) => {
                prop_assert_eq!(name.as_bytes(), &bytes[..]);
                prop_assert_eq!(StreamName::new(name.as_str()), Some(name));
            }
            None => prop_assert!(bytes.is_empty() || bytes.len() > 31 || !bytes.iter().all(u8::is_ascii_graphic)
                || bytes.iter().any(|b| b"\"(),/:;<=>?@[\\]".contains(b))),
        }
    }

    #[test]
    fn an_absolute_send_time_survives_and_everything_else_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..6)) {
        match AbsoluteSendTime::parse(&bytes) {
            Some(time) => prop_assert_eq!(&time.to_bytes()[..], &bytes[..]),
            None => prop_assert_ne!(bytes.len(), 3),
        }
    }

    #[test]
    fn send_times_are_compared_across_their_wrap(start in 0..4_000_000_000_000_000_u64, ms in -31_000_i64..31_000) {
        let start = NtpTime::from_unix_us(start);
        let (a, b) = (AbsoluteSendTime::from_ntp(start), AbsoluteSendTime::from_ntp(start.advanced_by(TimeDelta::ms(ms))));
        let error = (AbsoluteSendTime::parse(&b.to_bytes()).unwrap().since(a) - TimeDelta::ms(ms)).abs();
        prop_assert!(error <= TimeDelta::us(8), "off by {error:?}");
    }
}

#[test]
fn a_feedback_request_is_read() {
    let request = FeedbackRequest {
        timestamps: true,
        packets: 3,
    };
    assert_eq!(
        TransportSequence::parse(&[0, 9, 0x80, 3]),
        Some(TransportSequence {
            sequence_number: 9,
            request: Some(request)
        })
    );
    assert_eq!(
        TransportSequence::parse(&[0, 9, 0x80, 0]).unwrap().request,
        None,
        "of no packets is none"
    );
    assert_eq!(TransportSequence::parse(&[0, 9, 1]), None);
}
