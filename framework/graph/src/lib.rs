//! The graph: description, negotiated plan, executor, swap.
