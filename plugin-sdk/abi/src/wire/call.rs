//! The host's end of a call.

use std::ffi::c_void;

use super::frame::{Frame, Records, Writer};
use super::{Answer, Method, Remote, place, too_long};
use crate::cross::Pod;
use crate::fault::{Fault, FaultCode};
use crate::thread::Class;

/// A call that is being written, made and read back. Allocates nothing.
pub struct Call<'a> {
    remote: &'a mut Remote,
    memory: super::Memory,
    writer: Writer,
    answer: Answer,
}

impl<'a> Call<'a> {
    /// Begins a call.
    ///
    /// # Safety
    /// `this` came from [`Remote::into_raw`], is not destroyed, and nothing else uses it during the call.
    ///
    /// # Errors
    /// With the status to return if it cannot be made.
    pub unsafe fn begin(this: *mut c_void, method: Method, class: Class) -> Result<Self, i32> {
        // SAFETY: as the caller vouches.
        let Some(remote) = (unsafe { this.cast::<Remote>().as_mut() }) else {
            return Err(FaultCode::Invalid.status());
        };
        match remote.channel.begin(method, class) {
            Ok(memory) => {
                // SAFETY: the memory is ours until `run`.
                let writer = unsafe { Writer::new(memory.arguments, memory.capacity) };
                Ok(Self {
                    remote,
                    memory,
                    writer,
                    answer: Answer::none(FaultCode::Failed),
                })
            }
            Err(code) => {
                remote.channel.fault(&mut remote.fault);
                Err(code.status())
            }
        }
    }

    /// Writes a number; where it lies.
    pub fn value<T: Copy>(&mut self, value: T) -> usize {
        self.writer.number(value)
    }

    /// Writes what `pointer` points at; where it lies.
    ///
    /// # Safety
    /// It points at a `T` as this build knows it.
    pub unsafe fn object<T: Pod>(&mut self, pointer: *const T) -> usize {
        // SAFETY: as the caller vouches.
        unsafe { self.writer.copy(pointer, 1) }
    }

    /// Writes a slice; where its elements lie.
    ///
    /// # Safety
    /// If `length` is not 0, `pointer` points at so many values.
    pub unsafe fn slice<T: Pod>(&mut self, pointer: *const T, length: usize) -> usize {
        self.writer.number(length as u64);
        // SAFETY: as the caller vouches.
        unsafe { self.writer.copy(pointer, length) }
    }

    /// Leaves room for what the method gives; where.
    pub fn room<T>(&mut self) -> usize {
        self.writer.room(size_of::<T>())
    }

    /// Makes the call; its status.
    pub fn run(&mut self) -> i32 {
        let Some(length) = self.writer.length() else {
            self.remote.channel.abandon();
            let fault = too_long();
            self.remote.fault.set(fault.code().status(), fault.text());
            return fault.code().status();
        };
        self.answer = self.remote.channel.run(length);
        if self.answer.status < 0 {
            self.remote.channel.fault(&mut self.remote.fault);
        }
        self.answer.status
    }

    /// Reads back what lies at `at`.
    ///
    /// # Safety
    /// `at` was given for a `T` of this call, and `to` has room for it.
    pub unsafe fn take<T>(&self, at: usize, to: *mut T) {
        // SAFETY: as the caller vouches.
        unsafe { self.take_slice(at, to, 1) };
    }

    /// Reads back `length` elements that lie at `at`.
    ///
    /// # Safety
    /// As [`Call::take`], for so many.
    pub unsafe fn take_slice<T>(&self, at: usize, to: *mut T, length: usize) {
        if length == 0 || to.is_null() {
            return;
        }
        // SAFETY: where it was written there is room for it, and the caller vouches for `to`. The other process may write there all the same; then
        // the bytes are any bytes, and any bytes are a value of plain old data.
        unsafe {
            let from = self.memory.arguments.add(at);
            std::ptr::copy_nonoverlapping(from, to.cast::<u8>(), size_of::<T>() * length);
        }
    }

    /// Makes the calls of callbacks that the plugin asked for: `tell` gets the place of the callback among the method's parameters, the place of
    /// its method, and the arguments. The status to return.
    pub fn replay(&mut self, mut tell: impl FnMut(u32, u32, &mut Frame<'_>) -> Result<(), Fault>) -> i32 {
        let mut status = self.answer.status;
        if !self.answer.answered || self.answer.records == 0 {
            return status;
        }
        let told = &mut self.remote.told;
        let length = self.answer.records;
        if length > size_of_val(&**told) {
            return FaultCode::Invalid.status();
        }
        let copy = told.as_mut_ptr().cast::<u8>();
        // SAFETY: `told` has room for as much, and it lies within the channel's memory.
        unsafe { std::ptr::copy_nonoverlapping(self.memory.records, copy, length) };
        let nothing = Records::none();
        let mut at = 0;
        while at < length {
            // SAFETY: the record lies in `told`, which is ours alone, and frames of it are made one after the other.
            let record = unsafe { Records::next(copy, &mut at, length, &nothing) };
            let told = match record {
                Some((parameter, method, mut frame)) => tell(parameter, method, &mut frame),
                None => Err(super::misplaced()),
            };
            if let Err(fault) = told {
                // What the host refused is told as the method's own failure; a fault that the method had itself goes first.
                if status >= 0 {
                    status = fault.code().status();
                    self.remote.fault.set(status, fault.text());
                }
                break;
            }
        }
        status
    }
}

impl Writer {
    /// # Safety
    /// `base` is aligned to 16 bytes and points at `capacity` bytes that are ours for as long as the writer is used.
    pub(crate) unsafe fn new(base: *mut u8, capacity: usize) -> Self {
        Self {
            base,
            capacity,
            at: 0,
            full: false,
        }
    }

    /// How much was written; nothing if not all of it fitted.
    pub(crate) fn length(&self) -> Option<usize> {
        (!self.full).then_some(self.at)
    }

    pub(crate) fn room(&mut self, size: usize) -> usize {
        place(&mut self.at, size, self.capacity).unwrap_or_else(|| {
            self.full = true;
            0
        })
    }

    pub(crate) fn number<T: Copy>(&mut self, value: T) -> usize {
        let at = self.room(size_of::<T>());
        if !self.full {
            // SAFETY: `room` found place for it, aligned.
            unsafe { self.base.add(at).cast::<T>().write(value) };
        }
        at
    }

    /// # Safety
    /// If `length` is not 0, `pointer` points at so many values.
    pub(crate) unsafe fn copy<T: Pod>(&mut self, pointer: *const T, length: usize) -> usize {
        let size = size_of::<T>().saturating_mul(length);
        let at = self.room(size);
        if !self.full && size > 0 {
            // SAFETY: `room` found place for it; the caller vouches for what is copied, which is plain old data without padding.
            unsafe { std::ptr::copy_nonoverlapping(pointer.cast::<u8>(), self.base.add(at), size) };
        }
        at
    }
}
