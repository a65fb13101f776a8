//! A plugin calls its host back while the host's call lasts.

use jackfield_abi::Import;
use jackfield_core::{Fault, FaultCode};

use super::{Tally, newer, older};

#[derive(Default)]
struct Heard {
    sums: Vec<(String, u32)>,
    ended: bool,
    refuse: bool,
    panic: bool,
}

impl newer::Sums for Heard {
    fn sum(&mut self, name: &str, sum: u32) -> Result<(), Fault> {
        if self.panic {
            panic!("the host is in trouble");
        }
        if self.refuse {
            return Err(Fault::invalid("no more sums"));
        }
        self.sums.push((name.to_owned(), sum));
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.ended = true;
        Ok(())
    }
}

impl older::Sums for Heard {
    fn sum(&mut self, name: &str, sum: u32) -> Result<(), Fault> {
        newer::Sums::sum(self, name, sum)
    }
}

#[test]
fn what_the_plugin_tells_arrives() {
    let mut plugin = newer::CounterProxy::local(Tally {
        sum: 6,
        ..Tally::default()
    });
    let mut heard = Heard::default();
    newer::Counter::tell(&mut plugin, &mut heard).unwrap();
    assert_eq!(heard.sums, [("sum".to_owned(), 6)]);
    assert!(heard.ended);
}

#[test]
fn an_older_plugin_uses_the_callbacks_that_it_knows() {
    let instance = older::CounterExport::<Tally>::instance(Tally {
        sum: 6,
        ..Tally::default()
    });
    // SAFETY: an instance with the table of the same area.
    let mut plugin = unsafe { newer::CounterProxy::import(instance) }.unwrap();
    let mut heard = Heard::default();
    newer::Counter::tell(&mut plugin, &mut heard).unwrap();
    assert_eq!((heard.sums.len(), heard.ended), (1, false));
}

#[test]
fn a_newer_plugin_is_told_that_the_older_host_lacks_a_callback() {
    let instance = newer::CounterExport::<Tally>::instance(Tally {
        sum: 6,
        ..Tally::default()
    });
    // SAFETY: as above.
    let mut plugin = unsafe { older::CounterProxy::import(instance) }.unwrap();
    let mut heard = Heard::default();
    let fault = older::Counter::tell(&mut plugin, &mut heard).unwrap_err();
    assert_eq!(fault.code(), FaultCode::Unsupported);
    assert_eq!(heard.sums.len(), 1, "what the host has was called all the same");
}

#[test]
fn a_host_that_refuses_is_heard_by_the_plugin() {
    let mut plugin = newer::CounterProxy::local(Tally::default());
    let mut heard = Heard {
        refuse: true,
        ..Heard::default()
    };
    let fault = newer::Counter::tell(&mut plugin, &mut heard).unwrap_err();
    assert_eq!(fault.code(), FaultCode::Invalid);
    assert!(!heard.ended);
}

#[test]
fn t_6_a_host_that_panics_in_a_callback_does_not_unwind_through_the_plugin() {
    let mut plugin = newer::CounterProxy::local(Tally::default());
    let mut heard = Heard {
        panic: true,
        ..Heard::default()
    };
    let fault = newer::Counter::tell(&mut plugin, &mut heard).unwrap_err();
    assert_eq!(fault.code(), FaultCode::Panicked);
    // The plugin did nothing wrong and stays in use.
    let mut heard = Heard::default();
    newer::Counter::tell(&mut plugin, &mut heard).unwrap();
    assert!(heard.ended);
}
