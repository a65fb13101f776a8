//! Both ends of a wire between processes, for areas and callbacks: on the host's side a table whose functions write calls down, on the
//! plugin's side the proxy that makes them.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, Result};

use crate::types::{Method, Parameter, Passing, Returns, suffixed};

/// What the wire needs to know of an area.
pub(crate) struct Ends<'a> {
    pub(crate) methods: &'a [Method],
    pub(crate) name: &'a Ident,
    pub(crate) table: Ident,
    pub(crate) proxy: Ident,
    pub(crate) revision: u32,
    /// Whether it is `jackfield.module/1` itself.
    pub(crate) is_module: bool,
}

impl Ends<'_> {
    pub(crate) fn expand(&self) -> Result<TokenStream> {
        let host = self.host()?;
        let serve = self.serve();
        let proxy = &self.proxy;
        Ok(quote! {
            #host
            #serve

            pub static WIRE: ::jackfield_abi::wire::AreaWire = ::jackfield_abi::wire::AreaWire {
                shape: &SHAPE,
                table: ::core::ptr::from_ref(WIRE_TABLE).cast(),
                serve: serve_instance,
            };

            unsafe fn serve_instance(
                instance: ::jackfield_abi::InstanceRaw,
            ) -> ::core::result::Result<::std::boxed::Box<dyn ::jackfield_abi::wire::Serve>, ::jackfield_abi::ImportError> {
                // SAFETY: as the caller vouches.
                let proxy = unsafe { <#proxy as ::jackfield_abi::Import>::import(instance)? };
                ::core::result::Result::Ok(::std::boxed::Box::new(proxy))
            }
        })
    }

    /// The table whose functions write calls down.
    fn host(&self) -> Result<TokenStream> {
        let (table, revision) = (&self.table, self.revision);
        let idents: Vec<_> = self.methods.iter().map(|m| &m.ident).collect();
        let functions = (0..)
            .zip(self.methods)
            .map(|(index, method)| self.sender(index, method))
            .collect::<Result<Vec<_>>>()?;
        let module = if self.is_module {
            quote!(::core::ptr::null())
        } else {
            quote!(::jackfield_core::module::MODULE_WIRE_TABLE)
        };
        Ok(quote! {
            pub const WIRE_TABLE: &#table = &#table {
                head: ::jackfield_abi::TableHead {
                    size: ::core::mem::size_of::<#table>() as u32,
                    revision: #revision,
                    destroy: ::core::option::Option::Some(::jackfield_abi::wire::destroy),
                    last_fault: ::core::option::Option::Some(::jackfield_abi::wire::last_fault),
                    module: #module,
                    extension: ::core::option::Option::None,
                },
                #(#idents: ::core::option::Option::Some(sender::#idents),)*
            };

            mod sender {
                use super::super::*;
                #(#functions)*
            }
        })
    }

    /// The function of the host's table for one method.
    fn sender(&self, index: u32, method: &Method) -> Result<TokenStream> {
        let (ident, class, is_module) = (&method.ident, method.thread_class()?, self.is_module);
        let (c_parameters, c_return) = (method.c_parameters(), method.c_return());
        let (writes, takes): (Vec<_>, Vec<_>) = method.parameters.iter().map(write_and_take).unzip();
        let replay = replay(method);
        let begin = quote! {
            ::jackfield_abi::wire::Call::begin(this, ::jackfield_abi::wire::Method { module: #is_module, index: #index }, #class)
        };
        let body = match &method.returns {
            Returns::Status => quote! {
                let mut call = match #begin {
                    ::core::result::Result::Ok(call) => call,
                    ::core::result::Result::Err(status) => return status,
                };
                #(#writes)*
                let status = call.run();
                if status >= 0 { #(#takes)* }
                #replay
                status
            },
            Returns::StatusAnd(ty) => quote! {
                let mut call = match #begin {
                    ::core::result::Result::Ok(call) => call,
                    ::core::result::Result::Err(status) => return status,
                };
                #(#writes)*
                let given = call.room::<#ty>();
                let status = call.run();
                if status >= 0 { #(#takes)* call.take(given, out); }
                #replay
                status
            },
            Returns::Nothing => quote! {
                if let ::core::result::Result::Ok(mut call) = #begin {
                    #(#writes)*
                    let status = call.run();
                    if status >= 0 { #(#takes)* }
                    #replay
                }
            },
            Returns::Value(ty) => quote! {
                let mut value = <<#ty as ::jackfield_abi::Scalar>::Raw as ::core::default::Default>::default();
                if let ::core::result::Result::Ok(mut call) = #begin {
                    #(#writes)*
                    let given = call.room::<<#ty as ::jackfield_abi::Scalar>::Raw>();
                    let status = call.run();
                    if status >= 0 { #(#takes)* call.take(given, &raw mut value); }
                    #replay
                }
                value
            },
        };
        Ok(quote! {
            pub(super) unsafe extern "C" fn #ident(this: *mut ::core::ffi::c_void, #(#c_parameters),*) -> #c_return {
                // SAFETY: the proxy of the same build keeps the contract of the header: `this` is what the loader made and not used elsewhere
                // at the same time, and every pointer is valid for the length that comes with it until we return.
                unsafe { #body }
            }
        })
    }

    /// The proxy makes the calls that come in.
    fn serve(&self) -> TokenStream {
        let (name, proxy) = (self.name, &self.proxy);
        let arms = (0_u32..).zip(self.methods).map(|(index, method)| {
            let ident = &method.ident;
            let (reads, arguments): (Vec<_>, Vec<_>) = (0_u32..)
                .zip(&method.parameters)
                .map(|(position, parameter)| read(position, parameter))
                .unzip();
            let call = quote!(<#proxy as #name>::#ident(self, #(#arguments),*));
            let made = match &method.returns {
                Returns::Status => quote!(#call?;),
                Returns::StatusAnd(_) => quote!(let given = #call?; frame.give(given)?;),
                Returns::Nothing => quote!(#call;),
                Returns::Value(_) => {
                    quote!(let given = #call; frame.give(::jackfield_abi::Scalar::into_raw(given))?;)
                }
            };
            quote!(#index => { #(#reads)* #made ::core::result::Result::Ok(()) })
        });
        let of_module = if self.is_module {
            quote!()
        } else {
            quote! {
                if method.module {
                    return ::jackfield_abi::wire::Serve::serve(&mut self.module, method, frame);
                }
            }
        };
        quote! {
            impl ::jackfield_abi::wire::Serve for #proxy {
                fn serve(
                    &mut self,
                    method: ::jackfield_abi::wire::Method,
                    frame: &mut ::jackfield_abi::wire::Frame<'_>,
                ) -> ::core::result::Result<(), ::jackfield_abi::Fault> {
                    #of_module
                    match method.index {
                        #(#arms)*
                        _ => ::core::result::Result::Err(::jackfield_abi::wire::unknown_method()),
                    }
                }

                fn whole_fault(&mut self) -> ::core::option::Option<::jackfield_abi::Fault> {
                    self.instance.last_fault()
                }
            }
        }
    }
}

/// Both ends of a callback: what writes its calls down, and what makes them on the host's table. `remote` stands in the same module.
pub(crate) fn callback(name: &Ident, remote: &Ident, methods: &[Method]) -> TokenStream {
    let recorder = format_ident!("{name}Recorder");
    let records = (0_u32..).zip(methods).map(|(index, method)| {
        let ident = &method.ident;
        let parameters = method.parameters.iter().map(|p| {
            let (ident, ty) = (&p.ident, &p.ty);
            quote!(#ident: #ty)
        });
        let names = method.parameters.iter().map(|p| &p.ident);
        let writes: Option<Vec<_>> = method.parameters.iter().map(write_down).collect();
        let body = match writes {
            Some(writes) => quote!(self.records.add(self.parameter, #index, |writer| { #(#writes)* })),
            None => quote! {{
                let _ = (#(#names),*);
                ::core::result::Result::Err(::jackfield_abi::Fault::unsupported(
                    "this callback gives something back, and so cannot be called from another process",
                ))
            }},
        };
        quote! {
            fn #ident(&mut self, #(#parameters),*) -> ::core::result::Result<(), ::jackfield_abi::Fault> { #body }
        }
    });
    let arms = (0_u32..).zip(methods).filter_map(|(index, method)| {
        let ident = &method.ident;
        method
            .parameters
            .iter()
            .map(write_down)
            .collect::<Option<Vec<_>>>()?;
        let (reads, arguments): (Vec<_>, Vec<_>) = method.parameters.iter().map(|p| read(0, p)).unzip();
        Some(quote!(#index => { #(#reads)* <Self as #name>::#ident(self, #(#arguments),*) }))
    });
    quote! {
        /// Writes its calls down for a host in another process.
        pub struct #recorder<'a> {
            records: &'a ::jackfield_abi::wire::Records,
            parameter: u32,
        }

        impl<'a> #recorder<'a> {
            pub fn new(records: &'a ::jackfield_abi::wire::Records, parameter: u32) -> Self {
                Self { records, parameter }
            }
        }

        impl #name for #recorder<'_> {
            #(#records)*
        }

        impl #remote {
            /// Makes a call that was written down in another process.
            pub fn replay(
                &mut self,
                method: u32,
                frame: &mut ::jackfield_abi::wire::Frame<'_>,
            ) -> ::core::result::Result<(), ::jackfield_abi::Fault> {
                match method {
                    #(#arms)*
                    _ => ::core::result::Result::Err(::jackfield_abi::wire::unknown_method()),
                }
            }
        }
    }
}

/// How the host writes an argument into a call, and how it reads back what became of it.
fn write_and_take(parameter: &Parameter) -> (TokenStream, TokenStream) {
    let name = &parameter.ident;
    let (at, len) = (format_ident!("{name}_at"), parameter.len_ident());
    match &parameter.passing {
        Passing::Value => (quote!(call.value(#name);), quote!()),
        Passing::Ref(_) => (quote!(call.object(#name);), quote!()),
        Passing::RefMut(_) => (
            quote!(let #at = call.object(#name.cast_const());),
            quote!(call.take(#at, #name);),
        ),
        Passing::Slice(_) | Passing::Str => (quote!(call.slice(#name, #len);), quote!()),
        Passing::SliceMut(_) => (
            quote!(let #at = call.slice(#name.cast_const(), #len);),
            quote!(call.take_slice(#at, #name, #len);),
        ),
        Passing::Callback(_) => (quote!(), quote!()),
    }
}

/// How the host makes the calls of callbacks that were written down; the last word on the status.
fn replay(method: &Method) -> TokenStream {
    let arms: Vec<_> = (0_u32..)
        .zip(&method.parameters)
        .filter_map(|(position, parameter)| match &parameter.passing {
            Passing::Callback(path) => {
                let (name, remote) = (&parameter.ident, suffixed(path, "Remote"));
                Some(quote!(#position => #remote::import(#name)?.replay(method, frame),))
            }
            _ => None,
        })
        .collect();
    if arms.is_empty() {
        return quote!();
    }
    quote! {
        let status = call.replay(|parameter, method, frame| match parameter {
            #(#arms)*
            _ => ::core::result::Result::Err(::jackfield_abi::wire::unknown_method()),
        });
    }
}

/// How the plugin's side reads an argument, and hands it on.
fn read(position: u32, parameter: &Parameter) -> (TokenStream, TokenStream) {
    let name = &parameter.ident;
    match &parameter.passing {
        Passing::Value => {
            let ty = &parameter.ty;
            (quote!(let #name = frame.value::<#ty>()?;), quote!(#name))
        }
        Passing::Ref(ty) | Passing::RefMut(ty) => {
            (quote!(let #name = frame.object::<#ty>()?;), quote!(#name))
        }
        Passing::Slice(ty) | Passing::SliceMut(ty) => {
            (quote!(let #name = frame.slice::<#ty>()?;), quote!(#name))
        }
        Passing::Str => (quote!(let #name = frame.text()?;), quote!(#name)),
        Passing::Callback(path) => {
            let recorder = suffixed(path, "Recorder");
            (
                quote!(let mut #name = #recorder::new(frame.records(), #position);),
                quote!(&mut #name),
            )
        }
    }
}

/// How a callback writes an argument down; nothing if something would have to come back.
fn write_down(parameter: &Parameter) -> Option<TokenStream> {
    let name = &parameter.ident;
    match &parameter.passing {
        Passing::Value => Some(quote!(writer.value(#name);)),
        Passing::Ref(_) => Some(quote!(writer.object(#name);)),
        Passing::Slice(_) => Some(quote!(writer.slice(#name);)),
        Passing::Str => Some(quote!(writer.text(#name);)),
        Passing::RefMut(_) | Passing::SliceMut(_) | Passing::Callback(_) => None,
    }
}
