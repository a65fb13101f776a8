//! What holds for every area, read off the descriptions that the macro makes of the traits.

mod time;
mod units;
