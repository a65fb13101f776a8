//! The runtime's tests: one file per behaviour.

mod parameter_values;
