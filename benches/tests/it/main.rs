//! Tests of what the benches run: that it does what is measured.

mod minute_of_call;
