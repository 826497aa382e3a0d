//! Values by their type: what the modules above the budget keep for one call of a script.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

/// At most one value of each type. Most calls keep none.
#[derive(Default)]
pub struct Slots(RefCell<Vec<Rc<dyn Any>>>);

impl Slots {
    /// The value of this type, made when first asked for.
    pub fn get<T: Default + 'static>(&self) -> Rc<T> {
        let mut slots = self.0.borrow_mut();
        if let Some(found) = slots.iter().find_map(|slot| Rc::clone(slot).downcast::<T>().ok()) {
            return found;
        }
        let made = Rc::<T>::default();
        slots.push(Rc::clone(&made) as Rc<dyn Any>);
        made
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn each_type_has_one_value() {
        let slots = Slots::default();
        slots.get::<Cell<u8>>().set(7);
        assert_eq!((slots.get::<Cell<u8>>().get(), slots.get::<Cell<u16>>().get()), (7, 0));
    }
}
