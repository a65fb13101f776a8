//! `export!`: the entry of a plugin.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Path, Result, Token};

pub(crate) fn expand(item: TokenStream) -> Result<TokenStream> {
    let modules: Modules = syn::parse2(item)?;
    if modules.0.is_empty() {
        return Err(Error::new(
            proc_macro2::Span::call_site(),
            "name at least one: `AudioProcessor => Gain`",
        ));
    }
    // Several plugins can be linked into one program, so the symbol carries the crate's name; `.jf_meta` tells it to loaders.
    let krate = std::env::var("CARGO_CRATE_NAME").unwrap_or_else(|_| "plugin".to_owned());
    let symbol = format!("jf_plugin_entry_{krate}");
    let areas: Vec<_> = modules.0.iter().map(|m| &m.area).collect();
    let types: Vec<_> = modules.0.iter().map(|m| &m.implementation).collect();
    let exports: Vec<_> = areas
        .iter()
        .map(|path| {
            let mut path = (*path).clone();
            let last = path.segments.last_mut().expect("a path has a segment");
            last.ident = format_ident!("{}Export", last.ident);
            path
        })
        .collect();
    Ok(quote! {
        #[cfg(panic = "abort")]
        compile_error!("a plugin must be able to catch its panics: build it with panic = \"unwind\"");

        /// This plugin for hosts that link it into themselves.
        #[allow(unsafe_code, long_running_const_eval, clippy::all, clippy::pedantic)]
        pub const JACKFIELD_PLUGIN: ::jackfield_sdk::StaticPlugin = {
            use ::jackfield_sdk::abi as __abi;

            const DESCRIPTIONS: &[::jackfield_sdk::core::metadata::ModuleDescription] = &[#(
                ::jackfield_sdk::core::metadata::ModuleDescription {
                    area: <dyn #areas as __abi::Area>::SHAPE,
                    descriptor: &<#types as ::jackfield_sdk::core::module::Plugin>::DESCRIPTOR,
                    parameters: <<#types as ::jackfield_sdk::core::module::Plugin>::Parameters
                        as ::jackfield_sdk::core::parameter::Parameters>::PARAMETERS,
                    statistics: <#types as ::jackfield_sdk::core::module::Plugin>::STATISTICS,
                }
            ),*];
            const LENGTH: usize = ::jackfield_sdk::core::metadata::length(#symbol, DESCRIPTIONS);

            #[used]
            #[unsafe(link_section = ".jf_meta")]
            static METADATA: [u8; LENGTH] = ::jackfield_sdk::core::metadata::bytes(#symbol, DESCRIPTIONS);

            static MODULES: &[__abi::entry::ModuleRaw] = &[#(
                __abi::entry::ModuleRaw {
                    size: ::core::mem::size_of::<__abi::entry::ModuleRaw>() as u32,
                    reserved: 0,
                    area: __abi::StrRaw::new(<dyn #areas as __abi::Area>::SHAPE.id),
                    id: __abi::StrRaw::new(<#types as ::jackfield_sdk::core::module::Plugin>::DESCRIPTOR.id),
                    create: ::core::option::Option::Some(#exports::<#types>::create),
                }
            ),*];

            static PROOF: __abi::proof::Proof = __abi::proof::Proof::new(&[
                <dyn ::jackfield_sdk::core::module::Module as __abi::Area>::PROOF, #(<dyn #areas as __abi::Area>::PROOF),*
            ]);

            #[unsafe(export_name = #symbol)]
            static ENTRY: __abi::entry::EntryRaw = __abi::entry::EntryRaw::new(MODULES, &PROOF);

            ::jackfield_sdk::StaticPlugin { entry: &ENTRY, metadata: &METADATA }
        };
    })
}

struct Modules(Vec<Exported>);

struct Exported {
    area: Path,
    implementation: Path,
}

impl Parse for Modules {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Ok(Self(
            Punctuated::<Exported, Token![,]>::parse_terminated(input)?
                .into_iter()
                .collect(),
        ))
    }
}

impl Parse for Exported {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let area = input.parse()?;
        input.parse::<Token![=>]>()?;
        Ok(Self {
            area,
            implementation: input.parse()?,
        })
    }
}
