//! When probes are sent, and how fast (`probe_controller_unittest.cc`).

use jackfield_congestion_gcc::probe_controller::{Limit, Probe, ProbeController};
use jackfield_congestion_gcc::probe_settings::ProbeSettings;
use jackfield_sdk::prelude::*;

const MINIMUM: DataRate = DataRate::bps(100);
const START: DataRate = DataRate::bps(300);
const MAXIMUM: DataRate = DataRate::bps(10_000);

struct Prober {
    controller: ProbeController,
    now: Timestamp,
}

fn bps(bps: i64) -> DataRate {
    DataRate::bps(bps)
}

fn seconds(seconds: i64) -> TimeDelta {
    TimeDelta::seconds(seconds)
}

/// The network is up, and nothing more is known.
fn up(settings: ProbeSettings) -> Prober {
    let mut prober = Prober {
        controller: ProbeController::new(settings),
        now: Timestamp::from_ms(100_000),
    };
    prober.controller.set_available(prober.now, true);
    assert!(prober.probes().is_empty());
    prober
}

/// The first two probes are sent.
fn begun() -> Prober {
    let mut prober = up(ProbeSettings::default());
    prober.bounds(START, MAXIMUM);
    assert_eq!(prober.rates(), [900, 1_800]);
    prober
}

/// They found no more than `estimate`, and the wait for results is over.
fn settled(estimate: i64) -> Prober {
    let mut prober = begun();
    prober.estimate(estimate);
    prober.probes();
    prober.wait(seconds(5));
    assert!(prober.rates().is_empty());
    prober
}

impl Prober {
    fn probes(&mut self) -> Vec<Probe> {
        std::iter::from_fn(|| self.controller.take_next()).collect()
    }

    fn rates(&mut self) -> Vec<i64> {
        self.probes()
            .iter()
            .map(|probe| probe.cluster.rate.as_bps())
            .collect()
    }

    fn bounds(&mut self, start: DataRate, maximum: DataRate) {
        self.controller.set_bounds(self.now, MINIMUM, start, maximum);
    }

    fn estimate(&mut self, rate: i64) {
        self.estimate_limited(rate, Limit::Delay);
    }

    fn estimate_limited(&mut self, rate: i64, limit: Limit) {
        self.controller.set_estimate(self.now, bps(rate), limit);
    }

    fn allocate(&mut self, rate: i64) {
        self.controller.set_allocated(self.now, bps(rate));
    }

    fn wait(&mut self, time: TimeDelta) {
        self.now += time;
        self.controller.process(self.now);
    }

    fn recover(&mut self) {
        self.controller.recovered(self.now);
    }
}

#[test]
fn the_first_probes_wait_for_the_bounds_and_the_network() {
    begun();
    let mut prober = up(ProbeSettings::default());
    prober.controller.set_available(prober.now, false);
    prober.controller.set_periodic(true);
    prober.bounds(START, MAXIMUM);
    prober.wait(seconds(10));
    prober.controller.restart(prober.now);
    prober.bounds(START, MAXIMUM);
    prober.wait(seconds(10));
    assert!(prober.rates().is_empty());
    prober.controller.set_available(prober.now, true);
    assert_eq!(prober.rates(), [900, 1_800]);
}

#[test]
fn a_probe_has_five_packets_and_lasts_15_ms() {
    let mut prober = up(ProbeSettings::default());
    prober.bounds(START, MAXIMUM);
    for (probe, id) in prober.probes().iter().zip(1..) {
        assert_eq!(probe.cluster.id, id);
        assert_eq!(probe.cluster.minimum_packets, 5);
        assert_eq!(probe.cluster.duration, TimeDelta::ms(15));
        assert_eq!(probe.distance, TimeDelta::ms(2));
    }
}

#[test]
fn a_good_result_leads_to_a_further_probe() {
    let mut prober = begun();
    prober.estimate(1_000);
    assert!(
        prober.rates().is_empty(),
        "not above 70 percent of the last probe"
    );
    prober.estimate(1_800);
    assert_eq!(prober.rates(), [3_600]);
}

#[test]
fn no_probe_is_faster_than_the_maximum_and_none_follows_it() {
    let mut prober = up(ProbeSettings::default());
    prober.bounds(DataRate::kbps(10_000), DataRate::kbps(100_000));
    prober.probes();
    prober.estimate(60_000_000);
    assert_eq!(prober.rates(), [100_000_000]);
    prober.estimate(100_000_000);
    assert!(prober.rates().is_empty());
}

#[test]
fn a_result_that_comes_too_late_leads_nowhere() {
    let mut prober = begun();
    prober.wait(seconds(5));
    prober.estimate(1_800);
    assert!(prober.rates().is_empty());
}

#[test]
fn a_higher_maximum_is_probed() {
    let mut prober = settled(300);
    prober.bounds(START, bps(10_100));
    assert_eq!(prober.rates(), [10_100]);
}

#[test]
fn the_first_probes_are_repeated_for_five_seconds_if_wanted() {
    let mut prober = up(ProbeSettings::default());
    prober.controller.set_repeated(true);
    prober.bounds(START, MAXIMUM);
    assert_eq!(prober.probes().len(), 2);
    let mut since = TimeDelta::ZERO;
    let mut repeated = 0;
    for _ in 0..50 {
        prober.wait(TimeDelta::ms(100));
        since += TimeDelta::ms(100);
        for probe in prober.probes() {
            assert_eq!(since, TimeDelta::ms(1_100));
            assert_eq!(
                (probe.distance, probe.cluster.duration),
                (TimeDelta::ms(20), TimeDelta::ms(100))
            );
            since = TimeDelta::ZERO;
            repeated += 1;
        }
    }
    assert_eq!(repeated, 4);
    prober.wait(seconds(1));
    assert!(prober.rates().is_empty());
}

#[test]
fn they_are_not_repeated_any_more_when_there_are_streams() {
    let mut prober = up(ProbeSettings::default());
    prober.controller.set_repeated(true);
    prober.bounds(START, MAXIMUM);
    prober.probes();
    prober.wait(TimeDelta::ms(1_100));
    assert_eq!(prober.rates().len(), 1);
    prober.allocate(100);
    prober.wait(TimeDelta::ms(1_100));
    assert!(prober.rates().is_empty());
}

#[test]
fn streams_that_can_do_with_more_are_probed_for_up_to_twice_the_estimate() {
    let mut prober = settled(300);
    prober.allocate(10_000);
    assert_eq!(prober.rates(), [600]);
    prober.estimate(450);
    assert_eq!(prober.rates(), [900], "and further if that is good");

    let mut prober = settled(9_999);
    prober.controller.set_alr_started(Some(prober.now));
    prober.allocate(10_001);
    assert_eq!(prober.rates(), [10_000, 10_000]);
}

#[test]
fn streams_that_can_do_with_less_are_not() {
    let mut prober = begun();
    prober.allocate(10_000);
    prober.estimate(300);
    prober.wait(seconds(5));
    prober.allocate(5_000);
    assert!(prober.rates().is_empty());
    prober.allocate(7_500);
    assert!(!prober.rates().is_empty());
}

#[test]
fn such_probes_can_be_turned_off() {
    for (on, outside, in_alr, probes) in [
        (true, false, false, false),
        (true, false, true, true),
        (false, true, true, false),
        (true, true, false, true),
    ] {
        let mut prober = settled(9_999);
        prober.controller.settings.on_allocation = on;
        prober.controller.settings.on_allocation_outside_alr = outside;
        prober.controller.set_alr_started(in_alr.then_some(prober.now));
        prober.allocate(10_001);
        assert_eq!(!prober.rates().is_empty(), probes, "{on} {outside} {in_alr}");
    }
}

#[test]
fn no_probe_is_faster_than_twice_what_the_streams_can_do_with() {
    let mut prober = begun();
    prober.allocate(300);
    prober.estimate(1_800);
    assert_eq!(prober.rates(), [600]);
}

#[test]
fn e17_8_after_a_large_drop_the_old_rate_is_probed_if_the_media_is_or_was_lately_the_bound() {
    for (in_alr, left_before, waits, probes) in [
        (true, None, 0, true),
        (false, Some(2_999), 2_999, true),
        (false, Some(3_001), 3_001, false),
        (true, None, 5_001, false),
    ] {
        let mut prober = begun();
        prober.estimate(500);
        prober.controller.set_alr_started(in_alr.then_some(prober.now));
        prober.wait(TimeDelta::ms(5_001));
        prober.estimate(250);
        if left_before.is_some() {
            prober.controller.set_alr_ended(prober.now);
        }
        prober.now += TimeDelta::ms(waits);
        prober.recover();
        let expected: &[i64] = if probes { &[425] } else { &[] };
        assert_eq!(prober.rates(), expected, "{in_alr} {left_before:?} {waits}");
    }
}

#[test]
fn e17_8_while_the_media_is_the_bound_there_is_a_probe_every_five_seconds() {
    let mut prober = begun();
    prober.controller.set_periodic(true);
    prober.estimate(500);
    prober.controller.set_alr_started(Some(prober.now));
    for (wait, expected) in [(5, vec![1_000]), (4, vec![]), (1, vec![1_000])] {
        prober.wait(seconds(wait));
        assert_eq!(prober.rates(), expected);
        prober.estimate(500);
        assert!(prober.rates().is_empty());
    }
}

#[test]
fn e17_8_on_another_path_it_begins_anew_and_goes_on_periodically() {
    let mut prober = up(ProbeSettings::default());
    prober.controller.set_alr_started(Some(prober.now));
    prober.controller.set_periodic(true);
    prober.bounds(START, MAXIMUM);
    prober.probes();
    prober.controller.restart(prober.now);
    prober.wait(seconds(10));
    assert!(prober.rates().is_empty(), "without bounds there is none");
    prober.bounds(START, MAXIMUM);
    assert_eq!(prober.rates().len(), 2);
    prober.wait(seconds(10));
    assert_eq!(prober.rates(), [600]);
}

#[test]
fn periodic_probes_keep_to_what_the_streams_can_do_with() {
    let mut prober = up(ProbeSettings::default());
    let mbps = 1_000_000;
    prober.bounds(bps(10 * mbps), bps(100 * mbps));
    prober.probes();
    prober.controller.set_periodic(true);
    prober.controller.set_alr_started(Some(prober.now));
    prober.estimate(10 * mbps);
    prober.allocate(9 * mbps);
    assert!(prober.rates().is_empty());
    prober.wait(seconds(5));
    assert_eq!(prober.rates(), [18 * mbps]);
    prober.allocate(0);
    prober.wait(seconds(5));
    assert_eq!(prober.rates(), [20 * mbps]);
}

#[test]
fn while_loss_bounds_the_estimate_probes_are_slower_or_none() {
    let mut prober = begun();
    prober.controller.set_periodic(true);
    prober.estimate(500);
    prober.controller.set_alr_started(Some(prober.now));
    for (limit, expected) in [
        (Limit::LossIncreasing, vec![750]),
        (Limit::Loss, vec![]),
        (Limit::DelayIncreased, vec![]),
        (Limit::RoundTrip, vec![]),
        (Limit::Delay, vec![1_000]),
    ] {
        prober.estimate_limited(500, limit);
        prober.wait(seconds(6));
        assert_eq!(prober.rates(), expected, "{limit:?}");
    }
}

#[test]
fn how_fast_they_are_can_be_set() {
    let mut prober = up(ProbeSettings {
        first_scale: 2.0,
        second_scale: 5.0,
        further_scale: 3.0,
        further_threshold: 0.8,
        first_allocation_scale: 2.0,
        second_allocation_scale: 0.0,
        allocation_limit: 1_000.0,
        packets: 2,
        ..ProbeSettings::default()
    });
    prober.bounds(START, DataRate::kbps(5_000));
    assert_eq!(prober.rates(), [600, 1_500]);
    prober.estimate(1_100);
    assert!(prober.rates().is_empty());
    prober.estimate(1_250);
    let further = prober.probes();
    assert_eq!(
        (further[0].cluster.rate, further[0].cluster.minimum_packets),
        (bps(3_750), 2)
    );
    prober.wait(seconds(5));
    prober.controller.set_alr_started(Some(prober.now));
    prober.allocate(200_000);
    assert_eq!(prober.rates(), [400_000]);
}

#[test]
fn a_network_that_goes_down_ends_the_wait_for_results() {
    let mut prober = begun();
    prober.controller.set_available(prober.now, false);
    prober.estimate(1_800);
    assert!(prober.rates().is_empty());
}

#[test]
fn whoever_goes_on_from_an_estimate_does_not_begin_with_probes() {
    let mut prober = up(ProbeSettings::default());
    prober.controller.set_available(prober.now, false);
    prober.bounds(START, MAXIMUM);
    prober.controller.go_on_from(bps(500));
    prober.controller.set_available(prober.now, true);
    prober.allocate(10_000);
    prober.wait(seconds(5));
    assert!(prober.rates().is_empty());
}
