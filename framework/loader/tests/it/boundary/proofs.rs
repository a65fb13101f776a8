//! The layout proof: what the compiler made of each method, compared over the part that both sides know.

use jackfield_abi::Area;
use jackfield_abi::proof::{Proof, Verdict, compare};

use super::{newer, older};

/// The same area with another type in a struct.
#[allow(dead_code, reason = "only its proof is looked at")]
mod retyped {
    use jackfield_core::Fault;
    use jackfield_core::module::Module;
    use jackfield_macros::{area, callback, ffi};

    #[area(id = "test.counter/1")]
    pub(crate) trait Counter: Module {
        /// Begins to count. [control]
        fn begin(&mut self, setup: &Setup) -> Result<(), Fault>;
        /// Adds and gives the sum. [audio]
        fn add(&mut self, amount: u32) -> Result<u32, Fault>;
        /// Tells the sum. [control]
        fn tell(&mut self, to: &mut dyn Sums) -> Result<(), Fault>;
    }

    #[callback]
    pub(crate) trait Sums {
        fn sum(&mut self, name: &str, sum: u32) -> Result<(), Fault>;
    }

    #[ffi(grows)]
    pub(crate) struct Setup {
        pub(crate) size: u32,
        pub(crate) start: f32,
    }
}

/// The same area with another argument and an inserted method.
#[allow(dead_code, reason = "only its proof is looked at")]
mod reordered {
    use jackfield_core::Fault;
    use jackfield_core::module::Module;
    use jackfield_macros::area;

    use crate::boundary::older::Setup;

    #[area(id = "test.counter/1")]
    pub(crate) trait Counter: Module {
        /// Begins to count. [control]
        fn begin(&mut self, setup: &Setup) -> Result<(), Fault>;
        /// New in the middle. [audio]
        fn insert(&mut self, amount: u32) -> Result<u32, Fault>;
    }
}

#[allow(dead_code, reason = "only its proof is looked at")]
mod other_argument {
    use jackfield_core::Fault;
    use jackfield_core::module::Module;
    use jackfield_macros::area;

    use crate::boundary::older::Setup;

    #[area(id = "test.counter/1")]
    pub(crate) trait Counter: Module {
        /// Begins to count. [control]
        fn begin(&mut self, setup: &Setup) -> Result<(), Fault>;
        /// Adds and gives the sum. [audio]
        fn add(&mut self, amount: u64) -> Result<u32, Fault>;
    }
}

/// Compares as a host of revision 1 or 2 does.
fn check(proof: &'static Proof, ours: &'static jackfield_abi::proof::AreaProof) -> Result<Verdict, String> {
    // SAFETY: a static of this program.
    unsafe { compare(proof, &[ours]) }
}

static OLDER: Proof = Proof::new(&[<dyn older::Counter as Area>::PROOF]);
static NEWER: Proof = Proof::new(&[<dyn newer::Counter as Area>::PROOF]);
static RETYPED: Proof = Proof::new(&[<dyn retyped::Counter as Area>::PROOF]);
static REORDERED: Proof = Proof::new(&[<dyn reordered::Counter as Area>::PROOF]);
static OTHER_ARGUMENT: Proof = Proof::new(&[<dyn other_argument::Counter as Area>::PROOF]);

#[test]
fn e1_4_growth_agrees_in_both_directions() {
    assert_eq!(
        check(&OLDER, <dyn newer::Counter as Area>::PROOF),
        Ok(Verdict::Agrees)
    );
    assert_eq!(
        check(&NEWER, <dyn older::Counter as Area>::PROOF),
        Ok(Verdict::Agrees)
    );
}

#[test]
fn e1_4_a_field_of_another_type_is_named() {
    let difference = check(&RETYPED, <dyn older::Counter as Area>::PROOF).unwrap_err();
    assert!(
        difference.contains("struct Setup") && difference.contains("`start`"),
        "{difference}"
    );
    assert!(
        difference.contains("u32") && difference.contains("f32"),
        "{difference}"
    );
    assert!(!difference.contains('\n'), "one line: {difference}");
}

#[test]
fn e1_4_a_method_in_the_middle_is_named() {
    let difference = check(&REORDERED, <dyn older::Counter as Area>::PROOF).unwrap_err();
    assert_eq!(
        difference,
        "test.counter/1: expected method `add`, found `insert`"
    );
}

#[test]
fn e1_4_an_argument_of_another_type_is_named() {
    let difference = check(&OTHER_ARGUMENT, <dyn older::Counter as Area>::PROOF).unwrap_err();
    assert!(difference.contains("method `add` differs"), "{difference}");
    assert!(
        difference.contains("u32") && difference.contains("u64"),
        "{difference}"
    );
}
