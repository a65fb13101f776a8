//! What an experiment showed, for people.
