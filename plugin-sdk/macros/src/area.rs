//! `#[area]`: from the trait of an area to its table, shim, proxy, shape and proof; its wire is made in `wire`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, ItemTrait, LitStr, Result, Token, TraitItem};

use crate::types::{Method, Parameter, Passing, Returns, doc_lines, raw_path, snake, tags_as_code};

pub(crate) fn expand(attributes: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let options: Options = syn::parse2(attributes)?;
    let item: ItemTrait = syn::parse2(item)?;
    if item.supertraits.is_empty() || !item.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &item.ident,
            "an area's trait is not generic and extends `Module` (or, for it, `Send`)",
        ));
    }
    let mut methods = Vec::new();
    let mut errors: Option<Error> = None;
    for trait_item in &item.items {
        let method = match trait_item {
            TraitItem::Fn(function) => Method::of(function),
            other => Err(Error::new_spanned(
                other,
                "an area's trait has methods and nothing else",
            )),
        };
        match method.and_then(|m| m.thread_class().map(|_| m)) {
            Ok(method) => methods.push(method),
            Err(error) => match &mut errors {
                Some(all) => all.combine(error),
                None => errors = Some(error),
            },
        }
    }
    if let Some(errors) = errors {
        return Err(errors);
    }
    if methods.windows(2).any(|pair| pair[0].since > pair[1].since) {
        return Err(Error::new_spanned(
            &item.ident,
            "appended methods stand at the end, oldest revision first",
        ));
    }
    let area = Area {
        options,
        item: &item,
        methods,
    };
    let definition = area.definition();
    let hidden = area.hidden()?;
    let name = &item.ident;
    let module = area.module_ident();
    let visibility = &item.vis;
    let (table, export, proxy) = (area.ident("Table"), area.ident("Export"), area.ident("Proxy"));
    let delegate = if area.options.module {
        quote!()
    } else {
        quote!(::jackfield_core::delegate_module!(#proxy);)
    };
    let panics = area.panics();
    Ok(quote! {
        #definition
        #panics

        #[doc(hidden)]
        #[allow(unsafe_code, missing_docs, unreachable_pub, unused_qualifications, unused_variables, unused_mut, clippy::all, clippy::pedantic, non_camel_case_types)]
        #visibility mod #module {
            use super::*;
            #hidden
        }

        #[allow(unused_imports)]
        #visibility use #module::{#table, #export, #proxy};
        #delegate

        impl ::jackfield_abi::Area for dyn #name {
            type Table = #table;
            type Proxy = #proxy;
            const SHAPE: &'static ::jackfield_abi::shape::AreaShape = &#module::SHAPE;
            const PROOF: &'static ::jackfield_abi::proof::AreaProof = &#module::PROOF;
            const WIRE: &'static ::jackfield_abi::wire::AreaWire = &#module::WIRE;
        }
    })
}

struct Options {
    id: String,
    module: bool,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key: Ident = input.parse()?;
        if key != "id" {
            return Err(Error::new(key.span(), "expected #[area(id = \"vendor.area/1\")]"));
        }
        input.parse::<Token![=]>()?;
        let id: LitStr = input.parse()?;
        let text = id.value();
        let major = text
            .rsplit_once('/')
            .filter(|(name, _)| name.contains('.'))
            .map(|(_, major)| major);
        if major.is_none_or(|major| major.parse::<u32>().is_err()) {
            return Err(Error::new(
                id.span(),
                "an area's id ends in its major revision: \"vendor.area/1\"",
            ));
        }
        let mut module = false;
        if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let flag: Ident = input.parse()?;
            if flag != "module" {
                return Err(Error::new(flag.span(), "expected `module` or nothing"));
            }
            module = true;
        }
        Ok(Self {
            id: id.value(),
            module,
        })
    }
}

struct Area<'a> {
    options: Options,
    item: &'a ItemTrait,
    methods: Vec<Method>,
}

impl Area<'_> {
    fn ident(&self, suffix: &str) -> Ident {
        format_ident!("{}{suffix}", self.item.ident)
    }

    fn module_ident(&self) -> Ident {
        format_ident!("__{}_area", snake(&self.item.ident.to_string()))
    }

    /// The trait itself; each default body moves to a hidden method, so that the proxy can call it when a table lacks the entry.
    fn definition(&self) -> TokenStream {
        let mut item = self.item.clone();
        let mut defaults = Vec::new();
        for trait_item in &mut item.items {
            let TraitItem::Fn(function) = trait_item else {
                continue;
            };
            function.attrs.retain(|a| !a.path().is_ident("since"));
            tags_as_code(&mut function.attrs);
            let Some(body) = function.default.take() else {
                continue;
            };
            let ident = default_ident(&function.sig.ident);
            let mut signature = function.sig.clone();
            signature.ident = ident.clone();
            let arguments: Vec<_> = function
                .sig
                .inputs
                .iter()
                .filter_map(|input| match input {
                    syn::FnArg::Typed(typed) => Some(&typed.pat),
                    syn::FnArg::Receiver(_) => None,
                })
                .collect();
            let receiver = quote::ToTokens::to_token_stream(&Ident::new("self", function.sig.ident.span()));
            let call = quote!({ #receiver.#ident(#(#arguments),*) });
            function.default = Some(syn::parse2(call).expect("a block"));
            defaults.push(quote!(#[doc(hidden)] #signature #body));
        }
        item.items.extend(
            defaults
                .into_iter()
                .map(|tokens| syn::parse2(tokens).expect("a method")),
        );
        quote!(#item)
    }

    fn hidden(&self) -> Result<TokenStream> {
        let table = self.table();
        let export = self.export();
        let proxy = self.proxy()?;
        let shape = self.shape()?;
        let proof = self.proof();
        let wire = self.wire()?;
        Ok(quote!(#table #export #proxy #shape #proof #wire))
    }

    fn wire(&self) -> Result<TokenStream> {
        crate::wire::Ends {
            methods: &self.methods,
            name: &self.item.ident,
            table: self.ident("Table"),
            proxy: self.ident("Proxy"),
            revision: self.revision(),
            is_module: self.options.module,
        }
        .expand()
    }

    fn table(&self) -> TokenStream {
        let table = self.ident("Table");
        let idents: Vec<_> = self.methods.iter().map(|m| &m.ident).collect();
        let c_parameters: Vec<_> = self.methods.iter().map(Method::c_parameters).collect();
        let returns: Vec<_> = self.methods.iter().map(Method::c_return).collect();
        quote! {
            #[repr(C)]
            #[derive(Clone, Copy)]
            pub struct #table {
                pub head: ::jackfield_abi::TableHead,
                #(pub #idents: ::core::option::Option<unsafe extern "C" fn(this: *mut ::core::ffi::c_void, #(#c_parameters),*) -> #returns>,)*
            }
        }
    }

    /// For the tests of whoever can reach the trait: a macro that implements it for a type so that every method panics.
    fn panics(&self) -> TokenStream {
        if !matches!(self.item.vis, syn::Visibility::Public(_)) {
            return quote!();
        }
        let name = &self.item.ident;
        let panics = format_ident!("__{}_panics", snake(&name.to_string()));
        let methods = self.item.items.iter().filter_map(|item| match item {
            TraitItem::Fn(function) => {
                let (signature, text) = (&function.sig, function.sig.ident.to_string());
                Some(quote!(#signature { panic!(#text) }))
            }
            _ => None,
        });
        quote! {
            #[doc(hidden)]
            #[macro_export]
            macro_rules! #panics {
                ($type:ty) => {
                    #[allow(unused_variables, unused_imports)]
                    impl #name for $type {
                        #(#methods)*
                    }
                };
            }
        }
    }

    /// A call of each method through the table, with arguments that mean nothing.
    fn calls(&self) -> TokenStream {
        let table = self.ident("Table");
        let arms = self.methods.iter().enumerate().map(|(index, method)| {
            let ident = &method.ident;
            let (places, arguments): (Vec<_>, Vec<_>) =
                method.parameters.iter().map(Parameter::nothing).unzip();
            let arguments = arguments.into_iter().flatten();
            let (out_place, out) = match &method.returns {
                Returns::StatusAnd(ty) => (
                    quote!(let mut out = ::jackfield_abi::cross::blank::<#ty>();),
                    quote!(out.as_mut_ptr()),
                ),
                _ => (quote!(), quote!()),
            };
            quote! {
                #index => {
                    #(#places)*
                    #out_place
                    if let ::core::option::Option::Some(function) = table.#ident {
                        let _ = function(instance.this, #(#arguments,)* #out);
                    }
                }
            }
        });
        quote! {
            /// Calls method number `index` with zeros, empty slices and blank structs: for tests of what a call does that goes wrong.
            ///
            /// # Safety
            /// `instance` came from [`Self::instance`] and is not destroyed.
            #[doc(hidden)]
            pub unsafe fn call(instance: ::jackfield_abi::InstanceRaw, index: usize) {
                let table: &#table = Self::TABLE;
                // SAFETY: as the caller vouches; every pointer is to something that outlives the call.
                unsafe {
                    match index {
                        #(#arms)*
                        _ => {}
                    }
                }
            }
        }
    }

    fn revision(&self) -> u32 {
        self.methods.iter().map(|m| m.since).max().unwrap_or(1)
    }

    fn export(&self) -> TokenStream {
        let (name, table, export) = (&self.item.ident, self.ident("Table"), self.ident("Export"));
        let idents: Vec<_> = self.methods.iter().map(|m| &m.ident).collect();
        let revision = self.revision();
        let shims = self.methods.iter().map(|method| self.shim(method));
        let calls = self.calls();
        let (module_table, create) = if self.options.module {
            (quote!(::core::ptr::null()), quote!())
        } else {
            (
                quote!(::core::ptr::from_ref(::jackfield_core::module::ModuleExport::<T>::TABLE).cast()),
                quote! {
                    impl<T: #name + ::jackfield_core::module::Plugin> #export<T> {
                        /// The C function that makes an instance.
                        ///
                        /// # Safety
                        /// As `jackfield_abi::shell::create` says.
                        pub unsafe extern "C" fn create(
                            environment: *const ::core::ffi::c_void,
                            out: *mut ::jackfield_abi::InstanceRaw,
                            fault: *mut ::jackfield_abi::FaultRaw,
                        ) -> i32 {
                            // SAFETY: as our caller vouches.
                            unsafe {
                                ::jackfield_abi::shell::create::<T, ::jackfield_core::environment::Environment>(
                                    environment, out, fault, ::core::ptr::from_ref(Self::TABLE).cast(),
                                    |environment| <T as ::jackfield_core::module::Plugin>::create(environment),
                                )
                            }
                        }
                    }
                },
            )
        };
        quote! {
            /// The table of `T`.
            pub struct #export<T>(::core::marker::PhantomData<T>);

            impl<T: #name + 'static> #export<T> {
                pub const TABLE: &'static #table = &#table {
                    head: ::jackfield_abi::TableHead {
                        size: ::core::mem::size_of::<#table>() as u32,
                        revision: #revision,
                        destroy: ::core::option::Option::Some(::jackfield_abi::shell::destroy::<T>),
                        last_fault: ::core::option::Option::Some(::jackfield_abi::shell::last_fault::<T>),
                        module: #module_table,
                        extension: ::core::option::Option::None,
                    },
                    #(#idents: ::core::option::Option::Some(shim::#idents::<T>),)*
                };

                /// Puts `instance` behind the table, as a plugin file does.
                pub fn instance(instance: T) -> ::jackfield_abi::InstanceRaw {
                    ::jackfield_abi::InstanceRaw {
                        this: ::jackfield_abi::shell::Shell::into_raw(instance),
                        table: ::core::ptr::from_ref(Self::TABLE).cast(),
                    }
                }

                #calls
            }

            #create

            mod shim {
                use super::super::*;
                #(#shims)*
            }
        }
    }

    /// The C function of a plugin's table for one method.
    fn shim(&self, method: &Method) -> TokenStream {
        let name = &self.item.ident;
        let ident = &method.ident;
        let c_parameters = method.c_parameters();
        let c_return = method.c_return();
        let (before, after): (Vec<_>, Vec<_>) = method.parameters.iter().map(Parameter::receive).unzip();
        let arguments: Vec<_> = method
            .parameters
            .iter()
            .map(Parameter::receive_argument)
            .collect();
        let call = quote!(<T as #name>::#ident(instance, #(#arguments),*));
        let body = match &method.returns {
            Returns::Status => quote! {
                ::jackfield_abi::shell::guard::<T>(this, |instance| {
                    #(#before)* #call?; #(#after)* ::core::result::Result::Ok(())
                })
            },
            Returns::StatusAnd(_) => quote! {
                ::jackfield_abi::shell::guard::<T>(this, |instance| {
                    #(#before)* let value = #call?; #(#after)*
                    ::jackfield_abi::cross::copy_out(&value, out);
                    ::core::result::Result::Ok(())
                })
            },
            Returns::Nothing => quote! {
                ::jackfield_abi::shell::guard::<T>(this, |instance| {
                    #(#before)* #call; #(#after)* ::core::result::Result::Ok(())
                });
            },
            Returns::Value(ty) => quote! {
                let mut result = <<#ty as ::jackfield_abi::Scalar>::Raw as ::core::default::Default>::default();
                ::jackfield_abi::shell::guard::<T>(this, |instance| {
                    #(#before)* result = ::jackfield_abi::Scalar::into_raw(#call); #(#after)* ::core::result::Result::Ok(())
                });
                result
            },
        };
        quote! {
            pub(super) unsafe extern "C" fn #ident<T: #name + 'static>(this: *mut ::core::ffi::c_void, #(#c_parameters),*) -> #c_return {
                // SAFETY: the host keeps the contract of the header: `this` is ours and not used elsewhere at the same time, and
                // every pointer is valid for the length that comes with it until we return.
                unsafe { #body }
            }
        }
    }

    fn proxy(&self) -> Result<TokenStream> {
        let (name, table, export, proxy) = (
            &self.item.ident,
            self.ident("Table"),
            self.ident("Export"),
            self.ident("Proxy"),
        );
        let methods = self
            .methods
            .iter()
            .map(proxy_method)
            .collect::<Result<Vec<_>>>()?;
        let required: Vec<_> = self
            .methods
            .iter()
            .filter(|m| m.body.is_none())
            .map(|m| &m.ident)
            .collect();
        let required_texts: Vec<_> = required.iter().map(ToString::to_string).collect();
        let (module_field, module_import, module_use) = if self.options.module {
            (quote!(), quote!(), quote!())
        } else {
            (
                quote!(pub(super) module: ::jackfield_core::module::ModuleProxy,),
                quote! {
                    let module = <::jackfield_core::module::ModuleProxy as ::jackfield_abi::Import>::import(
                        ::jackfield_abi::InstanceRaw { this: instance.this, table: table.head.module }
                    )?.borrowed();
                },
                quote!(module,),
            )
        };
        let borrowed = if self.options.module {
            quote! {
                /// The same instance without the right to destroy it; for the proxies of other areas, whichever crate they stand in.
                #[doc(hidden)]
                pub fn borrowed(mut self) -> Self {
                    self.instance.disown();
                    self
                }
            }
        } else {
            quote!()
        };
        Ok(quote! {
            /// An instance behind a table, as a host sees it.
            pub struct #proxy {
                #module_field
                instance: ::jackfield_abi::Instance,
                table: #table,
            }

            impl #proxy {
                /// Puts `value` behind the table: what a plugin file does, without the file.
                pub fn local<T: #name + 'static>(value: T) -> Self {
                    // SAFETY: the export's own table and an instance made for it.
                    match unsafe { <Self as ::jackfield_abi::Import>::import(#export::<T>::instance(value)) } {
                        ::core::result::Result::Ok(proxy) => proxy,
                        ::core::result::Result::Err(_) => unreachable!("a table of this very build"),
                    }
                }

                /// Puts a way to another process behind the wire's table. At most `records` bytes of callbacks are taken from one call.
                pub fn remote(channel: ::std::boxed::Box<dyn ::jackfield_abi::wire::Channel>, records: usize) -> Self {
                    let instance = ::jackfield_abi::InstanceRaw {
                        this: ::jackfield_abi::wire::Remote::into_raw(channel, records),
                        table: ::core::ptr::from_ref(WIRE_TABLE).cast(),
                    };
                    // SAFETY: the wire's own table and what was made for it.
                    match unsafe { <Self as ::jackfield_abi::Import>::import(instance) } {
                        ::core::result::Result::Ok(proxy) => proxy,
                        ::core::result::Result::Err(_) => unreachable!("a table of this very build"),
                    }
                }

                /// The fault that this instance reported last, with its whole text. Allocates. [control]
                pub fn last_fault(&mut self) -> ::core::option::Option<::jackfield_abi::Fault> {
                    self.instance.last_fault()
                }

                #borrowed
            }

            impl ::jackfield_abi::Import for #proxy {
                unsafe fn import(
                    instance: ::jackfield_abi::InstanceRaw,
                ) -> ::core::result::Result<Self, ::jackfield_abi::ImportError> {
                    // SAFETY: as the caller vouches, `instance.table` is a table that starts with its head.
                    let table: #table = unsafe { ::jackfield_abi::cross::import_area_table(instance.table, &SHAPE)? };
                    #(
                        if table.#required.is_none() {
                            return ::core::result::Result::Err(::jackfield_abi::ImportError::missing(SHAPE.id, #required_texts));
                        }
                    )*
                    // SAFETY: the head of the same table.
                    unsafe {
                        #module_import
                        let instance = ::jackfield_abi::Instance::own(instance.this, &table.head);
                        ::core::result::Result::Ok(Self { #module_use instance, table })
                    }
                }
            }

            impl #name for #proxy {
                #(#methods)*
            }
        })
    }

    fn shape(&self) -> Result<TokenStream> {
        let id = &self.options.id;
        let table = self.ident("Table");
        let c_name = format!("jf_{}", snake(&self.item.ident.to_string()));
        let docs = doc_lines(&self.item.attrs).join("\n");
        let revision = self.revision();
        let methods = self
            .methods
            .iter()
            .map(Method::shape)
            .collect::<Result<Vec<_>>>()?;
        // The size that the table had at each revision: where the first method of a later one begins.
        let sizes = (1..=revision).map(|r| match self.methods.iter().find(|m| m.since > r) {
            Some(method) => {
                let ident = &method.ident;
                quote!(::core::mem::offset_of!(#table, #ident))
            }
            None => quote!(::core::mem::size_of::<#table>()),
        });
        Ok(quote! {
            pub const SHAPE: ::jackfield_abi::shape::AreaShape = ::jackfield_abi::shape::AreaShape {
                id: #id, c_name: #c_name, docs: #docs, revision: #revision,
                methods: &[#(#methods),*], sizes: &[#(#sizes),*],
            };
        })
    }

    fn proof(&self) -> TokenStream {
        let id = &self.options.id;
        let texts: Vec<_> = self.methods.iter().map(|m| m.ident.to_string()).collect();
        let signatures: Vec<_> = self
            .methods
            .iter()
            .map(|m| format_ident!("Signature_{}", m.ident))
            .collect();
        let proof_types: Vec<_> = self.methods.iter().map(Method::proof_types).collect();
        let returns: Vec<_> = self.methods.iter().map(Method::c_return).collect();
        let parameters = || self.methods.iter().flat_map(|m| &m.parameters);
        let structs = parameters().filter_map(Parameter::struct_proof);
        let never_grow = parameters().filter_map(Parameter::never_grows);
        let callbacks = parameters().filter_map(|parameter| match &parameter.passing {
            Passing::Callback(path) => {
                let raw = raw_path(path);
                Some(quote!(#raw::PROOF))
            }
            _ => None,
        });
        quote! {
            #(#never_grow)*

            #(
                #[repr(transparent)]
                #[derive(::abi_stable::StableAbi)]
                pub struct #signatures(pub unsafe extern "C" fn(*mut ::core::ffi::c_void, #(#proof_types),*) -> #returns);
            )*

            pub static PROOF: ::jackfield_abi::proof::AreaProof = ::jackfield_abi::proof::AreaProof {
                id: ::abi_stable::std_types::RStr::from_str(#id),
                methods: ::abi_stable::std_types::RSlice::from_slice(&[#(
                    ::jackfield_abi::proof::MethodProof {
                        name: ::abi_stable::std_types::RStr::from_str(#texts),
                        layout: <#signatures as ::abi_stable::StableAbi>::LAYOUT,
                    }
                ),*]),
                structs: ::abi_stable::std_types::RSlice::from_slice(&[#(#structs),*]),
                callbacks: ::abi_stable::std_types::RSlice::from_slice(&[#(#callbacks),*]),
            };
        }
    }
}

fn default_ident(ident: &Ident) -> Ident {
    format_ident!("__default_{ident}")
}

/// The method of the importing proxy.
fn proxy_method(method: &Method) -> Result<TokenStream> {
    let ident = &method.ident;
    let class = method.thread_class()?;
    let parameters = method.parameters.iter().map(|p| {
        let (ident, ty) = (&p.ident, &p.ty);
        quote!(#ident: #ty)
    });
    let names: Vec<_> = method.parameters.iter().map(|p| &p.ident).collect();
    let absent = if method.body.is_some() {
        let default = default_ident(ident);
        quote!(return self.#default(#(#names),*))
    } else {
        // `import` refused tables without it.
        quote!(unreachable!("checked on import"))
    };
    let (before, arguments): (Vec<_>, Vec<_>) = method.parameters.iter().map(Parameter::send).unzip();
    let arguments: Vec<_> = arguments.into_iter().flatten().collect();
    let (returns, call) = match &method.returns {
        Returns::Nothing => (quote!(), quote!(function(self.instance.this(), #(#arguments),*))),
        Returns::Value(ty) => (
            quote!(-> #ty),
            quote!(::jackfield_abi::Scalar::from_raw(function(self.instance.this(), #(#arguments),*))),
        ),
        Returns::Status => (
            quote!(-> ::core::result::Result<(), ::jackfield_abi::Fault>),
            quote! {
                let status = function(self.instance.this(), #(#arguments),*);
                self.instance.result(status, #class)
            },
        ),
        Returns::StatusAnd(ty) => (
            quote!(-> ::core::result::Result<#ty, ::jackfield_abi::Fault>),
            quote! {
                let mut value = ::jackfield_abi::cross::blank::<#ty>();
                let status = function(self.instance.this(), #(#arguments,)* value.as_mut_ptr());
                self.instance.result(status, #class)?;
                ::core::result::Result::Ok(value.assume_init())
            },
        ),
    };
    Ok(quote! {
        #[inline]
        fn #ident(&mut self, #(#parameters),*) #returns {
            ::jackfield_abi::thread::check(#class);
            let ::core::option::Option::Some(function) = self.table.#ident else { #absent };
            #(#before)*
            // SAFETY: the table was checked on import, `this` is its instance, `&mut self` keeps other calls out, and every pointer
            // outlives the call. Plain old data is valid when zeroed.
            unsafe { #call }
        }
    })
}
