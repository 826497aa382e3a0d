//! A value that holds for as long as a guard lives.

use std::cell::Cell;

/// Puts the former value back when it is dropped, also by a panic.
pub(super) struct Restore<'c, T: Copy> {
    cell: &'c Cell<T>,
    former: T,
}

impl<'c, T: Copy> Restore<'c, T> {
    /// Sets `cell` to `value` until the guard is dropped.
    pub fn after(cell: &'c Cell<T>, value: T) -> Self {
        Self { cell, former: cell.replace(value) }
    }

    /// What `cell` held before.
    pub fn former(&self) -> T {
        self.former
    }
}

impl<T: Copy> Drop for Restore<'_, T> {
    fn drop(&mut self) {
        self.cell.set(self.former);
    }
}
