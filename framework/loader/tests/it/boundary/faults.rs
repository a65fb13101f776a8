//! Nothing unwinds out of a plugin, and one that panicked is out of use.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jackfield_abi::cross;
use jackfield_core::FaultCode;
use jackfield_core::module::Module;

use super::newer::{Counter, CounterExport, CounterProxy, Setup};
use super::{Notice, Tally};

#[test]
fn t_6_a_panic_becomes_a_fault_and_the_instance_is_poisoned() {
    let mut plugin = CounterProxy::local(Tally::default());
    let fault = plugin.add(u32::MAX).unwrap_err();
    assert_eq!(fault.code(), FaultCode::Panicked);
    assert_eq!(plugin.last_fault().unwrap().text(), "cannot count that far");
    assert_eq!(plugin.add(1).unwrap_err().code(), FaultCode::Poisoned);
    let fault = plugin
        .begin(&Setup {
            size: 12,
            start: 0,
            step: 0,
        })
        .unwrap_err();
    assert_eq!(fault.code(), FaultCode::Poisoned);
    assert_eq!(
        fault.text(),
        "cannot count that far",
        "a [control] method tells the text of the panic"
    );
    assert_eq!(
        plugin.latency().unwrap_err().code(),
        FaultCode::Poisoned,
        "the module's table too"
    );
}

#[test]
fn an_instance_that_panicked_is_not_dropped() {
    let dropped = Arc::new(AtomicBool::new(false));
    let mut plugin = CounterProxy::local(Tally {
        _dropped: Notice(Some(dropped.clone())),
        ..Tally::default()
    });
    let _ = plugin.add(u32::MAX);
    drop(plugin);
    assert!(!dropped.load(Ordering::SeqCst), "its invariants are gone");

    drop(CounterProxy::local(Tally {
        _dropped: Notice(Some(dropped.clone())),
        ..Tally::default()
    }));
    assert!(dropped.load(Ordering::SeqCst));
}

#[test]
fn bad_pointers_and_text_are_refused() {
    let instance = CounterExport::<Tally>::instance(Tally::default());
    let table = CounterExport::<Tally>::TABLE;
    let (begin, add) = (table.begin.unwrap(), table.add.unwrap());
    let mut sum = 0;
    // SAFETY: null is what these calls must notice; the instance is live.
    unsafe {
        assert_eq!(
            begin(instance.this, std::ptr::null()),
            FaultCode::Invalid.status()
        );
        assert_eq!(
            add(std::ptr::null_mut(), 1, &raw mut sum),
            FaultCode::Invalid.status()
        );
        assert_eq!(
            add(instance.this, 1, std::ptr::null_mut()),
            0,
            "an answer that nobody wants is dropped"
        );
        (table.head.destroy.unwrap())(instance.this);
        (table.head.destroy.unwrap())(std::ptr::null_mut());
        assert!(cross::text(b"\xff\xfe".as_ptr(), 2).is_err());
        assert!(cross::slice::<f32>(std::ptr::null(), 3).is_err());
        assert!(cross::slice::<f32>(std::ptr::null(), 0).unwrap().is_empty());
        let words = [0_u32; 2];
        assert!(
            cross::slice::<f32>(words.as_ptr().cast::<u8>().add(1).cast(), 1).is_err(),
            "misaligned"
        );
    }
}
