//! How Rust types of a boundary method become C types, in one place for areas and callbacks.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, Expr, FnArg, Ident, Lit, Meta, Pat, PathArguments, Result, ReturnType, TraitItemFn,
    Type,
};

/// The text of the doc comments, one line, or with line breaks kept for headers.
pub(crate) fn doc_text(attributes: &[Attribute]) -> String {
    doc_lines(attributes).join(" ").trim().to_owned()
}

/// How a method's docs begin to name the thread class that it is called on, and that class as a variant of
/// `jackfield_abi::thread::Class`.
const THREAD_TAGS: [(&str, &str); 4] = [
    ("[control", "Control"),
    ("[audio", "Audio"),
    ("[network", "Network"),
    ("[any", "Any"),
];

/// Sets the thread tags in a method's docs as code: rustdoc would take them for links.
pub(crate) fn tags_as_code(attributes: &mut [Attribute]) {
    for attribute in attributes.iter_mut().filter(|a| a.path().is_ident("doc")) {
        let Meta::NameValue(pair) = &mut attribute.meta else {
            continue;
        };
        let Expr::Lit(literal) = &mut pair.value else {
            continue;
        };
        let Lit::Str(text) = &mut literal.lit else {
            continue;
        };
        let value = text.value();
        let tag = THREAD_TAGS.iter().find_map(|(tag, _)| value.find(tag));
        let Some((before, after)) = tag.map(|at| value.split_at(at)) else {
            continue;
        };
        if let Some((inside, rest)) = after.split_once(']') {
            *text = syn::LitStr::new(&format!("{before}`{inside}]`{rest}"), text.span());
        }
    }
}

/// What stands behind it in a doc comment is Rust, and nothing for a C header.
const EXAMPLE: &str = "# Example";

/// The lines of the doc comments, without the example.
pub(crate) fn doc_lines(attributes: &[Attribute]) -> Vec<String> {
    let lines = attributes
        .iter()
        .filter(|a| a.path().is_ident("doc"))
        .filter_map(|a| match &a.meta {
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(text) => Some(text.value().trim().to_owned()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
    let mut lines: Vec<String> = lines.take_while(|line| line != EXAMPLE).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// `AudioProcessor` → `audio_processor`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::new();
    for (i, c) in name.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// One method of an area or callback, taken apart.
pub(crate) struct Method {
    pub(crate) ident: Ident,
    pub(crate) docs: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) returns: Returns,
    pub(crate) since: u32,
    pub(crate) body: Option<syn::Block>,
    pub(crate) span: Span,
}

pub(crate) struct Parameter {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) passing: Passing,
}

/// How a parameter crosses.
pub(crate) enum Passing {
    Value,
    Ref(Type),
    RefMut(Type),
    Slice(Type),
    SliceMut(Type),
    Str,
    Callback(syn::Path),
}

/// What a method gives.
pub(crate) enum Returns {
    Nothing,
    Value(Type),
    Status,
    StatusAnd(Type),
}

impl Method {
    pub(crate) fn of(item: &TraitItemFn) -> Result<Self> {
        let signature = &item.sig;
        if let Some(cfg) = item.attrs.iter().find(|a| a.path().is_ident("cfg")) {
            return Err(Error::new(
                cfg.span(),
                "a table has the same methods everywhere: cfg is not allowed here",
            ));
        }
        if signature.asyncness.is_some() || !signature.generics.params.is_empty() {
            return Err(Error::new(
                signature.span(),
                "a boundary method is neither async nor generic",
            ));
        }
        let mut inputs = signature.inputs.iter();
        match inputs.next() {
            Some(FnArg::Receiver(receiver))
                if receiver.reference.is_some() && receiver.mutability.is_some() => {}
            _ => {
                return Err(Error::new(
                    signature.span(),
                    "a boundary method takes `&mut self`",
                ));
            }
        }
        let parameters = inputs.map(Parameter::of).collect::<Result<Vec<_>>>()?;
        let since = match item.attrs.iter().find(|a| a.path().is_ident("since")) {
            Some(attribute) => attribute.parse_args::<syn::LitInt>()?.base10_parse()?,
            None => 1,
        };
        if since > 1 && item.default.is_none() {
            return Err(Error::new(
                signature.span(),
                "an appended method needs a body: older plugins lack it",
            ));
        }
        Ok(Self {
            ident: signature.ident.clone(),
            docs: doc_lines(&item.attrs).join("\n"),
            parameters,
            returns: Returns::of(&signature.output)?,
            since,
            body: item.default.clone(),
            span: signature.span(),
        })
    }

    /// The thread class that the docs name in brackets, as a variant of `jackfield_abi::thread::Class`.
    pub(crate) fn thread_class(&self) -> Result<TokenStream> {
        for (tag, class) in THREAD_TAGS {
            if self.docs.contains(tag) {
                let class = format_ident!("{class}");
                return Ok(quote!(::jackfield_abi::thread::Class::#class));
            }
        }
        Err(Error::new(
            self.span,
            "say on which thread it is called: [control], [audio], [network] or [any] in its doc comment",
        ))
    }

    /// The parameters of the C function after `this`.
    pub(crate) fn c_parameters(&self) -> Vec<TokenStream> {
        let mut out: Vec<_> = self.parameters.iter().flat_map(Parameter::c_parameters).collect();
        if let Returns::StatusAnd(ty) = &self.returns {
            out.push(quote!(out: *mut #ty));
        }
        out
    }

    /// The C types after `this`, without names, with growing structs made opaque: what the layout proof compares.
    pub(crate) fn proof_types(&self) -> Vec<TokenStream> {
        let mut out: Vec<_> = self.parameters.iter().flat_map(Parameter::proof_types).collect();
        if let Returns::StatusAnd(ty) = &self.returns {
            out.push(quote!(*mut <#ty as ::jackfield_abi::Pod>::Proof));
        }
        out
    }

    pub(crate) fn c_return(&self) -> TokenStream {
        match &self.returns {
            Returns::Nothing => quote!(()),
            Returns::Value(ty) => quote!(<#ty as ::jackfield_abi::Scalar>::Raw),
            Returns::Status | Returns::StatusAnd(_) => quote!(i32),
        }
    }

    /// `MethodShape { … }`.
    pub(crate) fn shape(&self) -> Result<TokenStream> {
        let name = self.ident.to_string();
        let (docs, since, optional) = (&self.docs, self.since, self.body.is_some());
        let parameters = self.parameters.iter().map(|p| {
            let (name, passing) = (p.ident.to_string(), p.passing_shape());
            quote!(::jackfield_abi::shape::ParameterShape { name: #name, passing: #passing })
        });
        let returns = match &self.returns {
            Returns::Nothing => quote!(::jackfield_abi::shape::Returns::Nothing),
            Returns::Value(ty) => {
                quote!(::jackfield_abi::shape::Returns::Value(<#ty as ::jackfield_abi::Pod>::SHAPE))
            }
            Returns::Status => quote!(::jackfield_abi::shape::Returns::Status),
            Returns::StatusAnd(ty) => {
                quote!(::jackfield_abi::shape::Returns::StatusAnd(<#ty as ::jackfield_abi::Pod>::SHAPE))
            }
        };
        Ok(quote! {
            ::jackfield_abi::shape::MethodShape {
                name: #name, docs: #docs, since: #since, optional: #optional,
                parameters: &[#(#parameters),*], returns: #returns,
            }
        })
    }
}

impl Parameter {
    fn of(argument: &FnArg) -> Result<Self> {
        let FnArg::Typed(typed) = argument else {
            return Err(Error::new(argument.span(), "unexpected self"));
        };
        let Pat::Ident(pattern) = &*typed.pat else {
            return Err(Error::new(typed.pat.span(), "name the parameter"));
        };
        let passing = Passing::of(&typed.ty)?;
        Ok(Self {
            ident: pattern.ident.clone(),
            ty: (*typed.ty).clone(),
            passing,
        })
    }

    fn c_parameters(&self) -> Vec<TokenStream> {
        let name = &self.ident;
        let len = self.len_ident();
        match &self.passing {
            Passing::Value => {
                let ty = &self.ty;
                vec![quote!(#name: <#ty as ::jackfield_abi::Scalar>::Raw)]
            }
            Passing::Ref(ty) => vec![quote!(#name: *const #ty)],
            Passing::RefMut(ty) => vec![quote!(#name: *mut #ty)],
            Passing::Slice(ty) => vec![quote!(#name: *const #ty), quote!(#len: usize)],
            Passing::SliceMut(ty) => vec![quote!(#name: *mut #ty), quote!(#len: usize)],
            Passing::Str => vec![quote!(#name: *const u8), quote!(#len: usize)],
            Passing::Callback(path) => {
                let raw = raw_path(path);
                vec![quote!(#name: *const #raw)]
            }
        }
    }

    fn proof_types(&self) -> Vec<TokenStream> {
        match &self.passing {
            Passing::Value => {
                let ty = &self.ty;
                vec![quote!(<#ty as ::jackfield_abi::Scalar>::Raw)]
            }
            Passing::Ref(ty) => vec![quote!(*const <#ty as ::jackfield_abi::Pod>::Proof)],
            Passing::RefMut(ty) => vec![quote!(*mut <#ty as ::jackfield_abi::Pod>::Proof)],
            Passing::Slice(ty) => vec![quote!(*const <#ty as ::jackfield_abi::Pod>::Proof), quote!(usize)],
            Passing::SliceMut(ty) => vec![quote!(*mut <#ty as ::jackfield_abi::Pod>::Proof), quote!(usize)],
            Passing::Str => vec![quote!(*const u8), quote!(usize)],
            Passing::Callback(_) => vec![quote!(*const ::core::ffi::c_void)],
        }
    }

    /// The proof of the struct that it points at, if it points at one.
    pub(crate) fn struct_proof(&self) -> Option<TokenStream> {
        match &self.passing {
            Passing::Ref(ty) | Passing::RefMut(ty) => {
                Some(quote!(<#ty as ::jackfield_abi::Pod>::STRUCT_PROOF))
            }
            _ => None,
        }
    }

    /// For a slice: the assertion that both sides agree on the distance of its elements.
    pub(crate) fn never_grows(&self) -> Option<TokenStream> {
        match &self.passing {
            Passing::Slice(ty) | Passing::SliceMut(ty) => Some(quote! {
                const _: () = assert!(
                    !<#ty as ::jackfield_abi::Pod>::GROWS,
                    "a growing struct cannot be the element of a slice: make it #[ffi] without `grows`"
                );
            }),
            _ => None,
        }
    }

    fn passing_shape(&self) -> TokenStream {
        let ty = &self.ty;
        match &self.passing {
            Passing::Value => {
                quote!(::jackfield_abi::shape::Passing::Value(<#ty as ::jackfield_abi::Pod>::SHAPE))
            }
            Passing::Ref(ty) => {
                quote!(::jackfield_abi::shape::Passing::Ref(<#ty as ::jackfield_abi::Pod>::SHAPE))
            }
            Passing::RefMut(ty) => {
                quote!(::jackfield_abi::shape::Passing::RefMut(<#ty as ::jackfield_abi::Pod>::SHAPE))
            }
            Passing::Slice(ty) => {
                quote!(::jackfield_abi::shape::Passing::Slice(<#ty as ::jackfield_abi::Pod>::SHAPE))
            }
            Passing::SliceMut(ty) => {
                quote!(::jackfield_abi::shape::Passing::SliceMut(<#ty as ::jackfield_abi::Pod>::SHAPE))
            }
            Passing::Str => quote!(::jackfield_abi::shape::Passing::Str),
            Passing::Callback(path) => {
                let raw = raw_path(path);
                quote!(::jackfield_abi::shape::Passing::Callback(&#raw::SHAPE))
            }
        }
    }

    /// The local that holds the length of a slice.
    pub(crate) fn len_ident(&self) -> Ident {
        format_ident!("{}_len", self.ident)
    }

    /// Statements of the callee that turn the C parameter into the Rust one, and statements to run after the call.
    pub(crate) fn receive(&self) -> (TokenStream, TokenStream) {
        let name = &self.ident;
        let len = self.len_ident();
        match &self.passing {
            Passing::Value => {
                let ty = &self.ty;
                (
                    quote!(let #name = <#ty as ::jackfield_abi::Scalar>::from_raw(#name);),
                    quote!(),
                )
            }
            Passing::Ref(ty) => (
                quote! {
                    let mut slot = ::core::mem::MaybeUninit::<#ty>::uninit();
                    let #name = ::jackfield_abi::cross::read_in(#name, &mut slot)?;
                },
                quote!(),
            ),
            Passing::RefMut(ty) => {
                let (place, slot) = (format_ident!("{name}_place"), format_ident!("{name}_slot"));
                (
                    quote! {
                        let #place = #name;
                        let mut #slot = ::core::mem::MaybeUninit::<#ty>::uninit();
                        let #name = ::jackfield_abi::cross::write_in(#place, &mut #slot)?;
                    },
                    quote!(::jackfield_abi::cross::write_back(#name, #place);),
                )
            }
            Passing::Slice(_) => (
                quote!(let #name = ::jackfield_abi::cross::slice(#name, #len)?;),
                quote!(),
            ),
            Passing::SliceMut(_) => (
                quote!(let #name = ::jackfield_abi::cross::slice_mut(#name, #len)?;),
                quote!(),
            ),
            Passing::Str => (
                quote!(let #name = ::jackfield_abi::cross::text(#name, #len)?;),
                quote!(),
            ),
            Passing::Callback(path) => {
                let remote = suffixed(path, "Remote");
                (quote!(let mut #name = #remote::import(#name)?;), quote!())
            }
        }
    }

    /// How the callee hands the local on.
    pub(crate) fn receive_argument(&self) -> TokenStream {
        let name = &self.ident;
        match &self.passing {
            Passing::RefMut(_) => quote!(&mut *#name),
            Passing::Callback(_) => quote!(&mut #name),
            _ => quote!(#name),
        }
    }

    /// A place for an argument that means nothing, and the C arguments.
    pub(crate) fn nothing(&self) -> (TokenStream, Vec<TokenStream>) {
        let name = &self.ident;
        let ty = &self.ty;
        match &self.passing {
            Passing::Value => (
                quote!(),
                vec![quote!(<<#ty as ::jackfield_abi::Scalar>::Raw as ::core::default::Default>::default())],
            ),
            Passing::Ref(ty) => (
                quote!(let #name = ::jackfield_abi::cross::blank::<#ty>();),
                vec![quote!(#name.as_ptr())],
            ),
            Passing::RefMut(ty) => (
                quote!(let mut #name = ::jackfield_abi::cross::blank::<#ty>();),
                vec![quote!(#name.as_mut_ptr())],
            ),
            Passing::Slice(_) | Passing::Str => (quote!(), vec![quote!(::core::ptr::null()), quote!(0)]),
            Passing::SliceMut(_) => (quote!(), vec![quote!(::core::ptr::null_mut()), quote!(0)]),
            Passing::Callback(path) => {
                let raw = raw_path(path);
                (
                    quote!(let #name = ::core::mem::MaybeUninit::<#raw>::zeroed();),
                    vec![quote!(#name.as_ptr())],
                )
            }
        }
    }

    /// Statements of the caller before the call, and the C arguments.
    pub(crate) fn send(&self) -> (TokenStream, Vec<TokenStream>) {
        let name = &self.ident;
        match &self.passing {
            Passing::Value => (quote!(), vec![quote!(::jackfield_abi::Scalar::into_raw(#name))]),
            Passing::Ref(ty) => (quote!(), vec![quote!(::core::ptr::from_ref::<#ty>(#name))]),
            Passing::RefMut(ty) => (quote!(), vec![quote!(::core::ptr::from_mut::<#ty>(#name))]),
            Passing::Slice(_) | Passing::Str => (quote!(), vec![quote!(#name.as_ptr()), quote!(#name.len())]),
            Passing::SliceMut(_) => {
                let len = self.len_ident();
                (
                    quote!(let #len = #name.len();),
                    vec![quote!(#name.as_mut_ptr()), quote!(#len)],
                )
            }
            Passing::Callback(path) => {
                let raw = raw_path(path);
                let wrapped = format_ident!("{name}_raw");
                (
                    quote! {
                        let mut #name: &mut dyn #path = #name;
                        let #wrapped = #raw::wrap(&mut #name);
                    },
                    vec![quote!(&raw const #wrapped)],
                )
            }
        }
    }
}

impl Passing {
    fn of(ty: &Type) -> Result<Self> {
        match ty {
            Type::Path(path) => {
                let last = path.path.segments.last().expect("a path has a segment");
                if !matches!(last.arguments, PathArguments::None) {
                    return Err(Error::new(
                        ty.span(),
                        "this type does not cross the boundary: use a slice, &str or an #[ffi] struct",
                    ));
                }
                Ok(Self::Value)
            }
            Type::Reference(reference) => {
                let mutable = reference.mutability.is_some();
                match &*reference.elem {
                    Type::Slice(slice) if mutable => Ok(Self::SliceMut((*slice.elem).clone())),
                    Type::Slice(slice) => Ok(Self::Slice((*slice.elem).clone())),
                    Type::Path(path) if path.path.is_ident("str") => Ok(Self::Str),
                    Type::TraitObject(object) if mutable => {
                        let bound = object.bounds.iter().find_map(|b| match b {
                            syn::TypeParamBound::Trait(bound) => Some(bound.path.clone()),
                            _ => None,
                        });
                        bound
                            .map(Self::Callback)
                            .ok_or_else(|| Error::new(ty.span(), "expected `&mut dyn Callback`"))
                    }
                    inner @ Type::Path(_) if mutable => Ok(Self::RefMut(inner.clone())),
                    inner @ Type::Path(_) => Ok(Self::Ref(inner.clone())),
                    _ => Err(Error::new(
                        ty.span(),
                        "this reference does not cross the boundary",
                    )),
                }
            }
            _ => Err(Error::new(ty.span(), "this type does not cross the boundary")),
        }
    }
}

impl Returns {
    fn of(output: &ReturnType) -> Result<Self> {
        let ReturnType::Type(_, ty) = output else {
            return Ok(Self::Nothing);
        };
        let Type::Path(path) = &**ty else {
            return Err(Error::new(
                ty.span(),
                "give nothing, a scalar, Result<(), Fault> or Result<T, Fault>",
            ));
        };
        let last = path.path.segments.last().expect("a path has a segment");
        if last.ident != "Result" {
            return Ok(Self::Value((**ty).clone()));
        }
        let PathArguments::AngleBracketed(arguments) = &last.arguments else {
            return Err(Error::new(ty.span(), "write Result<T, Fault>"));
        };
        match arguments.args.first() {
            Some(syn::GenericArgument::Type(Type::Tuple(tuple))) if tuple.elems.is_empty() => {
                Ok(Self::Status)
            }
            Some(syn::GenericArgument::Type(inner)) => Ok(Self::StatusAnd(inner.clone())),
            _ => Err(Error::new(ty.span(), "write Result<T, Fault>")),
        }
    }
}

/// `path::Sink` → `path::SinkRaw`.
pub(crate) fn raw_path(path: &syn::Path) -> syn::Path {
    suffixed(path, "Raw")
}

pub(crate) fn suffixed(path: &syn::Path, suffix: &str) -> syn::Path {
    let mut path = path.clone();
    let last = path.segments.last_mut().expect("a path has a segment");
    last.ident = format_ident!("{}{suffix}", last.ident);
    path
}
