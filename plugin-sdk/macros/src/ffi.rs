//! `#[ffi]`, `#[ffi_enum]`, `#[scalar]`: types that may cross.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{Error, Fields, Ident, ItemEnum, ItemStruct, Result};

use crate::types::{doc_lines, snake};

pub(crate) fn expand_struct(attributes: &TokenStream, item: TokenStream) -> Result<TokenStream> {
    let grows = match attributes.to_string().as_str() {
        "" => false,
        "grows" => true,
        _ => return Err(Error::new(attributes.span(), "expected #[ffi] or #[ffi(grows)]")),
    };
    let item: ItemStruct = syn::parse2(item)?;
    let Fields::Named(fields) = &item.fields else {
        return Err(Error::new(item.span(), "a struct that crosses has named fields"));
    };
    for field in &fields.named {
        if let Some(cfg) = field.attrs.iter().find(|a| a.path().is_ident("cfg")) {
            return Err(Error::new(
                cfg.span(),
                "a layout is the same everywhere: cfg is not allowed here",
            ));
        }
    }
    if grows {
        let first = fields
            .named
            .first()
            .map(|f| (f.ident.as_ref().expect("named").to_string(), &f.ty));
        let fits =
            first.is_some_and(|(name, ty)| name.starts_with("size") && quote!(#ty).to_string() == "u32");
        if !fits {
            return Err(Error::new(
                item.span(),
                "a growing struct starts with its size: `pub size: u32`",
            ));
        }
    }
    let name = &item.ident;
    let c_name = format!("jf_{}_t", snake(&name.to_string()));
    let docs = doc_lines(&item.attrs).join("\n");
    let names: Vec<&Ident> = fields
        .named
        .iter()
        .map(|f| f.ident.as_ref().expect("named"))
        .collect();
    let types: Vec<_> = fields.named.iter().map(|f| &f.ty).collect();
    let field_shapes = fields.named.iter().map(|field| {
        let (ident, ty) = (field.ident.as_ref().expect("named"), &field.ty);
        let (text, docs) = (ident.to_string(), doc_lines(&field.attrs).join("\n"));
        quote! {
            ::jackfield_abi::shape::FieldShape {
                name: #text, docs: #docs, shape: <#ty as ::jackfield_abi::Pod>::SHAPE,
                offset: ::core::mem::offset_of!(#name, #ident),
            }
        }
    });
    let opaque = format_ident!("__{name}Grows");
    let (proof_type, proof_item, struct_proof) = if grows {
        let texts: Vec<String> = names.iter().map(ToString::to_string).collect();
        let name_text = name.to_string();
        (
            quote!(#opaque),
            quote! {
                #[doc(hidden)]
                #[repr(C)]
                #[derive(Clone, Copy, Debug, ::abi_stable::StableAbi)]
                pub struct #opaque {
                    size: u32,
                }
            },
            quote! {
                ::core::option::Option::Some(&::jackfield_abi::proof::StructProof {
                    name: ::abi_stable::std_types::RStr::from_str(#name_text),
                    fields: ::abi_stable::std_types::RSlice::from_slice(&[#(
                        ::jackfield_abi::proof::FieldProof {
                            name: ::abi_stable::std_types::RStr::from_str(#texts),
                            offset: ::core::mem::offset_of!(#name, #names),
                            layout: <#types as ::abi_stable::StableAbi>::LAYOUT,
                        }
                    ),*]),
                })
            },
        )
    } else {
        (quote!(Self), quote!(), quote!(::core::option::Option::None))
    };
    Ok(quote! {
        #[repr(C)]
        #[derive(Clone, Copy, Debug, PartialEq, ::abi_stable::StableAbi)]
        #item
        #proof_item

        const _: () = {
            assert!(
                ::core::mem::size_of::<#name>() == 0 #(+ ::core::mem::size_of::<#types>())*,
                "a struct that crosses has no hidden padding: write it out as reserved fields"
            );
            assert!(::core::mem::align_of::<#name>() <= 16);
            assert!(
                true #(&& !<#types as ::jackfield_abi::Pod>::GROWS)*,
                "a growing struct cannot be a field: what stands behind it would move"
            );
        };

        // SAFETY: repr(C), every field is Pod, and the assertion above shows that there is no padding.
        #[allow(unsafe_code)]
        unsafe impl ::jackfield_abi::Pod for #name {
            type Proof = #proof_type;
            const GROWS: bool = #grows;
            const SHAPE: &'static ::jackfield_abi::shape::Shape =
                &::jackfield_abi::shape::Shape::Struct(&::jackfield_abi::shape::StructShape {
                    c_name: #c_name,
                    docs: #docs,
                    grows: #grows,
                    size: ::core::mem::size_of::<#name>(),
                    fields: &[#(#field_shapes),*],
                });
            const STRUCT_PROOF: ::core::option::Option<&'static ::jackfield_abi::proof::StructProof> = #struct_proof;
        }
    })
}

pub(crate) fn expand_enum(item: TokenStream) -> Result<TokenStream> {
    let item: ItemEnum = syn::parse2(item)?;
    let (attributes, visibility, name) = (&item.attrs, &item.vis, &item.ident);
    let c_name = format!("jf_{}_t", snake(&name.to_string()));
    let docs = doc_lines(attributes).join("\n");
    let mut constants = Vec::new();
    let mut arms = Vec::new();
    let mut values = Vec::new();
    for variant in &item.variants {
        let Some((_, value)) = &variant.discriminant else {
            return Err(Error::new(
                variant.span(),
                "give every value its number: it is part of the ABI",
            ));
        };
        let (ident, attributes) = (&variant.ident, &variant.attrs);
        let text = ident.to_string();
        let docs = doc_lines(attributes).join("\n");
        constants.push(quote!(#(#attributes)* pub const #ident: Self = Self(#value);));
        arms.push(quote!(#value => f.write_str(#text)));
        values.push(quote!(::jackfield_abi::shape::EnumValue { name: #text, value: #value, docs: #docs }));
    }
    let scalar = scalar_impl(
        name,
        &quote!(u32),
        &quote!(::jackfield_abi::shape::Shape::Enum(&::jackfield_abi::shape::EnumShape {
            c_name: #c_name, docs: #docs, values: &[#(#values),*],
        })),
    );
    Ok(quote! {
        #(#attributes)*
        #[repr(transparent)]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, ::abi_stable::StableAbi)]
        #visibility struct #name(pub u32);

        #[allow(non_upper_case_globals)]
        impl #name {
            #(#constants)*
        }

        impl ::core::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self.0 {
                    #(#arms,)*
                    other => write!(f, "{}({other})", stringify!(#name)),
                }
            }
        }

        #scalar
    })
}

pub(crate) fn expand_scalar(item: TokenStream) -> Result<TokenStream> {
    let item: ItemStruct = syn::parse2(item)?;
    let Fields::Unnamed(fields) = &item.fields else {
        return Err(Error::new(item.span(), "a scalar is a newtype around one number"));
    };
    let Some(field) = fields.unnamed.first().filter(|_| fields.unnamed.len() == 1) else {
        return Err(Error::new(item.span(), "a scalar is a newtype around one number"));
    };
    let (name, raw) = (&item.ident, &field.ty);
    let c_name = format!("jf_{}_t", snake(&name.to_string()));
    let docs = doc_lines(&item.attrs).join("\n");
    let scalar = scalar_impl(
        name,
        &quote!(#raw),
        &quote!(::jackfield_abi::shape::Shape::Newtype(&::jackfield_abi::shape::NewtypeShape {
            c_name: #c_name, docs: #docs, raw: <#raw as ::jackfield_abi::Pod>::SHAPE,
        })),
    );
    Ok(quote! {
        #[repr(transparent)]
        #[derive(::abi_stable::StableAbi)]
        #item
        #scalar
    })
}

fn scalar_impl(name: &Ident, raw: &TokenStream, shape: &TokenStream) -> TokenStream {
    quote! {
        impl ::jackfield_abi::Scalar for #name {
            type Raw = #raw;
            fn into_raw(self) -> #raw {
                self.0
            }
            fn from_raw(raw: #raw) -> Self {
                Self(raw)
            }
        }

        // SAFETY: repr(transparent) around a number; every bit pattern is a value.
        #[allow(unsafe_code)]
        unsafe impl ::jackfield_abi::Pod for #name {
            type Proof = Self;
            const GROWS: bool = false;
            const SHAPE: &'static ::jackfield_abi::shape::Shape = &#shape;
            const STRUCT_PROOF: ::core::option::Option<&'static ::jackfield_abi::proof::StructProof> =
                ::core::option::Option::None;
        }
    }
}
