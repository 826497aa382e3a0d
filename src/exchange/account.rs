//! What the requests of one connection make the server keep, charged for what it costs.

use super::input::Input;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// Inputs that are freed in one go: well below the time of a turn.
const SOME: usize = 1_000;

/// Bytes that one connection keeps, in bodies, in inputs that wait for a handler, in frames for `request.frames` and for scripts that
/// wait for frames.
#[derive(Clone)]
pub(super) struct Account(Rc<Inner>);

struct Inner {
    kept: Cell<u64>,
    max: u64,
    /// Not kept any more and not freed yet: some hundred thousand small inputs take longer to free than a turn lasts.
    discarded: RefCell<Vec<VecDeque<Input>>>,
}

impl Account {
    /// An account that holds up to `max` bytes.
    pub fn new(max: u64) -> Self {
        Self(Rc::new(Inner { kept: Cell::new(0), max, discarded: RefCell::default() }))
    }

    /// A part of it, for one exchange or one subscription.
    pub fn share(&self) -> Share {
        Share { account: self.clone(), kept: 0 }
    }

    /// Whether inputs wait to be freed.
    pub fn has_discarded(&self) -> bool {
        !self.0.discarded.borrow().is_empty()
    }

    /// Frees some of them.
    pub fn free_some(&self) {
        let mut discarded = self.0.discarded.borrow_mut();
        if let Some(inputs) = discarded.last_mut() {
            inputs.truncate(inputs.len().saturating_sub(SOME));
            discarded.pop_if(|inputs| inputs.is_empty());
        }
    }
}

/// What one of them keeps. Given back when it is dropped.
pub(super) struct Share {
    account: Account,
    kept: u64,
}

impl Share {
    /// Charges `bytes`. False if the connection would keep too much; then nothing is charged.
    pub fn charge(&mut self, bytes: u64) -> bool {
        self.charge_up_to(bytes, self.account.0.max)
    }

    /// The same, where what this exchange alone keeps may reach `own`, whatever the connection may keep: one body up to
    /// its limit is no flood.
    pub fn charge_alone(&mut self, bytes: u64, own: u64) -> bool {
        self.charge_up_to(bytes, self.account.0.max)
            || (self.kept == self.account.0.kept.get() && self.charge_up_to(bytes, own))
    }

    fn charge_up_to(&mut self, bytes: u64, max: u64) -> bool {
        let kept = self.account.0.kept.get().saturating_add(bytes);
        if kept > max {
            return false;
        }
        self.account.0.kept.set(kept);
        self.kept += bytes;
        true
    }

    /// Takes inputs that are not kept any more, to free them little by little if they are many.
    pub fn discard(&mut self, inputs: VecDeque<Input>) {
        if inputs.len() > SOME {
            self.account.0.discarded.borrow_mut().push(inputs);
        }
    }

    /// Gives back what is no longer kept.
    pub fn give_back(&mut self, bytes: u64) {
        let bytes = bytes.min(self.kept);
        self.kept -= bytes;
        self.account.0.kept.set(self.account.0.kept.get().saturating_sub(bytes));
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give_back(self.kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_fill_one_account_and_give_back_what_they_took() {
        let account = Account::new(100);
        let (mut one, mut other) = (account.share(), account.share());
        assert!(one.charge(60) && other.charge(40) && !other.charge(1));
        one.give_back(10);
        assert!(other.charge(10) && !one.charge(1));
        drop(one);
        assert!(other.charge(50) && !other.charge(1));
        other.give_back(1_000);
        assert_eq!(account.0.kept.get(), 0);
    }

    #[test]
    fn many_inputs_are_freed_little_by_little() {
        let account = Account::new(0);
        let inputs = |count| std::iter::repeat_with(|| Input::End).take(count).collect();
        account.share().discard(inputs(SOME));
        assert!(!account.has_discarded());
        account.share().discard(inputs(SOME + 1));
        account.share().discard(inputs(2 * SOME));
        for left in [true, true, true, false] {
            account.free_some();
            assert_eq!(account.has_discarded(), left);
        }
    }

    #[test]
    fn only_an_exchange_that_is_alone_may_keep_more() {
        let account = Account::new(100);
        let (mut one, mut other) = (account.share(), account.share());
        assert!(one.charge(100) && !one.charge(1));
        assert!(one.charge_alone(50, 150) && !one.charge_alone(1, 150));
        assert!(!other.charge(1) && !other.charge_alone(1, 150));
        one.give_back(100);
        assert!(other.charge(50) && !one.charge_alone(51, 150));
    }
}
