//! Feedback that cannot wait for the next report goes out when RFC 4585 section 3.5 says, in virtual time.

use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_rtp::report_schedule::{Due, Membership, ReportSchedule, ScheduleConfig};

/// The calculated interval is 500 ms for two members: two packets of 100 bytes out of 400 B/s.
const EVERY_PACKET_A_REPORT: ScheduleConfig = ScheduleConfig {
    regular_interval: TimeDelta::ZERO,
    ..ScheduleConfig::voice(DataRate::kbps(64))
};
/// With IP and UDP 100 bytes, so that the average stays.
const PACKET: DataSize = DataSize::bytes(72);

/// A schedule that has just sent a report, at second 1.
fn begun(config: ScheduleConfig, seed: u64, members: u32) -> (ReportSchedule, Timestamp) {
    let mut schedule = ReportSchedule::new(Timestamp::ZERO, config, seed);
    let membership = Membership {
        members,
        senders: members,
        we_send: true,
    };
    let now = Timestamp::from_ms(1_000);
    schedule.set_membership(now, membership);
    schedule.sent(now, PACKET);
    (schedule, now)
}

/// The regular report that is due at the deadline goes out.
fn report(schedule: &mut ReportSchedule) -> Timestamp {
    let now = schedule.deadline();
    assert_eq!(schedule.due(now), Due::Now);
    schedule.sent(now, PACKET);
    now
}

#[test]
fn e22_5_between_two_feedback_is_early_at_once_and_the_next_report_waits_in_return() {
    let (mut schedule, sent) = begun(EVERY_PACKET_A_REPORT, 5, 2);
    let planned = schedule.deadline();
    let now = sent + TimeDelta::ms(100);
    assert!(!schedule.is_early_due(now), "nothing is to be told");
    assert_eq!(
        schedule.feedback(now),
        Some(now),
        "nobody else could say the same"
    );
    assert!(schedule.is_early_due(now));
    schedule.sent_early(PACKET);
    assert!(!schedule.is_early_due(now));
    assert_eq!(schedule.deadline(), planned + (planned - sent), "tp + 2 T_rr");
}

#[test]
fn e22_5_a_second_feedback_waits_for_the_next_report_which_allows_early_ones_again() {
    let (mut schedule, sent) = begun(EVERY_PACKET_A_REPORT, 5, 2);
    let now = sent + TimeDelta::ms(50);
    assert_eq!(schedule.feedback(now), Some(now));
    schedule.sent_early(PACKET);
    assert_eq!(schedule.feedback(now + TimeDelta::ms(10)), None);
    assert_eq!(schedule.early_deadline(), Timestamp::NEVER);
    let reported = report(&mut schedule);
    let now = reported + TimeDelta::ms(10);
    assert_eq!(schedule.feedback(now), Some(now));
}

#[test]
fn e22_5_among_many_early_feedback_is_spread_over_half_an_interval() {
    let mut waits = Vec::new();
    for seed in 0..400 {
        let (mut schedule, sent) = begun(EVERY_PACKET_A_REPORT, seed, 10);
        let interval = schedule.deadline() - sent;
        let now = sent + TimeDelta::ms(20);
        let at = schedule.feedback(now).unwrap();
        assert!(!schedule.is_early_due(at - TimeDelta::us(1)) && schedule.is_early_due(at));
        waits.push((at - now).as_seconds_f64() / interval.as_seconds_f64());
        assert_eq!(
            schedule.feedback(now + TimeDelta::ms(1)),
            Some(at),
            "what comes meanwhile goes along"
        );
    }
    waits.sort_by(f64::total_cmp);
    assert!(waits[0] >= 0.0 && waits[399] <= 0.5, "{waits:?}");
    assert!(waits[40] < 0.08 && waits[360] > 0.42, "evenly: {waits:?}");
}

#[test]
fn e22_5_feedback_that_the_next_report_would_overtake_goes_with_it() {
    let (mut schedule, sent) = begun(EVERY_PACKET_A_REPORT, 3, 10);
    let interval = schedule.deadline() - sent;
    let late = schedule.deadline() - interval * 0.4;
    assert_eq!(schedule.feedback(late), None, "it might leave after the report");
    let planned = schedule.deadline();
    assert_eq!(report(&mut schedule), planned, "and puts nothing off");
}

#[test]
fn e22_5_what_another_has_said_is_not_said_again() {
    let (mut schedule, sent) = begun(EVERY_PACKET_A_REPORT, 3, 10);
    let planned = schedule.deadline();
    let at = schedule.feedback(sent + TimeDelta::ms(10)).unwrap();
    schedule.withdraw_feedback();
    assert!(!schedule.is_early_due(at));
    assert_eq!(schedule.deadline(), planned);
    assert!(
        schedule.feedback(at).is_some(),
        "the early packet was not used up"
    );
}

#[test]
fn e22_5_reports_keep_their_distance_although_packets_may_be_more_frequent() {
    let config = ScheduleConfig {
        // A twentieth of this suffices for 10 packets a second.
        session_bandwidth: DataRate::kbps(320),
        regular_interval: TimeDelta::seconds(2),
        ..EVERY_PACKET_A_REPORT
    };
    let (mut schedule, mut last) = begun(config, 9, 2);
    let (mut reports, mut left_out) = (Vec::new(), 0);
    while last < Timestamp::from_ms(2_000_000) {
        let now = schedule.deadline();
        match schedule.due(now) {
            Due::Now => {
                schedule.sent(now, PACKET);
                reports.push((now - last).as_seconds_f64());
                last = now;
            }
            Due::Feedback => panic!("there is none"),
            Due::At(next) => {
                assert!(next > now);
                left_out += 1;
            }
        }
    }
    let shortest = reports.iter().copied().fold(f64::MAX, f64::min);
    let longest = reports.iter().copied().fold(0.0, f64::max);
    assert!(shortest >= 1.0, "half of two seconds: {shortest}");
    assert!(
        longest <= 3.2,
        "one and a half times, and one interval: {longest}"
    );
    assert!(
        left_out > 5 * reports.len(),
        "{left_out} beside {}",
        reports.len()
    );
}

#[test]
fn e22_5_feedback_that_waits_is_sent_without_a_report_where_the_report_is_left_out() {
    let config = ScheduleConfig {
        regular_interval: TimeDelta::seconds(60),
        ..EVERY_PACKET_A_REPORT
    };
    let (mut schedule, sent) = begun(config, 7, 2);
    let now = sent + TimeDelta::ms(30);
    assert_eq!(schedule.feedback(now), Some(now));
    schedule.sent_early(PACKET);
    assert_eq!(schedule.feedback(now + TimeDelta::ms(10)), None);
    let now = schedule.deadline();
    assert_eq!(schedule.due(now), Due::Feedback);
    schedule.sent_feedback(now, PACKET);

    let next = schedule.deadline();
    assert!(next > now);
    assert!(matches!(schedule.due(next), Due::At(_)), "nothing waits any more");
    let at = next + TimeDelta::ms(1);
    assert_eq!(
        schedule.feedback(at),
        Some(at),
        "a packet left out allows an early one too"
    );
}
