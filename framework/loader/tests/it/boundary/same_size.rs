//! A struct that both sides know alike is not copied; one that they know differently is, and nothing beyond its size is touched.

use std::mem::MaybeUninit;

use jackfield_abi::cross::{copy_out, read_in, write_back, write_in};
use jackfield_core::Fault;
use jackfield_core::environment::Environment;
use jackfield_core::module::{Descriptor, Module, Plugin};
use jackfield_macros::{area, ffi};

use super::newer::{Report, Setup};

/// Tells where it found what it was given.
#[area(id = "test.where/1")]
pub(crate) trait Where: Module {
    /// The addresses. [any]
    fn addresses(&mut self, input: &Setup, output: &mut Report, fixed: &mut Fixed) -> Result<Found, Fault>;
    /// Spoils the size and fails or not. [any]
    fn spoil(&mut self, output: &mut Report, fail: u32) -> Result<(), Fault>;
}

/// A struct that stays as it is.
#[ffi]
#[derive(Default)]
pub(crate) struct Fixed {
    value: u32,
}

/// Where things stood.
#[ffi]
pub(crate) struct Found {
    input: u64,
    output: u64,
    fixed: u64,
}

#[derive(Default)]
struct Looks(());

impl Plugin for Looks {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.where.looks", "Looks", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self::default())
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.0
    }
}

fn address<T>(of: &T) -> u64 {
    std::ptr::from_ref(of).addr() as u64
}

impl Where for Looks {
    fn addresses(&mut self, input: &Setup, output: &mut Report, fixed: &mut Fixed) -> Result<Found, Fault> {
        output.sum = input.start;
        fixed.value = 9;
        Ok(Found {
            input: address(input),
            output: address(output),
            fixed: address(fixed),
        })
    }

    fn spoil(&mut self, output: &mut Report, fail: u32) -> Result<(), Fault> {
        output.size = 0;
        output.sum = 5;
        if fail == 0 {
            Ok(())
        } else {
            Err(Fault::failed("as told"))
        }
    }
}

const SETUP: Setup = Setup {
    size: size_of::<Setup>() as u32,
    start: 41,
    step: 7,
};

fn report(size: u32) -> Report {
    Report {
        size,
        sum: 0,
        step: 33,
    }
}

#[test]
fn what_both_sides_know_alike_is_used_where_it_stands() {
    let mut plugin = WhereProxy::local(Looks::default());
    let (mut output, mut fixed) = (report(12), Fixed::default());
    let found = plugin.addresses(&SETUP, &mut output, &mut fixed).unwrap();
    let own = Found {
        input: address(&SETUP),
        output: address(&output),
        fixed: address(&fixed),
    };
    assert_eq!((found.output, found.fixed), (own.output, own.fixed));
    assert_eq!(
        (output, fixed.value),
        (
            Report {
                sum: 41,
                ..report(12)
            },
            9
        )
    );
    // A constant may stand in several places.
    let setup = SETUP;
    let found = plugin.addresses(&setup, &mut output, &mut fixed).unwrap();
    assert_eq!(found.input, address(&setup));
}

#[test]
fn e1_4_what_they_know_differently_is_used_from_a_copy() {
    let mut plugin = WhereProxy::local(Looks::default());
    for size in [8, 16] {
        let setup = Setup { size, ..SETUP };
        let (mut output, mut fixed) = (report(size.min(12)), Fixed::default());
        let found = plugin.addresses(&setup, &mut output, &mut fixed).unwrap();
        assert_ne!(found.input, address(&setup), "a size of {size}");
        assert_eq!(output.sum, 41);
    }
}

#[test]
fn the_size_is_the_callers_whatever_the_plugin_writes_there() {
    let mut plugin = WhereProxy::local(Looks::default());
    for size in [8, 12] {
        let mut output = report(size);
        plugin.spoil(&mut output, 0).unwrap();
        assert_eq!((output.size, output.sum, output.step), (size, 5, 33));
    }
}

/// Of every size that the other side could claim: the common part is seen, the rest is zero; on the way back the common part arrives and
/// what lies behind stays.
#[test]
fn e1_4_any_size_reads_and_writes_the_common_part_alone() {
    for size in 0..=28_u32 {
        let mut memory = [0xAAAA_AAAA_u32; 7];
        memory[0] = size;
        let before = memory;
        let known = |n: usize| size as usize >= 4 * (n + 1);
        // SAFETY: there are as many bytes as the size says, and they are aligned.
        unsafe {
            let mut slot = MaybeUninit::uninit();
            let seen = *read_in(memory.as_ptr().cast::<Report>(), &mut slot).unwrap();
            assert_eq!(seen.size, 12);
            if known(1) {
                assert_eq!(seen.sum, 0xAAAA_AAAA);
            } else if size <= 4 {
                assert_eq!(seen.sum, 0);
            }
            if known(2) {
                assert_eq!(seen.step, 0xAAAA_AAAA);
            } else if size <= 8 {
                assert_eq!(seen.step, 0);
            }

            let place = memory.as_mut_ptr().cast::<Report>();
            let mut slot = MaybeUninit::uninit();
            let value = write_in(place, &mut slot).unwrap();
            (value.size, value.sum, value.step) = (1, 2, 3);
            write_back(value, place);
            let mut other = before;
            copy_out(
                &Report {
                    size: 1,
                    sum: 2,
                    step: 3,
                },
                other.as_mut_ptr().cast(),
            );
            assert_eq!(memory, other, "both ways out agree");
        }
        assert_eq!(memory[0], size);
        assert_eq!(memory[1] == 2, known(1), "a size of {size}");
        assert_eq!(memory[2] == 3, known(2), "a size of {size}");
        assert_eq!(memory[3..], before[3..], "nothing behind the struct");
    }
}
