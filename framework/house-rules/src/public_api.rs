//! The public items of a crate as text, one on a line, so that a change of them is seen in the change that causes it.
//!
//! It reads sources, not what the compiler makes of them: re-exports are listed as they are written, and what a macro makes is not. That is
//! enough to notice a method that is gone or has another signature.

use quote::ToTokens;
use syn::{Fields, ImplItem, Item, TraitItem, Visibility};

/// The public items of a source file, each behind the name of its module.
///
/// # Errors
/// If it is no Rust.
pub fn of_file(module: &str, text: &str) -> Result<Vec<String>, syn::Error> {
    let mut lines = Vec::new();
    items(module, &syn::parse_file(text)?.items, &mut lines);
    Ok(lines)
}

fn items(module: &str, of: &[Item], lines: &mut Vec<String>) {
    let mut line = |text: String| lines.push(format!("{module}: {text}"));
    for item in of {
        match item {
            Item::Fn(item) if is_public(&item.vis) => line(format!("pub {}", words(&item.sig))),
            Item::Const(item) if is_public(&item.vis) => {
                line(format!("pub const {}: {}", item.ident, words(&item.ty)));
            }
            Item::Static(item) if is_public(&item.vis) => {
                line(format!("pub static {}: {}", item.ident, words(&item.ty)));
            }
            Item::Type(item) if is_public(&item.vis) => {
                line(format!(
                    "pub type {}{} = {}",
                    item.ident,
                    words(&item.generics),
                    words(&item.ty)
                ));
            }
            Item::Use(item) if is_public(&item.vis) => line(format!("pub use {}", words(&item.tree))),
            Item::Struct(item) if is_public(&item.vis) => {
                line(format!("pub struct {}{}", item.ident, words(&item.generics)));
                fields(&item.ident.to_string(), &item.fields, false, &mut line);
            }
            Item::Enum(item) if is_public(&item.vis) => {
                line(format!("pub enum {}{}", item.ident, words(&item.generics)));
                for variant in &item.variants {
                    let value = variant
                        .discriminant
                        .as_ref()
                        .map_or_else(String::new, |(_, value)| format!(" = {}", words(value)));
                    let name = format!("{}::{}", item.ident, variant.ident);
                    line(format!("{name}{value}"));
                    fields(&name, &variant.fields, true, &mut line);
                }
            }
            Item::Trait(item) if is_public(&item.vis) => {
                line(format!(
                    "pub trait {}{}: {}",
                    item.ident,
                    words(&item.generics),
                    words(&item.supertraits)
                ));
                for part in &item.items {
                    match part {
                        TraitItem::Fn(method) => {
                            let given = if method.default.is_some() {
                                " (default)"
                            } else {
                                ""
                            };
                            line(format!("{}::{}{given}", item.ident, words(&method.sig)));
                        }
                        TraitItem::Const(constant) => {
                            line(format!(
                                "{}::const {}: {}",
                                item.ident,
                                constant.ident,
                                words(&constant.ty)
                            ));
                        }
                        TraitItem::Type(kind) => {
                            line(format!(
                                "{}::type {}: {}",
                                item.ident,
                                kind.ident,
                                words(&kind.bounds)
                            ));
                        }
                        _ => {}
                    }
                }
            }
            Item::Impl(item) if item.trait_.is_none() => {
                let owner = words(&item.self_ty);
                for part in &item.items {
                    match part {
                        ImplItem::Fn(method) if is_public(&method.vis) => {
                            line(format!("{owner}::pub {}", words(&method.sig)));
                        }
                        ImplItem::Const(constant) if is_public(&constant.vis) => {
                            line(format!(
                                "{owner}::pub const {}: {}",
                                constant.ident,
                                words(&constant.ty)
                            ));
                        }
                        _ => {}
                    }
                }
            }
            Item::Impl(item) => {
                if let Some((_, of, _)) = &item.trait_ {
                    line(format!("impl {} for {}", words(of), words(&item.self_ty)));
                }
            }
            _ => {}
        }
    }
}

fn fields(owner: &str, of: &Fields, all: bool, line: &mut impl FnMut(String)) {
    for (index, field) in of.iter().enumerate() {
        if all || is_public(&field.vis) {
            let name = field
                .ident
                .as_ref()
                .map_or_else(|| index.to_string(), ToString::to_string);
            line(format!("{owner}.{name}: {}", words(&field.ty)));
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn words(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    text.replace(" :: ", "::")
        .replace(" <", "<")
        .replace("< ", "<")
        .replace(" >", ">")
        .replace(" ,", ",")
        .replace(" (", "(")
        .replace("( ", "(")
        .replace(" )", ")")
        .replace(" :", ":")
        .replace("& ", "&")
        .replace(" ;", ";")
}
