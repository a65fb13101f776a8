//! RTCP goes out when RFC 3550 and RFC 4585 say, in virtual time.

use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_rtp::report_schedule::{Due, Membership, ReportSchedule, ScheduleConfig};

const RFC_3550: ScheduleConfig = ScheduleConfig {
    session_bandwidth: DataRate::kbps(64),
    minimum_interval: TimeDelta::seconds(5),
    reduced_minimum: false,
    regular_interval: TimeDelta::ZERO,
};

const VOICE: ScheduleConfig = ScheduleConfig::voice(DataRate::kbps(64));

/// Lets an hour pass and tells when reports went out.
fn run(config: ScheduleConfig, seed: u64) -> Vec<Timestamp> {
    let mut schedule = ReportSchedule::new(Timestamp::ZERO, config, seed);
    let mut reports = Vec::new();
    let mut now = Timestamp::ZERO;
    while now < Timestamp::from_ms(3_600_000) {
        match schedule.due(now) {
            Due::At(next) => now = next,
            Due::Now => {
                reports.push(now);
                schedule.sent(now, DataSize::bytes(72));
            }
            Due::Feedback => panic!("there is none"),
        }
    }
    reports
}

#[test]
fn e22_5_intervals_lie_between_half_and_one_and_a_half_of_the_calculated_one() {
    let reports = run(RFC_3550, 1);
    let compensation = std::f64::consts::E - 1.5;
    let bounds = (2.5 / compensation, 7.5 / compensation);
    for pair in reports.windows(2) {
        let seconds = (pair[1] - pair[0]).as_seconds_f64();
        assert!(
            seconds >= bounds.0 - 1e-6 && seconds <= bounds.1 + 1e-6,
            "{seconds} s"
        );
    }
    let first = (reports[0] - Timestamp::ZERO).as_seconds_f64();
    assert!(
        first >= bounds.0 / 2.0 - 1e-6 && first <= bounds.1 / 2.0 + 1e-6,
        "the first after half: {first} s"
    );
    let mean = 3_600.0 / reports.len() as f64;
    assert!((mean - 5.0 / compensation).abs() < 0.2, "mean {mean} s");
}

#[test]
fn e22_5_the_same_seed_gives_the_same_times_and_another_gives_others() {
    assert_eq!(run(RFC_3550, 7), run(RFC_3550, 7));
    assert_ne!(run(RFC_3550, 7), run(RFC_3550, 8));
}

#[test]
fn e22_5_avpf_may_lower_the_minimum() {
    let mut voice = ReportSchedule::new(Timestamp::ZERO, VOICE, 1);
    assert_eq!(
        voice.calculated_interval(),
        TimeDelta::ms(500),
        "half of a second for the first"
    );
    voice.sent(Timestamp::ZERO, DataSize::bytes(72));
    assert_eq!(
        voice.calculated_interval(),
        TimeDelta::ms(500),
        "then two packets of 100 bytes out of 400 B/s: there is no minimum"
    );
    let reduced = ScheduleConfig {
        reduced_minimum: true,
        ..RFC_3550
    };
    let fast = ScheduleConfig {
        session_bandwidth: DataRate::kbps(3_600),
        ..reduced
    };
    assert_eq!(
        ReportSchedule::new(Timestamp::ZERO, fast, 1).calculated_interval(),
        TimeDelta::ms(50),
        "360 / 3600 s, half of it at first"
    );
    assert_eq!(
        ReportSchedule::new(Timestamp::ZERO, reduced, 1).calculated_interval(),
        TimeDelta::ms(2_500),
        "never raised above the minimum"
    );
}

#[test]
fn e22_5_many_members_share_the_bandwidth_and_senders_have_a_quarter() {
    let mut schedule = ReportSchedule::new(Timestamp::ZERO, RFC_3550, 1);
    schedule.sent(Timestamp::ZERO, DataSize::bytes(72));
    let set = |schedule: &mut ReportSchedule, members, senders, we_send| {
        schedule.set_membership(
            Timestamp::ZERO,
            Membership {
                members,
                senders,
                we_send,
            },
        );
        schedule.calculated_interval().as_seconds_f64()
    };
    // 64 kbit/s leave 400 B/s; the average size is 100 bytes at first and stays there.
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} is not {b}");
    near(set(&mut schedule, 1_000, 500, true), 1_000.0 * 100.0 / 400.0);
    near(set(&mut schedule, 1_000, 100, true), 100.0 * 100.0 / 100.0);
    near(set(&mut schedule, 1_000, 100, false), 900.0 * 100.0 / 300.0);
}

#[test]
fn e22_5_a_crowd_that_joins_puts_the_report_off_and_one_that_leaves_draws_it_near() {
    let mut schedule = ReportSchedule::new(Timestamp::ZERO, RFC_3550, 3);
    schedule.sent(Timestamp::ZERO, DataSize::bytes(72));
    let planned = schedule.deadline();
    schedule.set_membership(
        planned,
        Membership {
            members: 1_000,
            senders: 1_000,
            we_send: true,
        },
    );
    let Due::At(later) = schedule.due(planned) else {
        panic!("not put off")
    };
    assert!(later - Timestamp::ZERO > TimeDelta::seconds(100));

    let now = planned;
    schedule.set_membership(
        now,
        Membership {
            members: 100,
            senders: 100,
            we_send: true,
        },
    );
    let expected = now + (later - now) * 0.1;
    assert!((schedule.deadline() - expected).abs() < TimeDelta::us(10));
}

#[test]
fn e22_5_the_average_follows_the_sizes_that_are_seen() {
    let slow = ScheduleConfig {
        minimum_interval: TimeDelta::ZERO,
        ..RFC_3550
    };
    let mut schedule = ReportSchedule::new(Timestamp::ZERO, slow, 1);
    for _ in 0..400 {
        schedule.received(DataSize::bytes(972));
    }
    // 1000 bytes with IP and UDP, two members, 400 B/s.
    assert!((schedule.calculated_interval().as_seconds_f64() - 5.0).abs() < 0.01);
}

#[test]
fn e22_5_another_bandwidth_moves_the_next_report_in_proportion() {
    let (fast, slow) = (DataRate::kbps(64), DataRate::kbps(16));
    let mut schedule = ReportSchedule::new(Timestamp::ZERO, ScheduleConfig::voice(fast), 3);
    schedule.sent(Timestamp::ZERO, DataSize::bytes(72));
    let planned = schedule.deadline();
    let now = Timestamp::ZERO + (planned - Timestamp::ZERO) * 0.5;
    schedule.set_bandwidth(now, slow);
    let expected = now + (planned - now) * 4.0;
    assert!((schedule.deadline() - expected).abs() < TimeDelta::us(10));
    schedule.set_bandwidth(now, fast);
    assert!((schedule.deadline() - planned).abs() < TimeDelta::us(10));
}
