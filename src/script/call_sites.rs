//! Where calls are in scripts: transcripts name them, and so do errors about calls that contradict them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use rhai::NativeCallContext;

use crate::exchange::CallSite;

/// Places that the process remembers. Each line of a script counts once, however often it runs.
const MAX_PLACES: usize = 1 << 16;

/// Calls that a thread finds again without a look-up.
const RECENT: usize = 8;

/// A call in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The script's file.
    pub file: String,
    /// The function of the API with its object, `connection.send`; or the entry function of the script.
    pub function: String,
    /// The line of the call, from 1; 0 for an entry function.
    pub line: usize,
}

/// All places; the number of each is its index plus one.
static PLACES: Mutex<Vec<Place>> = Mutex::new(Vec::new());

/// What one thread knows of them.
#[derive(Default)]
struct Known {
    /// Numbers by file, then by function and line.
    numbers: HashMap<String, Vec<(&'static str, String, usize, u32)>>,
    /// The last call on each of some lines.
    recent: [Option<Recent>; RECENT],
}

struct Recent {
    file: String,
    object: &'static str,
    function: String,
    line: usize,
    number: u32,
}

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::default();
}

/// The place of the call that runs, of a function of `object`: `writer.` or `flood::`.
pub fn call_site(context: &NativeCallContext<'_>, object: &'static str) -> CallSite {
    let file = context.call_source().unwrap_or_default();
    let line = context.call_position().line().unwrap_or(0);
    KNOWN.with_borrow_mut(|known| CallSite(known.recent(file, (object, context.fn_name()), line)))
}

/// The place that stands for what an entry function's result made the server send.
pub fn entry_site(file: &str, function: &'static str) -> CallSite {
    KNOWN.with_borrow_mut(|known| CallSite(known.number(file, ("", function), 0)))
}

/// The place that a number stands for, on any thread; `None` if it is not known.
pub fn place(site: CallSite) -> Option<Place> {
    let index = usize::try_from(site.0).ok()?.checked_sub(1)?;
    // A list is consistent between calls, so a poisoned lock is safe to use.
    PLACES.lock().unwrap_or_else(PoisonError::into_inner).get(index).cloned()
}

/// A place as text for people; `None` if it is not known.
pub fn place_of(site: CallSite) -> Option<String> {
    let Place { file, function, line } = place(site)?;
    Some(if line == 0 { format!("{function} in {file}") } else { format!("{function} at {file}:{line}") })
}

/// Remembers a place and gives its number: the one that it has, if another thread met it before.
fn remember(file: &str, function: String, line: usize) -> u32 {
    let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    let known = places.iter().position(|place| place.line == line && place.function == function && place.file == file);
    let index = match known {
        Some(index) => index,
        None if places.len() >= MAX_PLACES => return 0,
        None => {
            places.push(Place { file: file.to_owned(), function, line });
            places.len() - 1
        }
    };
    u32::try_from(index + 1).unwrap_or(0)
}

impl Known {
    fn recent(&mut self, file: &str, (object, function): (&'static str, &str), line: usize) -> u32 {
        let slot = line % RECENT;
        if let Some(Some(recent)) = self.recent.get(slot)
            && recent.line == line
            && recent.object == object
            && recent.function == function
            && recent.file == file
        {
            return recent.number;
        }
        let number = self.number(file, (object, function), line);
        if let Some(recent) = self.recent.get_mut(slot) {
            *recent = Some(Recent { file: file.to_owned(), object, function: function.to_owned(), line, number });
        }
        number
    }

    fn number(&mut self, file: &str, (object, function): (&'static str, &str), line: usize) -> u32 {
        let seen = self
            .numbers
            .get(file)
            .and_then(|all| all.iter().find(|(of, name, at, _)| *at == line && name == function && *of == object));
        if let Some((.., number)) = seen {
            return *number;
        }
        let number = remember(file, format!("{object}{function}"), line);
        if number != 0 {
            self.numbers.entry(file.to_owned()).or_default().push((object, function.to_owned(), line, number));
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_one_number_on_all_threads() {
        let mut known = Known::default();
        let one = known.recent("a.rhai", ("writer.", "write_raw"), 7);
        assert_eq!(known.recent("a.rhai", ("writer.", "write_raw"), 7), one);
        assert_eq!(Known::default().number("a.rhai", ("writer.", "write_raw"), 7), one);
        assert_ne!(known.recent("b.rhai", ("writer.", "write_raw"), 7), one);
        assert_ne!(known.recent("a.rhai", ("writer.", "write_raw"), 15), one);
        assert_ne!(known.recent("a.rhai", ("connection.", "write_raw"), 7), one);
        assert_eq!(place_of(CallSite(one)).as_deref(), Some("writer.write_raw at a.rhai:7"));
        let entry = entry_site("a.rhai", "main");
        assert_eq!(place_of(entry).as_deref(), Some("main in a.rhai"));
        assert_eq!(place_of(CallSite(0)), None);
    }
}
