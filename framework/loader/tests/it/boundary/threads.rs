//! Each method says on which class of thread it is called; debug builds hold the caller to it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jackfield_abi::thread::{Class, declare};

use super::Tally;
use super::newer::{Counter, CounterProxy, Report, Setup};

/// Runs `call` on a thread of `class`; the text of the panic if there was one.
fn on(class: Class, call: impl FnOnce(&mut CounterProxy)) -> Result<(), String> {
    let mut plugin = CounterProxy::local(Tally::default());
    declare(Some(class));
    let result = catch_unwind(AssertUnwindSafe(|| call(&mut plugin)));
    declare(None);
    result.map_err(|payload| payload.downcast_ref::<String>().cloned().unwrap_or_default())
}

fn begin(plugin: &mut CounterProxy) {
    plugin
        .begin(&Setup {
            size: 12,
            start: 0,
            step: 1,
        })
        .unwrap();
}

#[test]
fn a_control_method_on_the_audio_thread_is_caught_in_debug_builds() {
    let caught = on(Class::Audio, begin);
    if cfg!(debug_assertions) {
        assert_eq!(
            caught,
            Err("a [Control] method was called on the Audio thread".to_owned())
        );
    } else {
        assert_eq!(caught, Ok(()), "release builds pay nothing");
    }
    assert_eq!(on(Class::Control, begin), Ok(()));
}

#[test]
fn an_audio_method_on_the_network_thread_is_caught_in_debug_builds() {
    let add = |plugin: &mut CounterProxy| assert_eq!(plugin.add(2), Ok(0));
    assert_eq!(on(Class::Network, add).is_err(), cfg!(debug_assertions));
    assert_eq!(on(Class::Audio, add), Ok(()));
}

#[test]
fn a_method_for_any_thread_is_never_caught() {
    for class in [Class::Control, Class::Audio, Class::Network] {
        let report = |plugin: &mut CounterProxy| {
            plugin
                .report(&mut Report {
                    size: 12,
                    sum: 0,
                    step: 0,
                })
                .unwrap();
        };
        assert_eq!(on(class, report), Ok(()));
    }
}

#[test]
fn a_thread_that_declares_nothing_may_call_everything() {
    let mut plugin = CounterProxy::local(Tally::default());
    begin(&mut plugin);
    plugin.add(1).unwrap();
}
