//! What the macros refuse, and with which words. What only the compiler can see is shown in the documentation of the macros.

use proc_macro2::TokenStream;
use quote::quote;

/// Every error of an area with these methods, one per line.
#[allow(clippy::needless_pass_by_value, reason = "called with quote! in place")]
fn area(methods: TokenStream) -> String {
    with_id("test.area/1", &methods)
}

fn with_id(id: &str, methods: &TokenStream) -> String {
    errors(crate::area::expand(
        quote!(id = #id),
        quote!(pub trait Area: Module { #methods }),
    ))
}

fn errors(result: syn::Result<TokenStream>) -> String {
    match result {
        Ok(_) => String::new(),
        Err(errors) => errors
            .into_iter()
            .map(|error| error.to_string())
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

#[test]
fn everything_that_may_cross_is_accepted() {
    let methods = quote! {
        /// [control]
        fn numbers(&mut self, a: u8, b: f64, c: TimeDelta) -> Result<TimeDelta, Fault>;
        /// [audio]
        fn slices(&mut self, name: &str, input: &[Point], output: &mut [f32]) -> Result<u32, Fault>;
        /// [network]
        fn structs(&mut self, point: &Point, options: &mut Options, sink: &mut dyn Sink) -> Result<(), Fault>;
        /// [any]
        fn getter(&mut self) -> u32;
        /// [any]
        fn nothing(&mut self);
        /// [any]
        #[since(2)]
        fn later(&mut self) -> Result<(), Fault> {
            Ok(())
        }
    };
    assert_eq!(area(methods), "");
}

#[test]
fn owned_memory_does_not_cross() {
    let said = area(quote! {
        /// [control]
        fn take(&mut self, bytes: Vec<u8>) -> Result<(), Fault>;
    });
    assert_eq!(
        said,
        "this type does not cross the boundary: use a slice, &str or an #[ffi] struct"
    );
}

#[test]
fn an_appended_method_needs_a_body() {
    let said = area(quote! {
        /// [control]
        fn first(&mut self) -> Result<(), Fault>;
        /// [control]
        #[since(2)]
        fn second(&mut self) -> Result<(), Fault>;
    });
    assert_eq!(said, "an appended method needs a body: older plugins lack it");
}

#[test]
fn appended_methods_stand_at_the_end() {
    let said = area(quote! {
        /// [control]
        #[since(2)]
        fn second(&mut self) -> Result<(), Fault> { Ok(()) }
        /// [control]
        fn first(&mut self) -> Result<(), Fault>;
    });
    assert_eq!(said, "appended methods stand at the end, oldest revision first");
}

#[test]
fn every_method_says_on_which_thread_it_is_called() {
    let said = area(quote! {
        /// Nobody says.
        fn process(&mut self, block: &mut [f32]) -> Result<(), Fault>;
    });
    assert_eq!(
        said,
        "say on which thread it is called: [control], [audio], [network] or [any] in its doc comment"
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let said = area(quote! {
        /// [audio]
        fn shared(&self) -> Result<(), Fault>;
        /// [audio]
        fn generic<T>(&mut self, value: T) -> Result<(), Fault>;
        /// [audio]
        #[cfg(unix)]
        fn conditional(&mut self) -> Result<(), Fault>;
        /// [audio]
        fn pair(&mut self) -> Result<(), (u32, u32)>;
        /// [audio]
        fn tuple(&mut self, pair: (u32, u32)) -> Result<(), Fault>;
    });
    assert_eq!(
        said,
        "a boundary method takes `&mut self`\n\
         a boundary method is neither async nor generic\n\
         a table has the same methods everywhere: cfg is not allowed here\n\
         this type does not cross the boundary"
    );
}

#[test]
fn an_id_ends_in_its_major_revision() {
    let method = quote! {
        /// [control]
        fn fine(&mut self);
    };
    assert_eq!(with_id("jackfield.audio-processor/1", &method), "");
    for id in [
        "jackfield.audio-processor",
        "processor/1",
        "jackfield.audio-processor/one",
    ] {
        assert_eq!(
            with_id(id, &method),
            "an area's id ends in its major revision: \"vendor.area/1\""
        );
    }
}

#[test]
fn a_growing_struct_begins_with_its_size() {
    let said = errors(crate::ffi::expand_struct(
        &quote!(grows),
        quote!(
            pub struct Grows {
                pub rate: u32,
            }
        ),
    ));
    assert_eq!(said, "a growing struct starts with its size: `pub size: u32`");
    let said = errors(crate::ffi::expand_struct(
        &quote!(),
        quote!(
            pub struct Conditional {
                #[cfg(unix)]
                pub rate: u32,
            }
        ),
    ));
    assert_eq!(said, "a layout is the same everywhere: cfg is not allowed here");
}

#[test]
fn every_value_of_an_enumeration_has_its_number() {
    let said = errors(crate::ffi::expand_enum(quote!(
        pub enum Colour {
            Red = 0,
            Green,
        }
    )));
    assert_eq!(said, "give every value its number: it is part of the ABI");
}

#[test]
fn a_callback_gives_nothing_but_a_status() {
    let said = errors(crate::callback::expand(quote!(
        pub trait Sink {
            fn push(&mut self, value: u32) -> u32;
        }
    )));
    assert_eq!(said, "a callback's method gives Result<(), Fault>");
}

#[test]
fn parameters_are_numbers_with_ranges() {
    let said = |field: TokenStream| errors(crate::params::expand(quote!(struct Knobs { #field })));
    assert_eq!(
        said(quote!(#[param(default = 1.0, min = 0.0, max = 2.0)] gain: f32)),
        ""
    );
    assert_eq!(
        said(quote!(#[param(default = 1, choices = ["a", "b"])] mode: u32)),
        ""
    );
    assert_eq!(
        said(quote!(gain: f32)),
        "write #[param(default = …, min = …, max = …)] on every field"
    );
    assert_eq!(
        said(quote!(#[param(default = 1.0)] gain: f32)),
        "`min` and `max` are missing"
    );
    assert_eq!(
        said(quote!(#[param(min = 0.0, max = 1.0)] gain: f32)),
        "`default` is missing"
    );
    assert_eq!(
        said(quote!(#[param(default = 1, step = 2)] gain: f32)),
        "expected title, unit, min, max, default or choices"
    );
    assert_eq!(
        said(quote!(#[param(default = "a")] name: String)),
        "a parameter is f32, f64, i32, u32, i64, bool, or u32 with `choices`"
    );
}

#[test]
fn a_plugin_exports_at_least_one_module() {
    assert_eq!(
        errors(crate::export::expand(quote!())),
        "name at least one: `AudioProcessor => Gain`"
    );
}
