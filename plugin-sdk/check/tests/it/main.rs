//! The validator on real plugins, good and bad.

#![allow(clippy::disallowed_methods, reason = "tests of a program that runs others")]

mod bad_plugins;
mod good_plugins;
mod report;
mod rules_page;
mod support;
