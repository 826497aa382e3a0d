//! Where raw calls stand in scripts, so that who contradicts one later can be told.

use std::cell::RefCell;
use std::collections::HashMap;

use rhai::NativeCallContext;

use crate::exchange::CallSite;

/// Places that a thread remembers. Each line of a script counts once, however often it runs.
const PLACES: usize = 1 << 16;

#[derive(Default)]
struct Places {
    /// What is said of each, by its number less one.
    texts: Vec<String>,
    /// Numbers by file, then by function and line.
    numbers: HashMap<String, Vec<(&'static str, String, usize, u32)>>,
}

thread_local! {
    static SEEN: RefCell<Places> = RefCell::default();
}

/// The place of the call that runs, of a function of `object`: `writer.` or `flood::`.
pub fn call_site(context: &NativeCallContext<'_>, object: &'static str) -> CallSite {
    let file = context.call_source().unwrap_or_default();
    let line = context.call_position().line().unwrap_or(0);
    SEEN.with_borrow_mut(|places| CallSite(places.number(file, (object, context.fn_name()), line)))
}

/// A place as text for people; `None` if it is not known.
pub fn place_of(site: CallSite) -> Option<String> {
    let index = usize::try_from(site.0).ok()?.checked_sub(1)?;
    SEEN.with_borrow(|places| places.texts.get(index).cloned())
}

impl Places {
    fn number(&mut self, file: &str, (object, function): (&'static str, &str), line: usize) -> u32 {
        let seen = self
            .numbers
            .get(file)
            .and_then(|all| all.iter().find(|(of, name, at, _)| *at == line && name == function && *of == object));
        if let Some((.., number)) = seen {
            return *number;
        }
        if self.texts.len() >= PLACES {
            return 0;
        }
        self.texts.push(format!("{object}{function} at {file}:{line}"));
        let number = u32::try_from(self.texts.len()).unwrap_or(0);
        self.numbers.entry(file.to_owned()).or_default().push((object, function.to_owned(), line, number));
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_one_number() {
        let mut places = Places::default();
        let one = places.number("a.rhai", ("writer.", "write_raw"), 7);
        assert_eq!(one, 1);
        assert_eq!(places.number("a.rhai", ("writer.", "write_raw"), 7), one);
        assert_ne!(places.number("b.rhai", ("writer.", "write_raw"), 7), one);
        assert_ne!(places.number("a.rhai", ("writer.", "write_raw"), 8), one);
        assert_ne!(places.number("a.rhai", ("connection.", "write_raw"), 7), one);
        assert_eq!(places.texts[0], "writer.write_raw at a.rhai:7");
    }

    #[test]
    fn there_is_an_end_to_what_is_remembered() {
        let mut places = Places { texts: vec![String::new(); PLACES], ..Places::default() };
        assert_eq!(places.number("a.rhai", ("writer.", "write_raw"), 7), 0);
        assert_eq!(place_of(CallSite(0)), None);
    }
}
