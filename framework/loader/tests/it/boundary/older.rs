//! The area at revision 1.

use jackfield_core::Fault;
use jackfield_core::module::Module;
use jackfield_macros::{area, callback, ffi};

use super::Tally;

/// Counts.
#[area(id = "test.counter/1")]
pub(crate) trait Counter: Module {
    /// Begins to count. [control]
    fn begin(&mut self, setup: &Setup) -> Result<(), Fault>;
    /// Adds and gives the sum. [audio]
    fn add(&mut self, amount: u32) -> Result<u32, Fault>;
    /// Tells the sum. [control]
    fn tell(&mut self, to: &mut dyn Sums) -> Result<(), Fault>;
    /// Fills in what it knows. [any]
    fn report(&mut self, report: &mut Report) -> Result<(), Fault>;
}

/// Takes sums.
#[callback]
pub(crate) trait Sums {
    /// A sum.
    fn sum(&mut self, name: &str, sum: u32) -> Result<(), Fault>;
}

/// How to begin.
#[ffi(grows)]
pub(crate) struct Setup {
    /// The size of this struct in bytes.
    pub(crate) size: u32,
    /// Where to begin.
    pub(crate) start: u32,
}

/// What a counter knows.
#[ffi(grows)]
pub(crate) struct Report {
    /// The size of this struct in bytes.
    pub(crate) size: u32,
    /// The sum.
    pub(crate) sum: u32,
}

impl Counter for Tally {
    fn begin(&mut self, setup: &Setup) -> Result<(), Fault> {
        self.sum = setup.start;
        self.step = 1;
        Ok(())
    }

    fn add(&mut self, amount: u32) -> Result<u32, Fault> {
        self.sum += amount * self.step;
        Ok(self.sum)
    }

    fn tell(&mut self, to: &mut dyn Sums) -> Result<(), Fault> {
        to.sum("sum", self.sum)
    }

    fn report(&mut self, report: &mut Report) -> Result<(), Fault> {
        report.sum = self.sum;
        Ok(())
    }
}
