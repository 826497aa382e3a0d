//! Functions of arrays that ask a function of the script how two elements compare, in place of Rhai's own, which go on
//! without a word if that function fails.

use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, NativeCallContext};
use std::cmp::Ordering;

use super::types::name_of_value;

type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// Registers them.
pub fn register(engine: &mut Engine) {
    for name in ["sort", "sort_by"] {
        engine.register_fn(name, |context: NativeCallContext, list: &mut Array, compare: FnPtr| -> Outcome<()> {
            *list = sorted(list.clone(), &mut |one, other| order(&context, &compare, one, other))?;
            Ok(())
        });
    }
    engine.register_fn("dedup", |context: NativeCallContext, list: &mut Array, is_same: FnPtr| -> Outcome<()> {
        let mut kept = Array::new();
        for item in list.iter() {
            let repeats = match kept.last() {
                Some(last) => is_same.call_within_context(&context, (last.clone(), item.clone()))?,
                None => Dynamic::FALSE,
            };
            if !repeats.as_bool().unwrap_or(false) {
                kept.push(item.clone());
            }
        }
        *list = kept;
        Ok(())
    });
}

fn order(context: &NativeCallContext<'_>, compare: &FnPtr, one: &Dynamic, other: &Dynamic) -> Outcome<Ordering> {
    let result: Dynamic = compare.call_within_context(context, (one.clone(), other.clone()))?;
    if let Ok(number) = result.as_int() {
        return Ok(number.cmp(&0));
    }
    match result.as_bool() {
        Ok(true) => Ok(Ordering::Less),
        Ok(false) => Ok(Ordering::Greater),
        Err(_) => Err(format!(
            "the function for sorting must return a whole number (below 0: the first element comes first) or a boolean, \
             not {}",
            name_of_value(&result)
        )
        .into()),
    }
}

/// Merge sort, which is stable and can fail, whatever order the function makes up.
fn sorted(list: Array, order: &mut impl FnMut(&Dynamic, &Dynamic) -> Outcome<Ordering>) -> Outcome<Array> {
    if list.len() < 2 {
        return Ok(list);
    }
    let (mut left, mut merged) = (list, Array::new());
    let right = left.split_off(left.len() / 2);
    merged.reserve(left.len() + right.len());
    let mut left = sorted(left, order)?.into_iter().peekable();
    let mut right = sorted(right, order)?.into_iter().peekable();
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        let first = if order(one, other)? == Ordering::Greater { &mut right } else { &mut left };
        merged.extend(first.next());
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}
