//! A newer host takes an older plugin, and an older host a newer one.

use jackfield_abi::{Import, ImportError, InstanceRaw};

use super::newer::Counter as _;
use super::older::Counter as _;
use super::{Tally, newer, older};

/// A plugin of revision 1 in a host of revision 2.
fn older_plugin() -> newer::CounterProxy {
    let instance = older::CounterExport::<Tally>::instance(Tally::default());
    // SAFETY: an instance with the table of the same area, made a moment ago.
    unsafe { newer::CounterProxy::import(instance) }.unwrap()
}

/// A plugin of revision 2 in a host of revision 1.
fn newer_plugin() -> older::CounterProxy {
    let instance = newer::CounterExport::<Tally>::instance(Tally::default());
    // SAFETY: as above.
    unsafe { older::CounterProxy::import(instance) }.unwrap()
}

#[test]
fn e1_4_a_method_that_the_older_plugin_lacks_gets_its_default_from_the_host() {
    let mut plugin = older_plugin();
    plugin
        .begin(&newer::Setup {
            size: 12,
            start: 5,
            step: 7,
        })
        .unwrap();
    assert_eq!(plugin.add(10), Ok(15), "the older plugin knows no step");
    assert_eq!(
        plugin.total(3),
        Ok(45),
        "the default asks the plugin and multiplies in the host"
    );
}

#[test]
fn e1_4_a_newer_plugin_gets_zeros_for_what_the_older_host_does_not_know() {
    let mut plugin = newer_plugin();
    // What the host has behind its shorter struct is nobody's business.
    let setups = [
        older::Setup { size: 8, start: 5 },
        older::Setup { size: 77, start: 77 },
    ];
    plugin.begin(&setups[0]).unwrap();
    assert_eq!(plugin.add(2), Ok(7), "step 0 means once");
}

#[test]
fn e1_4_an_output_struct_is_filled_as_far_as_the_caller_knows_it() {
    let mut plugin = newer_plugin();
    plugin.begin(&older::Setup { size: 8, start: 5 }).unwrap();
    // What lies behind the struct must stay as it is.
    let mut area = [
        older::Report { size: 8, sum: 0 },
        older::Report { size: 77, sum: 77 },
    ];
    plugin.report(&mut area[0]).unwrap();
    assert_eq!(
        area,
        [
            older::Report { size: 8, sum: 5 },
            older::Report { size: 77, sum: 77 }
        ]
    );

    let mut plugin = older_plugin();
    plugin
        .begin(&newer::Setup {
            size: 12,
            start: 4,
            step: 0,
        })
        .unwrap();
    let mut report = newer::Report {
        size: 12,
        sum: 0,
        step: 33,
    };
    plugin.report(&mut report).unwrap();
    assert_eq!(
        report,
        newer::Report {
            size: 12,
            sum: 4,
            step: 33
        },
        "what the plugin does not know stays"
    );
}

#[test]
fn both_newer_see_everything() {
    let mut plugin = newer::CounterProxy::local(Tally::default());
    plugin
        .begin(&newer::Setup {
            size: 12,
            start: 1,
            step: 2,
        })
        .unwrap();
    assert_eq!(plugin.add(3), Ok(7));
    assert_eq!(plugin.total(1), Ok(1_007), "the plugin's own method");
}

/// Imports a table that was changed by `change`.
fn imported(change: impl FnOnce(&mut newer::CounterTable)) -> Result<(), ImportError> {
    let instance = newer::CounterExport::<Tally>::instance(Tally::default());
    let mut table = *newer::CounterExport::<Tally>::TABLE;
    change(&mut table);
    let table: &'static newer::CounterTable = Box::leak(Box::new(table));
    let changed = InstanceRaw {
        this: instance.this,
        table: std::ptr::from_ref(table).cast(),
    };
    // SAFETY: the table was changed in ways that an import must notice, and no function in it is replaced.
    unsafe { newer::CounterProxy::import(changed) }.map(|_| ())
}

#[test]
fn e1_4_a_table_whose_size_does_not_fit_its_revision_is_refused() {
    let size = size_of::<newer::CounterTable>() as u32;
    for (given, revision) in [
        (size - 8, 2),
        (size, 1),
        (size + 8, 2),
        (size, 0),
        (0, 1),
        (4, 1),
        (size, 3),
    ] {
        let error = imported(|table| (table.head.size, table.head.revision) = (given, revision)).unwrap_err();
        assert_eq!(
            error,
            ImportError::Size {
                area: "test.counter/1",
                size: given,
                revision
            }
        );
    }
    // A revision that we do not know yet is longer than ours.
    imported(|table| (table.head.size, table.head.revision) = (size + 8, 3)).unwrap();
}

#[test]
fn a_table_without_a_required_method_is_refused_by_name() {
    let error = imported(|table| table.add = None).unwrap_err();
    assert_eq!(
        error,
        ImportError::Missing {
            area: "test.counter/1",
            method: "add"
        }
    );
    assert_eq!(
        error.to_string(),
        "test.counter/1: the table lacks the required method `add`; fill it in"
    );
    imported(|table| table.total = None).unwrap();
}

#[test]
fn an_instance_without_tables_is_refused() {
    // SAFETY: there is nothing that could be followed.
    let none = unsafe { newer::CounterProxy::import(InstanceRaw::NONE) };
    assert_eq!(
        none.err(),
        Some(ImportError::NoTable {
            area: "test.counter/1"
        })
    );
    let error = imported(|table| table.head.module = std::ptr::null()).unwrap_err();
    assert_eq!(
        error,
        ImportError::NoTable {
            area: "jackfield.module/1"
        }
    );
}

#[test]
fn methods_of_a_later_revision_stand_below_a_line() {
    let header =
        jackfield_abi::header::write(&[<dyn newer::Counter as jackfield_abi::Area>::SHAPE], &[], &[]);
    let line = "  // ---- since revision 2; NULL in older tables ----";
    let (before, after) = header.split_once(line).expect("the line is there");
    assert!(before.contains("(*add)("));
    assert!(after.contains("(*total)("));
    assert!(header.contains("JF_STATIC_ASSERT(offsetof(jf_counter_table_t, total) == "));
}
