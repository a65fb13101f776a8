//! Transport in the clear for tests on one machine.
