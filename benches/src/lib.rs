//! Benchmarks of Jackfield.
