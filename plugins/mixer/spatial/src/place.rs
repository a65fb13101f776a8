//! Where a seat is, and how loud a voice there is on either side.

use std::f32::consts::{FRAC_PI_2, SQRT_2};

/// The seats of which each has a place of its own; beyond them places are shared.
const PLACES: usize = 65;

/// The place of a seat, from -1 (left) to 1 (right): the middle, both ends, and then again and again the middles between neighbours, from left to right. So
/// the first few are as far apart as they can be, and nobody has to move for the next one.
pub(crate) fn place(seat: usize) -> f32 {
    match seat % PLACES {
        0 => 0.0,
        1 => -1.0,
        2 => 1.0,
        seat => {
            // Seats 3 and 4 lie in the two gaps between three places, 5 to 8 in the four between five, and so on.
            let gaps = 1 << (seat - 1).ilog2();
            let gap = seat - 1 - gaps;
            -1.0 + (2 * gap + 1) as f32 / gaps as f32
        }
    }
}

/// How a voice is shared between the sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Law {
    /// -3 dB in the middle: the power of both sides together is the same everywhere.
    EqualPower,
    /// -4.5 dB in the middle: between equal power and equal sum.
    Compromise,
}

impl Law {
    /// The gains of both sides at a place; both are 1 in the middle.
    pub(crate) fn gains(self, place: f32) -> [f32; 2] {
        let right = (place.clamp(-1.0, 1.0) + 1.0) / 2.0;
        [1.0 - right, right].map(|share| {
            let power = (share * FRAC_PI_2).sin();
            match self {
                Self::EqualPower => power * SQRT_2,
                // The geometric mean of both, which is 2^-0.75 in the middle.
                Self::Compromise => (power * share).sqrt() * 2_f32.powf(0.75),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_seats_are_as_far_apart_as_they_can_be() {
        let places: Vec<f32> = (0..9).map(place).collect();
        assert_eq!(places, [0.0, -1.0, 1.0, -0.5, 0.5, -0.75, -0.25, 0.25, 0.75]);
    }

    #[test]
    fn no_two_of_the_seats_share_a_place_until_all_are_taken() {
        let mut places: Vec<f32> = (0..PLACES).map(place).collect();
        places.sort_by(f32::total_cmp);
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] == 1.0 / 32.0));
        assert_eq!((places[0], places[PLACES - 1]), (-1.0, 1.0));
        assert_eq!(place(PLACES + 3), place(3));
    }

    #[test]
    fn both_laws_leave_the_middle_as_it_is_and_keep_what_their_names_say() {
        let near = |a: f32, b: f32| (a - b).abs() < 1e-5;
        for (law, middle_db) in [(Law::EqualPower, -3.01), (Law::Compromise, -4.515)] {
            let [left, right] = law.gains(0.0);
            assert!(near(left, 1.0) && near(right, 1.0), "{law:?}: {left} {right}");
            let [end, nothing] = law.gains(-1.0);
            assert!(nothing.abs() < 1e-6);
            let db = -20.0 * end.log10();
            assert!((db - middle_db).abs() < 0.01, "{law:?}: the middle is at {db} dB");
        }
        for n in -10_i16..=10 {
            let [left, right] = Law::EqualPower.gains(f32::from(n) / 10.0);
            assert!(near(left.powi(2) + right.powi(2), 2.0), "{n}");
        }
    }
}
