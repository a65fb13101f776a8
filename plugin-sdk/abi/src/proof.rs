//! The layout proof of a Rust plugin: for each method of each table that it uses, what its compiler made of the signature, as
//! `abi_stable` describes it. The host compares it, method by method, with its own over the common prefix.
//!
//! It catches honest mistakes, such as an `f32` where a `u32` was; it proves nothing about behaviour and nothing against malice.

use abi_stable::abi_stability::abi_checking::{CheckingGlobals, check_layout_compatibility_with_globals};
use abi_stable::library::AbiHeader;
use abi_stable::std_types::{RSlice, RStr};
use abi_stable::type_layout::TypeLayout;

/// All proofs of a plugin.
#[repr(C)]
pub struct Proof {
    header: AbiHeader,
    size: u32,
    areas: RSlice<'static, &'static AreaProof>,
}

impl Proof {
    /// The proofs of these areas.
    pub const fn new(areas: &'static [&'static AreaProof]) -> Self {
        Self {
            header: AbiHeader::VALUE,
            size: size_of::<Self>() as u32,
            areas: RSlice::from_slice(areas),
        }
    }
}

/// The proof of one area.
#[repr(C)]
pub struct AreaProof {
    /// The area's id.
    pub id: RStr<'static>,
    /// One per method, in table order.
    pub methods: RSlice<'static, MethodProof>,
    /// The growing structs that the methods take.
    pub structs: RSlice<'static, Option<&'static StructProof>>,
    /// The callbacks that the methods take.
    pub callbacks: RSlice<'static, &'static CallbackProof>,
}

/// The proof of a callback table.
#[repr(C)]
pub struct CallbackProof {
    /// The callback's name.
    pub name: RStr<'static>,
    /// One per method, in table order.
    pub methods: RSlice<'static, MethodProof>,
    /// The growing structs that the methods take.
    pub structs: RSlice<'static, Option<&'static StructProof>>,
}

/// The proof of one method.
#[repr(C)]
pub struct MethodProof {
    /// The method's name.
    pub name: RStr<'static>,
    /// The signature.
    pub layout: &'static TypeLayout,
}

/// The proof of a struct that may grow.
#[repr(C)]
pub struct StructProof {
    /// The struct's name.
    pub name: RStr<'static>,
    /// Its fields.
    pub fields: RSlice<'static, FieldProof>,
}

/// The proof of one field.
#[repr(C)]
pub struct FieldProof {
    /// The field's name.
    pub name: RStr<'static>,
    /// Where it stands.
    pub offset: usize,
    /// Its type.
    pub layout: &'static TypeLayout,
}

/// What came of comparing a plugin's proof with ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every method and field that both sides know agrees.
    Agrees,
    /// The proof was made by another `abi_stable`, so nothing can be said.
    Unreadable,
}

/// Compares the proof of a plugin with ours, over the common prefix of each area that both know.
///
/// # Safety
/// `proof` came from the entry of a loaded plugin that is never unmapped.
///
/// # Errors
/// One line that names the first method or field that differs, and how.
pub unsafe fn compare(proof: &'static Proof, ours: &[&'static AreaProof]) -> Result<Verdict, String> {
    if !proof.header.is_valid() || (proof.size as usize) < size_of::<Proof>() {
        return Ok(Verdict::Unreadable);
    }
    for theirs in proof.areas.as_slice() {
        let Some(own) = ours.iter().find(|own| own.id == theirs.id) else {
            continue;
        };
        compare_methods(own.id.as_str(), own.methods.as_slice(), theirs.methods.as_slice())?;
        compare_structs(own.structs.as_slice(), theirs.structs.as_slice())?;
        for (own, theirs) in own.callbacks.as_slice().iter().zip(theirs.callbacks.as_slice()) {
            compare_methods(
                own.name.as_str(),
                own.methods.as_slice(),
                theirs.methods.as_slice(),
            )?;
            compare_structs(own.structs.as_slice(), theirs.structs.as_slice())?;
        }
    }
    Ok(Verdict::Agrees)
}

fn compare_methods(owner: &str, ours: &[MethodProof], theirs: &[MethodProof]) -> Result<(), String> {
    for (own, their) in ours.iter().zip(theirs) {
        if own.name != their.name {
            return Err(format!(
                "{owner}: expected method `{}`, found `{}`",
                own.name, their.name
            ));
        }
        if let Some(difference) = difference(own.layout, their.layout) {
            return Err(format!("{owner}: method `{}` differs: {difference}", own.name));
        }
    }
    Ok(())
}

/// The methods agree over the common prefix, so what they take stands in the same order on both sides.
fn compare_structs(ours: &[Option<&StructProof>], theirs: &[Option<&StructProof>]) -> Result<(), String> {
    ours.iter().zip(theirs).try_for_each(|pair| match pair {
        (Some(own), Some(their)) => compare_fields(own, their),
        _ => Ok(()),
    })
}

fn compare_fields(ours: &StructProof, theirs: &StructProof) -> Result<(), String> {
    for (own, their) in ours.fields.as_slice().iter().zip(theirs.fields.as_slice()) {
        if own.name != their.name {
            return Err(format!(
                "struct {}: expected field `{}`, found `{}`",
                ours.name, own.name, their.name
            ));
        }
        if own.offset != their.offset {
            return Err(format!(
                "struct {}: field `{}` stands at {} here and at {} in the plugin",
                ours.name, own.name, own.offset, their.offset
            ));
        }
        if let Some(difference) = difference(own.layout, their.layout) {
            return Err(format!(
                "struct {}: field `{}` differs: {difference}",
                ours.name, own.name
            ));
        }
    }
    Ok(())
}

/// The last thing that differs, on one line.
fn difference(ours: &'static TypeLayout, theirs: &'static TypeLayout) -> Option<String> {
    // Globals of one check only: shared ones would let one plugin's types influence the check of another's.
    let errors = check_layout_compatibility_with_globals(ours, theirs, &CheckingGlobals::new()).err()?;
    let text = errors.to_string();
    let mut expected = None;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut error = String::new();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("Error:") {
            kind.trim().clone_into(&mut error);
            expected = None;
        } else if line.starts_with("Expected:") && expected.is_none() {
            let wanted = next_value(line, "Expected:", &mut lines);
            let found = lines.find(|l| l.starts_with("Found:")).map(str::to_owned);
            let found = found.map_or_else(String::new, |l| next_value(&l, "Found:", &mut lines));
            expected = Some((wanted, found));
        }
    }
    Some(match expected {
        Some((expected, found)) => format!("{error}: expected {expected}, found {found}"),
        None => error,
    })
}

/// The value behind `label`, on the same line or the next.
fn next_value<'a>(line: &str, label: &str, lines: &mut impl Iterator<Item = &'a str>) -> String {
    let rest = line.trim_start_matches(label).trim();
    if rest.is_empty() {
        lines.next().unwrap_or_default().to_owned()
    } else {
        rest.to_owned()
    }
}
