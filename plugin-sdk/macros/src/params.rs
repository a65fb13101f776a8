//! `#[derive(Params)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Expr, ExprArray, Field, Fields, Ident, LitStr, Result, Token};

use crate::types::doc_text;

pub(crate) fn expand(item: TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(item)?;
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(input.span(), "Params is derived for structs"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new(
            input.span(),
            "Params needs named fields: their names are the parameters' names",
        ));
    };
    let name = &input.ident;
    let mut descriptions = Vec::new();
    let mut defaults = Vec::new();
    let mut setters = Vec::new();
    let mut values = Vec::new();
    for (index, field) in (0_u32..).zip(&fields.named) {
        let one = Parameter::of(field)?;
        let (ident, description, default) = (one.ident, one.description, one.default);
        let (from, into) = one.conversions;
        descriptions.push(description);
        defaults.push(quote!(#ident: #default));
        setters.push(quote!(#index => self.#ident = #from));
        values.push(quote!(#index => { let value = self.#ident; #into }));
    }
    Ok(quote! {
        #[allow(clippy::all, clippy::pedantic)]
        const _: () = {
            use ::jackfield_sdk::core::parameter::{Parameter, ParameterKind, Parameters};
            let parameters: &[Parameter] = <#name as Parameters>::PARAMETERS;
            let mut i = 0;
            while i < parameters.len() {
                let (min, max) = match parameters[i].kind {
                    ParameterKind::Bool => (0.0, 1.0),
                    ParameterKind::Int { min, max } => (min as f64, max as f64),
                    ParameterKind::Float { min, max } => (min, max),
                    ParameterKind::Choice { names } => (0.0, names.len() as f64 - 1.0),
                    _ => (f64::NEG_INFINITY, f64::INFINITY),
                };
                assert!(
                    min <= parameters[i].default && parameters[i].default <= max,
                    "the default of a parameter lies between its `min` and `max`"
                );
                i += 1;
            }
        };

        #[allow(clippy::unnecessary_cast, clippy::cast_lossless)]
        impl ::jackfield_sdk::core::parameter::Parameters for #name {
            const PARAMETERS: &'static [::jackfield_sdk::core::parameter::Parameter] = &[#(#descriptions),*];
            fn defaults() -> Self {
                Self { #(#defaults),* }
            }
            fn set(&mut self, index: u32, value: f64) {
                match index {
                    #(#setters,)*
                    _ => {}
                }
            }
            fn value(&self, index: u32) -> f64 {
                match index {
                    #(#values)*
                    _ => 0.0,
                }
            }
        }
    })
}

struct Parameter<'a> {
    ident: &'a Ident,
    description: TokenStream,
    default: TokenStream,
    /// From `value: f64` to the field, and from the field's `value` to `f64`.
    conversions: (TokenStream, TokenStream),
}

impl<'a> Parameter<'a> {
    fn of(field: &'a Field) -> Result<Self> {
        let ident = field.ident.as_ref().expect("named field");
        let attribute = field
            .attrs
            .iter()
            .find(|a| a.path().is_ident("param"))
            .ok_or_else(|| {
                Error::new(
                    field.span(),
                    "write #[param(default = …, min = …, max = …)] on every field",
                )
            })?;
        let given: Given = attribute.parse_args()?;
        let ty = &field.ty;
        let type_name = quote!(#ty).to_string();
        let default = given
            .default
            .ok_or_else(|| Error::new(attribute.span(), "`default` is missing"))?;
        let range = || match (&given.min, &given.max) {
            (Some(min), Some(max)) => Ok((min.clone(), max.clone())),
            _ => Err(Error::new(attribute.span(), "`min` and `max` are missing")),
        };
        let kind_path = quote!(::jackfield_sdk::core::parameter::ParameterKind);
        let (kind, default_value, default_field, from, into) = match (type_name.as_str(), &given.choices) {
            ("bool", None) => (
                quote!(#kind_path::Bool),
                quote!(if #default { 1.0 } else { 0.0 }),
                quote!(#default),
                quote!(value >= 0.5),
                quote!(if value { 1.0 } else { 0.0 }),
            ),
            ("u32", Some(names)) => (
                quote!(#kind_path::Choice { names: &#names }),
                quote!((#default) as f64),
                quote!((#default) as u32),
                quote!(value as u32),
                quote!(value as f64),
            ),
            ("f32" | "f64", None) => {
                let (min, max) = range()?;
                (
                    quote!(#kind_path::Float { min: (#min) as f64, max: (#max) as f64 }),
                    quote!((#default) as f64),
                    quote!((#default) as #ty),
                    quote!(value as #ty),
                    quote!(f64::from(value)),
                )
            }
            ("i32" | "u32" | "i64", None) => {
                let (min, max) = range()?;
                (
                    quote!(#kind_path::Int { min: (#min) as i64, max: (#max) as i64 }),
                    quote!((#default) as f64),
                    quote!((#default) as #ty),
                    quote!(value as #ty),
                    quote!(value as f64),
                )
            }
            _ => {
                return Err(Error::new(
                    ty.span(),
                    "a parameter is f32, f64, i32, u32, i64, bool, or u32 with `choices`",
                ));
            }
        };
        let name = ident.to_string();
        let title = given.title.unwrap_or_else(|| name.replace('_', " "));
        let unit = given.unit.unwrap_or_default();
        let help = doc_text(&field.attrs);
        let description = quote! {
            ::jackfield_sdk::core::parameter::Parameter {
                name: #name, title: #title, help: #help, unit: #unit, kind: #kind, default: #default_value,
            }
        };
        Ok(Self {
            ident,
            description,
            default: default_field,
            conversions: (from, into),
        })
    }
}

#[derive(Default)]
struct Given {
    title: Option<String>,
    unit: Option<String>,
    min: Option<Expr>,
    max: Option<Expr>,
    default: Option<Expr>,
    choices: Option<ExprArray>,
}

impl Parse for Given {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut given = Self::default();
        for pair in Punctuated::<Pair, Token![,]>::parse_terminated(input)? {
            let text = |value: &Expr| -> Result<String> {
                let literal: LitStr = syn::parse2(quote!(#value))?;
                Ok(literal.value())
            };
            match pair.key.to_string().as_str() {
                "title" => given.title = Some(text(&pair.value)?),
                "unit" => given.unit = Some(text(&pair.value)?),
                "min" => given.min = Some(pair.value),
                "max" => given.max = Some(pair.value),
                "default" => given.default = Some(pair.value),
                "choices" => {
                    let value = pair.value;
                    given.choices = Some(syn::parse2(quote!(#value))?);
                }
                _ => {
                    return Err(Error::new(
                        pair.key.span(),
                        "expected title, unit, min, max, default or choices",
                    ));
                }
            }
        }
        Ok(given)
    }
}

struct Pair {
    key: Ident,
    value: Expr,
}

impl Parse for Pair {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok(Self {
            key,
            value: input.parse()?,
        })
    }
}
