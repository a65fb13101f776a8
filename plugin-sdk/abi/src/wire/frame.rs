//! The plugin's end of a call: its arguments where they lie, and a record of what it tells its callbacks.

use std::cell::Cell;
use std::marker::PhantomData;

use super::{misplaced, place, too_long};
use crate::cross::{Pod, Scalar};
use crate::fault::Fault;

/// The arguments of one call, read in the order in which they were written.
pub struct Frame<'a> {
    base: *mut u8,
    length: usize,
    at: usize,
    records: &'a Records,
    memory: PhantomData<&'a mut [u8]>,
}

impl<'a> Frame<'a> {
    /// Arguments that lie at `base`; what the plugin tells its callbacks goes to `records`.
    ///
    /// # Safety
    /// `base` is aligned to 16 bytes and points at `length` bytes that nothing else uses for `'a`.
    pub unsafe fn new(base: *mut u8, length: usize, records: &'a Records) -> Self {
        Self {
            base,
            length,
            at: 0,
            records,
            memory: PhantomData,
        }
    }

    /// The next argument, a number.
    ///
    /// # Errors
    /// If there is no more.
    pub fn value<S: Scalar>(&mut self) -> Result<S, Fault> {
        let pointer = self.next(size_of::<S::Raw>())?.cast::<S::Raw>();
        // SAFETY: within the frame, aligned; any bytes are a number.
        Ok(S::from_raw(unsafe { pointer.read() }))
    }

    /// The next argument, a struct.
    ///
    /// # Errors
    /// If there is no more.
    pub fn object<T: Pod>(&mut self) -> Result<&'a mut T, Fault> {
        let pointer = self.next(size_of::<T>())?.cast::<T>();
        // SAFETY: within the frame, aligned, ours for 'a, given out once; any bytes are a value of plain old data.
        Ok(unsafe { &mut *pointer })
    }

    /// The next argument, a slice.
    ///
    /// # Errors
    /// If there is not as much as its length says.
    pub fn slice<T: Pod>(&mut self) -> Result<&'a mut [T], Fault> {
        let length = usize::try_from(self.value::<u64>()?).map_err(|_| misplaced())?;
        let size = size_of::<T>().checked_mul(length).ok_or_else(misplaced)?;
        let pointer = self.next(size)?.cast::<T>();
        // SAFETY: within the frame, aligned, ours for 'a, given out once; any bytes are values of plain old data.
        Ok(unsafe { std::slice::from_raw_parts_mut(pointer, length) })
    }

    /// The next argument, a text.
    ///
    /// # Errors
    /// If it is not all there or no UTF-8.
    pub fn text(&mut self) -> Result<&'a str, Fault> {
        std::str::from_utf8(self.slice::<u8>()?).map_err(|_| misplaced())
    }

    /// Puts what the method gave into the room that was left for it, behind the last argument.
    ///
    /// # Errors
    /// If there is none.
    pub fn give<T: Copy>(&mut self, value: T) -> Result<(), Fault> {
        let place = self.next(size_of::<T>())?.cast::<T>();
        // SAFETY: within the frame, aligned, ours.
        unsafe { place.write(value) };
        Ok(())
    }

    /// Where callbacks are written down.
    pub fn records(&self) -> &'a Records {
        self.records
    }

    fn next(&mut self, size: usize) -> Result<*mut u8, Fault> {
        let start = place(&mut self.at, size, self.length).ok_or_else(misplaced)?;
        // SAFETY: within the frame.
        Ok(unsafe { self.base.add(start) })
    }
}

/// What a plugin tells its callbacks in one call, written down for the host.
pub struct Records {
    base: *mut u8,
    capacity: usize,
    at: Cell<usize>,
}

/// What stands before the arguments of each record.
#[repr(C)]
#[derive(Clone, Copy)]
struct Head {
    parameter: u32,
    method: u32,
    length: u64,
}

impl Records {
    /// No room for any.
    pub const fn none() -> Self {
        Self {
            base: std::ptr::null_mut(),
            capacity: 0,
            at: Cell::new(0),
        }
    }

    /// Records that go to `base`.
    ///
    /// # Safety
    /// `base` is aligned to 16 bytes and points at `capacity` bytes that nothing else uses for as long as this is used.
    pub const unsafe fn new(base: *mut u8, capacity: usize) -> Self {
        Self {
            base,
            capacity,
            at: Cell::new(0),
        }
    }

    /// How long they are so far.
    pub fn length(&self) -> usize {
        self.at.get()
    }

    /// Writes down a call of method `method` of the callback that is parameter `parameter`.
    ///
    /// # Errors
    /// If there is no room for it.
    pub fn add(&self, parameter: u32, method: u32, write: impl FnOnce(&mut Writer)) -> Result<(), Fault> {
        let mut at = self.at.get();
        let head = place(&mut at, size_of::<Head>(), self.capacity).ok_or_else(too_long)?;
        let start = place(&mut at, 0, self.capacity).ok_or_else(too_long)?;
        // SAFETY: what lies behind `start` is ours and not yet used.
        let mut writer = unsafe { Writer::new(self.base.add(start), self.capacity - start) };
        write(&mut writer);
        let length = writer.length().ok_or_else(too_long)?;
        let record = Head {
            parameter,
            method,
            length: length as u64,
        };
        // SAFETY: `place` found room for it, aligned.
        unsafe { self.base.add(head).cast::<Head>().write(record) };
        self.at.set(start + length);
        Ok(())
    }

    /// Reads the record at `at` of `length` bytes at `base`, and moves on to the next.
    ///
    /// # Safety
    /// `base` is aligned to 16 bytes and points at `length` bytes that nothing else uses for `'a`; each record is read once.
    pub(crate) unsafe fn next<'a>(
        base: *mut u8,
        at: &mut usize,
        length: usize,
        nothing: &'a Self,
    ) -> Option<(u32, u32, Frame<'a>)> {
        let head = place(at, size_of::<Head>(), length)?;
        // SAFETY: within the bytes, aligned; numbers.
        let head = unsafe { base.add(head).cast::<Head>().read() };
        let start = place(at, usize::try_from(head.length).ok()?, length)?;
        // SAFETY: within the bytes, as the caller vouches.
        let frame = unsafe { Frame::new(base.add(start), head.length as usize, nothing) };
        Some((head.parameter, head.method, frame))
    }
}

/// Writes arguments one behind the other. What does not fit is noticed in the end.
pub struct Writer {
    pub(super) base: *mut u8,
    pub(super) capacity: usize,
    pub(super) at: usize,
    pub(super) full: bool,
}

impl Writer {
    /// A number.
    pub fn value<S: Scalar>(&mut self, value: S) {
        self.number(value.into_raw());
    }

    /// A struct.
    pub fn object<T: Pod>(&mut self, value: &T) {
        // SAFETY: a reference points at one value.
        unsafe { self.copy(std::ptr::from_ref(value), 1) };
    }

    /// A slice.
    pub fn slice<T: Pod>(&mut self, values: &[T]) {
        self.number(values.len() as u64);
        // SAFETY: a slice points at as many values as it is long.
        unsafe { self.copy(values.as_ptr(), values.len()) };
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.slice(text.as_bytes());
    }
}
