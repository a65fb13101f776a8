//! The macros of the plugin boundary: a trait is written once and everything that must agree with it is made here.
//!
//! * [`macro@area`] turns the trait of an area into its C table, the exporting shim, the importing proxy, the shape text, the C header
//!   fragment, the layout proof and both ends of a wire to another process.
//! * [`macro@callback`] does the same for the small traits through which a plugin calls its host back.
//! * [`macro@ffi`], [`macro@ffi_enum`] and [`macro@scalar`] make types that may cross.
//! * [`macro@Params`] implements `Parameters` for a struct; [`export!`](macro@export) makes the entry of a plugin.
//!
//! The generated code names `::jackfield_abi`, `::jackfield_core` and `::abi_stable`; a crate that declares areas must depend on them.
//! This crate must never generate an unchecked pointer access outside the shims: all `unsafe` stands in them, each with its reason.

mod area;
mod callback;
mod export;
mod ffi;
mod params;
#[cfg(test)]
mod tests;
mod types;
mod wire;

use proc_macro::TokenStream;

/// Makes the boundary of an area from its trait: `#[area(id = "jackfield.audio-processor/1")]`.
///
/// Methods take `&mut self` and numbers, scalars, `&T`/`&mut T` of `#[ffi]` structs, slices of them, `&str` and `&mut dyn` callbacks; they
/// give nothing, a scalar, `Result<(), Fault>` or `Result<T, Fault>`. A method with a body is optional in a table; `#[since(2)]` marks one
/// that revision 2 appended and requires a body.
#[proc_macro_attribute]
pub fn area(attributes: TokenStream, item: TokenStream) -> TokenStream {
    finish(area::expand(attributes.into(), item.into()))
}

/// Makes a trait callable through the boundary in the other direction, from the plugin into its host.
///
/// What it takes is what the methods of areas take. The elements of a slice do not grow, because both sides must agree on their distance:
///
/// ```
/// # fn main() {}
/// # use jackfield_abi::Fault;
/// #[jackfield_macros::ffi]
/// #[derive(Default)]
/// struct Point {
///     x: u32,
/// }
/// #[jackfield_macros::callback]
/// trait Points {
///     fn points(&mut self, points: &[Point]) -> Result<(), Fault>;
/// }
/// ```
/// ```compile_fail
/// # fn main() {}
/// # use jackfield_abi::Fault;
/// #[jackfield_macros::ffi(grows)]
/// #[derive(Default)]
/// struct Point {
///     size: u32,
/// }
/// #[jackfield_macros::callback]
/// trait Points {
///     fn points(&mut self, points: &[Point]) -> Result<(), Fault>;
/// }
/// ```
#[proc_macro_attribute]
pub fn callback(_attributes: TokenStream, item: TokenStream) -> TokenStream {
    finish(callback::expand(item.into()))
}

/// Makes a struct of fixed layout that may cross the boundary. `#[ffi(grows)]`: it starts with `size: u32` and may get longer.
///
/// Padding is written out, because it would be read by somebody:
///
/// ```
/// #[jackfield_macros::ffi]
/// struct Padded {
///     short: u32,
///     reserved: u32,
///     long: u64,
/// }
/// ```
/// ```compile_fail
/// #[jackfield_macros::ffi]
/// struct Padded {
///     short: u32,
///     long: u64,
/// }
/// ```
///
/// Fields may cross too, and do not grow:
///
/// ```
/// #[jackfield_macros::ffi]
/// struct Inner {
///     size: u32,
/// }
/// #[jackfield_macros::ffi]
/// struct Outer {
///     inner: Inner,
///     behind: u32,
/// }
/// ```
/// ```compile_fail
/// #[jackfield_macros::ffi(grows)]
/// struct Inner {
///     size: u32,
/// }
/// #[jackfield_macros::ffi]
/// struct Outer {
///     inner: Inner,
///     behind: u32,
/// }
/// ```
/// ```compile_fail
/// #[jackfield_macros::ffi]
/// struct Outer {
///     inner: &'static str,
/// }
/// ```
#[proc_macro_attribute]
pub fn ffi(attributes: TokenStream, item: TokenStream) -> TokenStream {
    finish(ffi::expand_struct(&attributes.into(), item.into()))
}

/// Makes an enumeration that crosses as `uint32_t`; unknown values are tolerated.
#[proc_macro_attribute]
pub fn ffi_enum(_attributes: TokenStream, item: TokenStream) -> TokenStream {
    finish(ffi::expand_enum(item.into()))
}

/// Makes a newtype around a number that crosses as that number.
#[proc_macro_attribute]
pub fn scalar(_attributes: TokenStream, item: TokenStream) -> TokenStream {
    finish(ffi::expand_scalar(item.into()))
}

/// Implements `Parameters` for a struct of `f32`, `f64`, `i32`, `u32`, `i64` and `bool` fields, each with `#[param(...)]`.
#[proc_macro_derive(Params, attributes(param))]
pub fn params(item: TokenStream) -> TokenStream {
    finish(params::expand(item.into()))
}

/// Makes the entry of a plugin: `export! { AudioProcessor => Gain }`.
#[proc_macro]
pub fn export(item: TokenStream) -> TokenStream {
    finish(export::expand(item.into()))
}

fn finish(result: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    result.unwrap_or_else(syn::Error::into_compile_error).into()
}
