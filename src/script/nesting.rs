//! Closures that hold closures: a nesting that no size limit of Rhai sees, and that is dropped recursively.

use std::collections::HashSet;

use rhai::{Array, Dynamic, FnPtr, Map};

/// Closures inside each other that a handler may have. Between two looks a script makes at most some thousand
/// more, and several tens of thousand fit the stack.
const MAX_DEPTH: usize = 2_000;

/// Values looked at each time: what hides further away takes longer to make than to find.
const MAX_VISITS: usize = 10_000;

/// Plain containers inside each other that are searched; deeper ones are for the size limits.
const CONTAINERS: usize = 32;

/// Values that one may hold, itself included, which outlives its handler: as many as any list or map has, and some more.
const MAX_LASTING: usize = 30_000;

/// Plain containers inside each other in one that outlives its handler.
const MAX_LASTING_DEPTH: usize = 1_000;

/// Whether `value` may be kept for later handlers. Each of them might put it into one more closure, which no look at a
/// single handler finds; and no value is nested deeper than there are values in it.
pub fn may_last(value: &Dynamic) -> bool {
    let mut lasting = Lasting { left: MAX_LASTING, shared: Vec::new() };
    let mut seen = HashSet::new();
    let mut fits = lasting.fits(value, MAX_LASTING_DEPTH);
    while let Some(shared) = lasting.shared.pop().filter(|_| fits) {
        fits = lasting.contents_fit(&shared, MAX_LASTING_DEPTH, &mut |place| seen.insert(place));
    }
    fits
}

/// A search that ends with the last value that may be there.
struct Lasting {
    left: usize,
    /// Values that closures have captured, still to be opened.
    shared: Vec<Dynamic>,
}

impl Lasting {
    fn fits(&mut self, value: &Dynamic, depth: usize) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        if value.is_shared() {
            self.shared.push(value.clone());
            return true;
        }
        self.contents_fit(value, depth, &mut |_| true)
    }

    /// The same for what is in `value`, if its place in memory is a new one.
    fn contents_fit(&mut self, value: &Dynamic, depth: usize, is_new: &mut dyn FnMut(usize) -> bool) -> bool {
        if let Some(pointer) = value.read_lock::<FnPtr>() {
            return !is_new(std::ptr::from_ref(&*pointer) as usize) || self.all_fit(pointer.iter_curry(), depth);
        }
        if let Some(array) = value.read_lock::<Array>() {
            return !is_new(std::ptr::from_ref(&*array) as usize) || self.all_fit(array.iter(), depth);
        }
        match value.read_lock::<Map>() {
            Some(map) => !is_new(std::ptr::from_ref(&*map) as usize) || self.all_fit(map.values(), depth),
            None => true,
        }
    }

    fn all_fit<'v>(&mut self, mut values: impl Iterator<Item = &'v Dynamic>, depth: usize) -> bool {
        depth > 0 && values.all(|value| self.fits(value, depth - 1))
    }
}

/// Whether closures inside `value` are nested deeper than allowed.
pub fn is_too_deep(value: &Dynamic) -> bool {
    let mut layer = Vec::new();
    collect(value, CONTAINERS, &mut layer);
    // A closure that captures itself goes round in circles, which is harmless.
    let mut seen = HashSet::new();
    for _ in 0..MAX_DEPTH {
        let mut next = Vec::new();
        for shared in &layer {
            open(shared, &mut seen, &mut next);
        }
        if next.is_empty() || seen.len() > MAX_VISITS {
            return false;
        }
        layer = next;
    }
    true
}

/// Finds what closures have captured, which is always shared, inside `value`.
fn collect(value: &Dynamic, depth: usize, found: &mut Vec<Dynamic>) {
    if value.is_shared() {
        found.push(value.clone());
        return;
    }
    if depth == 0 {
        return;
    }
    if let Some(pointer) = value.read_lock::<FnPtr>() {
        pointer.iter_curry().for_each(|value| collect(value, depth - 1, found));
    } else if let Some(array) = value.read_lock::<Array>() {
        array.iter().for_each(|value| collect(value, depth - 1, found));
    } else if let Some(map) = value.read_lock::<Map>() {
        map.values().for_each(|value| collect(value, depth - 1, found));
    }
}

/// Goes into a captured value, once. One that is in use just now is passed over until the next look.
fn open(shared: &Dynamic, seen: &mut HashSet<usize>, found: &mut Vec<Dynamic>) {
    if let Some(pointer) = shared.read_lock::<FnPtr>() {
        if seen.insert(std::ptr::from_ref(&*pointer) as usize) {
            pointer.iter_curry().for_each(|value| collect(value, CONTAINERS, found));
        }
    } else if let Some(array) = shared.read_lock::<Array>() {
        if seen.insert(std::ptr::from_ref(&*array) as usize) {
            array.iter().for_each(|value| collect(value, CONTAINERS, found));
        }
    } else if let Some(map) = shared.read_lock::<Map>()
        && seen.insert(std::ptr::from_ref(&*map) as usize)
    {
        map.values().for_each(|value| collect(value, CONTAINERS, found));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(values: impl IntoIterator<Item = Dynamic>) -> Dynamic {
        Dynamic::from_array(values.into_iter().collect())
    }

    fn closure(held: Dynamic) -> Dynamic {
        let mut pointer = FnPtr::new("f").expect("a name");
        pointer.add_curry(held.into_shared());
        Dynamic::from(pointer)
    }

    #[test]
    fn what_lasts_is_bounded_in_all_directions() {
        let nested = |levels| (0..levels).fold(Dynamic::UNIT, |inner, _| list([inner]));
        assert!(may_last(&nested(MAX_LASTING_DEPTH)) && !may_last(&nested(MAX_LASTING_DEPTH + 1)));
        let chain = |levels| (0..levels).fold(Dynamic::UNIT, |inner, _| closure(inner));
        assert!(may_last(&chain(5_000)));
        // Each of these is found by itself before it is found inside the next one.
        let mut all = vec![Dynamic::UNIT.into_shared()];
        for _ in 0..100 {
            all.push(closure(list(all.iter().cloned())).into_shared());
        }
        assert!(may_last(&list(all.iter().cloned())), "5,000 values");
        let wide = |lists| list((0..lists).map(|_| closure(list((0..100).map(Dynamic::from_int)))));
        assert!(may_last(&wide(200)) && !may_last(&wide(400)));
    }

    #[test]
    fn a_closure_that_holds_itself_goes_round_in_a_circle() {
        let mut shared = Dynamic::from_array(Vec::new()).into_shared();
        let pointer = closure(shared.clone());
        shared.write_lock::<Array>().expect("a list").push(pointer.clone());
        assert!(may_last(&pointer));
        shared.write_lock::<Array>().expect("a list").clear();
    }
}
