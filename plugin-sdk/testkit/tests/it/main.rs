//! Tests of the testkit itself.

mod real_time_detector;
