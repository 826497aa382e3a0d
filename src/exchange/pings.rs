//! PINGs of scripts, whose ACKs they wait for (RFC 9113 §6.7).

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// The octets that a PING carries, and its ACK repeats.
pub(super) type Opaque = [u8; 8];

/// The PINGs of a connection that something waits for, each with whether its ACK has come.
#[derive(Default)]
pub(super) struct Pings {
    awaited: RefCell<HashMap<Opaque, bool>>,
    sent: Cell<u64>,
}

/// A PING whose ACK is waited for; forgotten when this is dropped, because the waiter may end before the ACK comes.
pub(super) struct Awaited<'p> {
    pings: &'p Pings,
    pub opaque: Opaque,
}

impl Pings {
    /// Begins to wait for the ACK of a new PING.
    pub fn begin(&self) -> Awaited<'_> {
        let number = self.sent.get() + 1;
        self.sent.set(number);
        let opaque = (u64::from_be_bytes(*b"wire\0\0\0\0") | (number & 0xffff_ffff)).to_be_bytes();
        self.awaited.borrow_mut().insert(opaque, false);
        Awaited { pings: self, opaque }
    }

    /// Whether anything waits for an ACK.
    #[cfg(test)]
    pub fn awaits_any(&self) -> bool {
        !self.awaited.borrow().is_empty()
    }

    /// An ACK has come.
    pub fn acked(&self, opaque: &Opaque) {
        if let Some(acked) = self.awaited.borrow_mut().get_mut(opaque) {
            *acked = true;
        }
    }
}

impl Awaited<'_> {
    /// Whether its ACK has come.
    pub fn is_acked(&self) -> bool {
        self.pings.awaited.borrow().get(&self.opaque) == Some(&true)
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.pings.awaited.borrow_mut().remove(&self.opaque);
    }
}
