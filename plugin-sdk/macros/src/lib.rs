//! stub
#![allow(missing_docs)]
use proc_macro::TokenStream;
use quote::quote;

#[proc_macro_attribute]
pub fn area(_a: TokenStream, item: TokenStream) -> TokenStream { strip(item) }
#[proc_macro_attribute]
pub fn callback(_a: TokenStream, item: TokenStream) -> TokenStream { item }
fn strip(item: TokenStream) -> TokenStream {
    let mut t: syn::ItemTrait = syn::parse(item).unwrap();
    for i in &mut t.items { if let syn::TraitItem::Fn(f) = i { f.attrs.retain(|a| !a.path().is_ident("since")); } }
    quote!(#t).into()
}
#[proc_macro_attribute]
pub fn ffi(_a: TokenStream, item: TokenStream) -> TokenStream {
    let s: syn::ItemStruct = syn::parse(item).unwrap();
    quote!(#[repr(C)] #[derive(Clone, Copy, Debug, PartialEq)] #s).into()
}
#[proc_macro_attribute]
pub fn ffi_enum(_a: TokenStream, item: TokenStream) -> TokenStream {
    let e: syn::ItemEnum = syn::parse(item).unwrap();
    let (attrs, vis, name) = (&e.attrs, &e.vis, &e.ident);
    let vs: Vec<_> = e.variants.iter().map(|v| { let (a, n) = (&v.attrs, &v.ident); let d = &v.discriminant.as_ref().expect("value").1; quote!(#(#a)* pub const #n: #name = #name(#d);) }).collect();
    quote!(#(#attrs)* #[repr(transparent)] #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)] #vis struct #name(pub u32); #[allow(non_upper_case_globals)] impl #name { #(#vs)* }).into()
}
