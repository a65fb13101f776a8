//! `#[callback]`: the traits through which a plugin calls its host back.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Error, ItemTrait, Result, TraitItem};

use crate::types::{Method, Returns, doc_lines, snake, tags_as_code};

pub(crate) fn expand(item: TokenStream) -> Result<TokenStream> {
    let item: ItemTrait = syn::parse2(item)?;
    let name = &item.ident;
    let visibility = &item.vis;
    let mut methods = Vec::new();
    for trait_item in &item.items {
        let TraitItem::Fn(function) = trait_item else {
            return Err(Error::new_spanned(
                trait_item,
                "a callback has methods and nothing else",
            ));
        };
        let method = Method::of(function)?;
        if !matches!(method.returns, Returns::Status) {
            return Err(Error::new(
                method.span,
                "a callback's method gives Result<(), Fault>",
            ));
        }
        methods.push(method);
    }
    let raw = format_ident!("{name}Raw");
    let remote = format_ident!("{name}Remote");
    let hidden = format_ident!("__{}_callback", snake(&name.to_string()));
    let c_name = format!("jf_{}_t", snake(&name.to_string()));
    let docs = doc_lines(&item.attrs).join("\n");
    let shapes = methods.iter().map(Method::shape).collect::<Result<Vec<_>>>()?;
    let idents: Vec<_> = methods.iter().map(|m| &m.ident).collect();
    let c_parameters: Vec<_> = methods.iter().map(Method::c_parameters).collect();
    let trampolines = methods.iter().map(trampoline(name));
    let remote_methods = methods.iter().map(|method| {
        let ident = &method.ident;
        let parameters = method.parameters.iter().map(|p| {
            let (ident, ty) = (&p.ident, &p.ty);
            quote!(#ident: #ty)
        });
        let (before, arguments): (Vec<_>, Vec<_>) = method.parameters.iter().map(super::types::Parameter::send).unzip();
        let arguments = arguments.into_iter().flatten();
        quote! {
            fn #ident(&mut self, #(#parameters),*) -> ::core::result::Result<(), ::jackfield_abi::Fault> {
                let ::core::option::Option::Some(function) = self.raw.#ident else {
                    return ::core::result::Result::Err(::jackfield_abi::Fault::unsupported("the host lacks this callback"));
                };
                #(#before)*
                // SAFETY: the caller of `import` vouched for the table and its context until the outer call returns.
                let status = unsafe { function(self.raw.context, #(#arguments),*) };
                ::jackfield_abi::fault::callback_result(status)
            }
        }
    });
    let signatures: Vec<_> = methods
        .iter()
        .map(|m| format_ident!("Signature_{}", m.ident))
        .collect();
    let proof_types: Vec<_> = methods.iter().map(Method::proof_types).collect();
    let texts: Vec<_> = idents.iter().map(ToString::to_string).collect();
    let structs = methods
        .iter()
        .flat_map(|method| &method.parameters)
        .filter_map(super::types::Parameter::struct_proof);
    let never_grow = methods
        .iter()
        .flat_map(|method| &method.parameters)
        .filter_map(super::types::Parameter::never_grows);
    let name_text = name.to_string();
    let recorder = format_ident!("{name}Recorder");
    let wire = crate::wire::callback(name, &remote, &methods);
    let mut definition = item.clone();
    for trait_item in &mut definition.items {
        if let TraitItem::Fn(function) = trait_item {
            tags_as_code(&mut function.attrs);
        }
    }
    Ok(quote! {
        #definition

        #[doc(hidden)]
        #[allow(unsafe_code, missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic, non_camel_case_types)]
        #visibility mod #hidden {
            use super::*;

            #[repr(C)]
            #[derive(Clone, Copy)]
            pub struct #raw {
                pub size: u32,
                pub reserved: u32,
                pub context: *mut ::core::ffi::c_void,
                #(pub #idents: ::core::option::Option<unsafe extern "C" fn(context: *mut ::core::ffi::c_void, #(#c_parameters),*) -> i32>,)*
            }

            impl #raw {
                pub const SHAPE: ::jackfield_abi::shape::CallbackShape = ::jackfield_abi::shape::CallbackShape {
                    c_name: #c_name, docs: #docs, methods: &[#(#shapes),*],
                };
                pub const PROOF: &'static ::jackfield_abi::proof::CallbackProof = &::jackfield_abi::proof::CallbackProof {
                    name: ::abi_stable::std_types::RStr::from_str(#name_text),
                    methods: ::abi_stable::std_types::RSlice::from_slice(&[#(
                        ::jackfield_abi::proof::MethodProof {
                            name: ::abi_stable::std_types::RStr::from_str(#texts),
                            layout: <#signatures as ::abi_stable::StableAbi>::LAYOUT,
                        }
                    ),*]),
                    structs: ::abi_stable::std_types::RSlice::from_slice(&[#(#structs),*]),
                };

                pub fn wrap(sink: &mut &mut dyn #name) -> Self {
                    Self {
                        size: ::core::mem::size_of::<Self>() as u32,
                        reserved: 0,
                        context: ::core::ptr::from_mut(sink).cast(),
                        #(#idents: ::core::option::Option::Some(#idents),)*
                    }
                }
            }

            #(
                #[repr(transparent)]
                #[derive(::abi_stable::StableAbi)]
                pub struct #signatures(pub unsafe extern "C" fn(*mut ::core::ffi::c_void, #(#proof_types),*) -> i32);
            )*

            #(#never_grow)*
            #(#trampolines)*

            pub struct #remote {
                raw: #raw,
            }

            impl #remote {
                /// # Safety
                /// `raw` is null or points at a table that is valid, with its context, for as long as the result is used.
                pub unsafe fn import(raw: *const #raw) -> ::core::result::Result<Self, ::jackfield_abi::Fault> {
                    // SAFETY: as the caller vouches; the copy stops at the smaller of the two sizes.
                    let raw = unsafe { ::jackfield_abi::cross::import_table(raw) }
                        .ok_or_else(|| ::jackfield_abi::Fault::invalid("a callback table is missing"))?;
                    ::core::result::Result::Ok(Self { raw })
                }
            }

            impl #name for #remote {
                #(#remote_methods)*
            }

            #wire
        }

        #[doc(hidden)]
        #[allow(unused_imports)]
        #visibility use #hidden::{#raw, #recorder, #remote};
    })
}

/// The C function that the host puts into the table for one method.
fn trampoline(name: &syn::Ident) -> impl Fn(&Method) -> TokenStream + '_ {
    move |method| {
        let ident = &method.ident;
        let c_parameters = method.c_parameters();
        let (before, after): (Vec<_>, Vec<_>) = method
            .parameters
            .iter()
            .map(super::types::Parameter::receive)
            .unzip();
        let arguments = method
            .parameters
            .iter()
            .map(super::types::Parameter::receive_argument);
        quote! {
            unsafe extern "C" fn #ident(context: *mut ::core::ffi::c_void, #(#c_parameters),*) -> i32 {
                // SAFETY: `context` is what `wrap` made, and the plugin passes back what it was given while the call lasts.
                unsafe {
                    ::jackfield_abi::shell::guard_callback(|| {
                        let sink = &mut **context.cast::<&mut dyn #name>();
                        #(#before)*
                        sink.#ident(#(#arguments),*)?;
                        #(#after)*
                        ::core::result::Result::Ok(())
                    })
                }
            }
        }
    }
}
