//! Each equation of RFC 8698 with numbers worked out by hand.

use jackfield_congestion_nada::equations::*;
use jackfield_congestion_nada::loss::LossIntervals;

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9 * b.abs().max(1.0)
}

#[test]
fn e17_2_a_short_queue_is_taken_as_it_is_and_a_long_one_is_warped() {
    assert!(near(warped(20.0), 20.0));
    assert!(near(warped(50.0), 50.0));
    // 50 * exp(-0.5 * (150 - 50) / 50) = 50 / e.
    assert!(near(warped(150.0), 50.0 / std::f64::consts::E));
    assert!(
        warped(400.0) < 2.0,
        "the fuller another flow keeps the queue, the less it counts"
    );
}

#[test]
fn e17_2_delay_is_warped_while_losses_are_fresh_and_blends_back_over_one_loss_interval() {
    let plain = 150.0;
    assert!(near(perceived_delay(plain, None, 0.0), plain), "never a loss");
    for since in [0.0, 100.0, 699.0, 700.0] {
        assert!(
            near(perceived_delay(plain, Some(100.0), since), warped(plain)),
            "{since}"
        );
    }
    let half = (plain + warped(plain)) / 2.0;
    assert!(near(perceived_delay(plain, Some(100.0), 750.0), half));
    assert!(near(perceived_delay(plain, Some(100.0), 800.0), plain));
}

#[test]
fn e17_2_losses_and_marks_add_the_squares_of_their_ratios_to_the_signal() {
    assert!(near(congestion(20.0, 0.0, 0.0), 20.0));
    assert!(near(congestion(0.0, 0.01, 0.0), 2.0));
    assert!(near(congestion(0.0, 0.0, 0.01), 10.0));
    assert!(near(congestion(5.0, 0.02, 0.03), 5.0 + 8.0 + 90.0));
    assert!(
        near(congestion(5.0, 1.0, 1.0), LARGEST_CONGESTION),
        "there is a bound"
    );
}

#[test]
fn e17_2_ratios_are_smoothed_with_a_tenth() {
    assert!(near(smoothed(1.0, 0.0), 0.1));
    assert!(near(smoothed(0.0, 0.5), 0.45));
}

#[test]
fn e17_2_accelerated_ramp_up_bounds_the_queue_that_it_causes() {
    // 50 / (50 + 100 + 120)
    assert!(near(increase(50.0), 50.0 / 270.0));
    assert!(increase(0.0) < LARGEST_INCREASE);
    assert!(near(
        accelerated(300e3, 300e3, 50.0),
        300e3 * (1.0 + 50.0 / 270.0)
    ));
    assert!(near(accelerated(300e3, 100e3, 50.0), 300e3), "never down");
}

#[test]
fn e17_2_the_gradual_update_holds_still_where_the_signal_is_what_the_rate_pays_for() {
    let state = Gradual {
        reference: 750e3,
        maximum: 1_500e3,
        priority: 1.0,
        congestion: 20.0,
        congestion_before: 20.0,
        elapsed: 100.0,
    };
    assert!(near(gradual(&state), 750e3), "XREF * RMAX / r_ref = 20 ms");
    // Offset of +10 ms: 0.5 * 0.2 * 0.02 = 0.2 % down.
    let worse = Gradual {
        congestion: 30.0,
        congestion_before: 30.0,
        ..state
    };
    assert!(near(gradual(&worse), 750e3 * (1.0 - 0.002)));
    // The change counts besides: 0.5 * 2 * 10 / 500 = 2 % down.
    let rising = Gradual {
        congestion_before: 20.0,
        ..worse
    };
    assert!(near(gradual(&rising), 750e3 * (1.0 - 0.022)));
    // Twice the weight holds still at twice the signal.
    let weighty = Gradual {
        priority: 2.0,
        congestion: 40.0,
        congestion_before: 40.0,
        ..state
    };
    assert!(near(gradual(&weighty), 750e3));
}

#[test]
fn e17_2_a_rate_shaping_buffer_of_2000_bytes_is_given_48_kbit_per_second() {
    assert!(near(shaping(BETA_VIDEO, 2_000e3, 2_000.0), 48e3));
    assert!(
        near(shaping(BETA_SENDING, 300e3, 2_000.0), 15e3),
        "but no more than 5 %"
    );
    assert!(near(shaping(BETA_SENDING, 300e3, 0.0), 0.0));
}

#[test]
fn e17_2_the_mean_loss_interval_is_weighted_as_in_rfc_5348() {
    let mut intervals = LossIntervals::new();
    let run = |intervals: &mut LossIntervals, packets: usize| {
        for _ in 1..packets {
            intervals.packet(false);
        }
        intervals.packet(true);
    };
    assert_eq!(intervals.mean(), None);
    run(&mut intervals, 100);
    assert!(near(intervals.mean().unwrap(), 100.0));
    run(&mut intervals, 50);
    assert!(near(intervals.mean().unwrap(), 75.0));
    for _ in 0..6 {
        run(&mut intervals, 10);
    }
    // Eight intervals, the youngest first: six of 10, 50, 100.
    let expected = (4.0 * 10.0 + 0.8 * 10.0 + 0.6 * 10.0 + 0.4 * 50.0 + 0.2 * 100.0) / 6.0;
    assert!(near(intervals.mean().unwrap(), expected));
    assert!(near(intervals.since_loss(), 0.0));
    // The open interval counts once it makes the mean longer.
    for _ in 0..60 {
        intervals.packet(false);
    }
    let with_open = (60.0 + 3.0 * 10.0 + (0.8 + 0.6 + 0.4) * 10.0 + 0.2 * 50.0) / 6.0;
    assert!(near(intervals.mean().unwrap(), with_open));
}
