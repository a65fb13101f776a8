//! Packages come back as they were packed, and whatever else comes is refused.

mod damaged;
