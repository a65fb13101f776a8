//! What may cross the boundary, and the checked ways in and out.

use std::ffi::c_void;
use std::mem::MaybeUninit;

use crate::fault::Fault;
use crate::instance::ImportError;
use crate::proof::StructProof;
use crate::shape::{AreaShape, Shape};

/// A value that crosses as a number.
pub trait Scalar: Copy {
    /// The number.
    type Raw: Copy + Default;
    /// To the number.
    fn into_raw(self) -> Self::Raw;
    /// From the number.
    fn from_raw(raw: Self::Raw) -> Self;
}

/// Plain old data that may stand behind a pointer at the boundary.
///
/// # Safety
/// `repr(C)` or `repr(transparent)`, without padding, pointers or invalid bit patterns; if `GROWS`, the first field is `u32`, its size.
pub unsafe trait Pod: Copy + 'static {
    /// The type that stands for this one in layout proofs: itself, or something opaque if it may grow.
    type Proof;
    /// Whether later revisions may be longer.
    const GROWS: bool;
    /// Its description.
    const SHAPE: &'static Shape;
    /// The proof of its fields if it grows.
    const STRUCT_PROOF: Option<&'static StructProof>;
}

macro_rules! numbers {
    ($($number:ty => $c:literal),*) => {$(
        impl Scalar for $number {
            type Raw = Self;
            fn into_raw(self) -> Self {
                self
            }
            fn from_raw(raw: Self) -> Self {
                raw
            }
        }
        // SAFETY: a number.
        unsafe impl Pod for $number {
            type Proof = Self;
            const GROWS: bool = false;
            const SHAPE: &'static Shape = &Shape::Number($c);
            const STRUCT_PROOF: Option<&'static StructProof> = None;
        }
    )*};
}
numbers!(u8 => "uint8_t", u32 => "uint32_t", u64 => "uint64_t", i32 => "int32_t", i64 => "int64_t", f32 => "float", f64 => "double");

// SAFETY: an array of plain old data.
unsafe impl<const N: usize> Pod for [u8; N] {
    type Proof = Self;
    const GROWS: bool = false;
    const SHAPE: &'static Shape = &Shape::Bytes(N);
    const STRUCT_PROOF: Option<&'static StructProof> = None;
}

/// A piece of UTF-8 that is not NUL-terminated.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct StrRaw {
    /// Where it begins.
    pub start: *const u8,
    /// Its length in bytes.
    pub len: usize,
}

// SAFETY: only made from `&'static str` or read from a plugin's immutable statics.
unsafe impl Sync for StrRaw {}
// SAFETY: as above.
unsafe impl Send for StrRaw {}

impl StrRaw {
    /// From a text that lives for ever.
    pub const fn new(text: &'static str) -> Self {
        Self {
            start: text.as_ptr(),
            len: text.len(),
        }
    }

    /// As a text.
    ///
    /// # Safety
    /// `start` and `len` describe memory that lives and stays unchanged as long as the result is used.
    ///
    /// # Errors
    /// If it is null, absurdly long or not UTF-8.
    pub unsafe fn text<'a>(self) -> Result<&'a str, Fault> {
        if self.len > 65_536 {
            return Err(Fault::invalid("a text at the boundary is longer than 64 KiB"));
        }
        // SAFETY: as the caller vouches.
        unsafe { text(self.start, self.len) }
    }
}

/// `pointer` and `len` as a slice; null is allowed for nothing.
///
/// # Safety
/// If `len` is not 0, `pointer` is null or points at `len` values that stay unchanged for `'a`.
///
/// # Errors
/// If it is null or misaligned.
#[inline]
pub unsafe fn slice<'a, T: Pod>(pointer: *const T, len: usize) -> Result<&'a [T], Fault> {
    if len == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() || !pointer.is_aligned() || len > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(bad_pointer());
    }
    // SAFETY: not null, aligned, not too long; the rest as the caller vouches.
    Ok(unsafe { std::slice::from_raw_parts(pointer, len) })
}

/// `pointer` and `len` as a mutable slice; null is allowed for nothing.
///
/// # Safety
/// If `len` is not 0, `pointer` is null or points at `len` values that nothing else touches for `'a`.
///
/// # Errors
/// If it is null or misaligned.
#[inline]
pub unsafe fn slice_mut<'a, T: Pod>(pointer: *mut T, len: usize) -> Result<&'a mut [T], Fault> {
    if len == 0 {
        return Ok(&mut []);
    }
    if pointer.is_null() || !pointer.is_aligned() || len > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(bad_pointer());
    }
    // SAFETY: not null, aligned, not too long; the rest as the caller vouches.
    Ok(unsafe { std::slice::from_raw_parts_mut(pointer, len) })
}

/// `pointer` and `len` as a text.
///
/// # Safety
/// As [`slice()`].
///
/// # Errors
/// If it is null or not UTF-8.
#[inline]
pub unsafe fn text<'a>(pointer: *const u8, len: usize) -> Result<&'a str, Fault> {
    // SAFETY: as the caller vouches.
    let bytes = unsafe { slice(pointer, len)? };
    std::str::from_utf8(bytes).map_err(|_| Fault::invalid("a text at the boundary is not UTF-8"))
}

/// A struct that the caller passes by `const T *`: where it stands if both sides know the same one, which is the rule; else completed with
/// zeros in `slot`.
///
/// # Safety
/// `pointer` is null or points at a `T` as the caller knows it, for one that grows at least the bytes that its size says, and nobody
/// changes it while the result is used.
///
/// # Errors
/// If it is null or misaligned.
#[inline]
pub unsafe fn read_in<T: Pod>(pointer: *const T, slot: &mut MaybeUninit<T>) -> Result<&T, Fault> {
    if pointer.is_null() || !pointer.is_aligned() {
        return Err(bad_pointer());
    }
    // SAFETY: not null, aligned; the rest as the caller vouches.
    unsafe {
        if is_ours(pointer) {
            Ok(&*pointer)
        } else {
            Ok(slot.write(copy_grown(pointer)))
        }
    }
}

/// A struct that the caller passes by `T *`: where it stands if both sides know the same one; else completed with zeros in `slot`, and what
/// became of it has to be brought back by [`write_back`].
///
/// # Safety
/// As [`read_in`], and nobody else touches it while the result is used.
///
/// # Errors
/// If it is null or misaligned.
#[inline]
pub unsafe fn write_in<T: Pod>(pointer: *mut T, slot: &mut MaybeUninit<T>) -> Result<&mut T, Fault> {
    if pointer.is_null() || !pointer.is_aligned() {
        return Err(bad_pointer());
    }
    // SAFETY: not null, aligned; the rest as the caller vouches.
    unsafe {
        if is_ours(pointer) {
            Ok(&mut *pointer)
        } else {
            Ok(slot.write(copy_grown(pointer)))
        }
    }
}

/// Ends what [`write_in`] began for the same `pointer`. The size is the caller's and stays, whatever was written over it.
///
/// # Safety
/// As [`write_in`]; `value` is what it gave.
#[inline]
pub unsafe fn write_back<T: Pod>(value: &mut T, pointer: *mut T) {
    if !std::ptr::eq(value, pointer) {
        // SAFETY: as the caller vouches.
        unsafe { copy_out(value, pointer) };
    } else if T::GROWS {
        // SAFETY: a growing struct begins with a `u32`, its size, which was ours.
        unsafe {
            std::ptr::from_mut(value)
                .cast::<u32>()
                .write(size_of::<T>() as u32);
        };
    }
}

/// Writes `value` to where the caller wants it; of one that grows only as much as the caller has room for, and not the size.
///
/// # Safety
/// `pointer` is null or has room for a `T` as the caller knows it.
#[inline]
pub unsafe fn copy_out<T: Pod>(value: &T, pointer: *mut T) {
    if pointer.is_null() || !pointer.is_aligned() {
        return;
    }
    // SAFETY: not null, aligned; the rest as the caller vouches.
    unsafe {
        if is_ours(pointer) {
            pointer.write(*value);
            if T::GROWS {
                pointer.cast::<u32>().write(size_of::<T>() as u32);
            }
        } else {
            copy_out_grown(value, pointer);
        }
    }
}

/// Whether what stands at `pointer` is as long as we know it. A struct that does not grow always is.
///
/// # Safety
/// `pointer` is aligned and points at a `T` as the caller knows it.
#[inline(always)]
unsafe fn is_ours<T: Pod>(pointer: *const T) -> bool {
    // SAFETY: a growing struct begins with a `u32`, its size.
    !T::GROWS || unsafe { pointer.cast::<u32>().read() as usize == size_of::<T>() }
}

/// Room for a `T` that the other side is to fill in: zeros, and its size if it grows.
#[inline]
pub fn blank<T: Pod>() -> MaybeUninit<T> {
    let mut value = MaybeUninit::<T>::zeroed();
    if T::GROWS {
        // SAFETY: a growing struct begins with a `u32`, its size.
        unsafe { value.as_mut_ptr().cast::<u32>().write(size_of::<T>() as u32) };
    }
    value
}

/// # Safety
/// `pointer` is aligned and points at a growing struct of at least as many bytes as its first field says.
#[cold]
#[inline(never)]
unsafe fn copy_grown<T: Pod>(pointer: *const T) -> T {
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: zeroed plain old data is valid, and the copy stays within the smaller of both sizes.
    unsafe {
        let theirs = pointer.cast::<u32>().read() as usize;
        let len = theirs.min(size_of::<T>());
        std::ptr::copy_nonoverlapping(pointer.cast::<u8>(), value.as_mut_ptr().cast::<u8>(), len);
        value.as_mut_ptr().cast::<u32>().write(size_of::<T>() as u32);
        value.assume_init()
    }
}

/// # Safety
/// `pointer` is aligned and has room for as many bytes as its first four say.
#[cold]
#[inline(never)]
unsafe fn copy_out_grown<T: Pod>(value: &T, pointer: *mut T) {
    // SAFETY: the copy stays within the caller's size and within ours, and leaves the size itself alone.
    unsafe {
        let room = (pointer.cast::<u32>().read() as usize).min(size_of::<T>());
        if room > 4 {
            std::ptr::copy_nonoverlapping(
                std::ptr::from_ref(value).cast::<u8>().add(4),
                pointer.cast::<u8>().add(4),
                room - 4,
            );
        }
    }
}

/// A private copy, as long as we know it, of a callback table that starts with its size; what is missing is zero, that is `None`.
///
/// # Safety
/// `pointer` is null or points at a table of function pointers that starts with a `u32`, its size. `V` is such a table.
#[inline]
pub unsafe fn import_table<V: Copy>(pointer: *const V) -> Option<V> {
    if pointer.is_null() || !pointer.is_aligned() {
        return None;
    }
    // SAFETY: as the caller vouches; a zeroed table of options and pointers is valid.
    unsafe {
        let size = pointer.cast::<u32>().read() as usize;
        // Callback tables are copied in every call and are nearly always as long as we know them: a copy of constant length.
        if size >= size_of::<V>() {
            return Some(pointer.read());
        }
        let mut table = MaybeUninit::<V>::zeroed();
        std::ptr::copy_nonoverlapping(pointer.cast::<u8>(), table.as_mut_ptr().cast::<u8>(), size);
        Some(table.assume_init())
    }
}

/// A private copy of an instance's table, after a look at its size and revision.
///
/// # Safety
/// `pointer` is null or points at a table that starts with a [`TableHead`](crate::TableHead). `V` is the table that `shape` describes.
///
/// # Errors
/// If it is null, or its size is none that its revision has had.
pub unsafe fn import_area_table<V: Copy>(
    pointer: *const c_void,
    shape: &'static AreaShape,
) -> Result<V, ImportError> {
    let pointer = pointer.cast::<V>();
    if pointer.is_null() || !pointer.is_aligned() {
        return Err(ImportError::no_table(shape.id));
    }
    // Size and revision alone: nothing else is known to be there.
    // SAFETY: as the caller vouches.
    let [size, revision] = unsafe { pointer.cast::<[u32; 2]>().read() };
    let known = match revision {
        0 => false,
        revision if revision <= shape.revision => shape.sizes[revision as usize - 1] == size as usize,
        _ => size as usize > size_of::<V>(),
    };
    if !known {
        return Err(ImportError::size(shape.id, size, revision));
    }
    // SAFETY: the table is at least as long as it says.
    unsafe { import_table(pointer) }.ok_or_else(|| ImportError::no_table(shape.id))
}

#[cold]
fn bad_pointer() -> Fault {
    Fault::invalid("a pointer at the boundary is null or misaligned")
}
