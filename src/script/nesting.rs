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
