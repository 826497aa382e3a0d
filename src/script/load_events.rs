//! Load and unload events of one worker's scripts, queued until the caller takes them.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What happened to a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadEvent {
    /// It is compiled.
    Loaded(PathBuf),
    /// It is gone, or has another text, or no longer compiles.
    Unloaded(PathBuf),
}

/// What happened to scripts, in order. Nothing is recorded until [`LoadEvents::enable`].
#[derive(Default)]
pub struct LoadEvents {
    enabled: Cell<bool>,
    known: RefCell<BTreeMap<PathBuf, Known>>,
    events: RefCell<VecDeque<LoadEvent>>,
}

struct Known {
    text: Rc<str>,
    on_disk: bool,
}

impl LoadEvents {
    /// Records events from now on.
    pub fn enable(&self) {
        self.enabled.set(true);
    }

    /// Whether no event waits to be taken.
    pub fn is_empty(&self) -> bool {
        self.events.borrow().is_empty()
    }

    /// Takes the oldest event.
    pub fn next(&self) -> Option<LoadEvent> {
        self.events.borrow_mut().pop_front()
    }

    /// A script was read: its text, or `None` if it does not compile.
    pub fn loaded(&self, path: &Path, on_disk: bool, text: Option<&Rc<str>>) {
        if !self.enabled.get() {
            return;
        }
        let mut known = self.known.borrow_mut();
        let old = match text {
            Some(text) if known.get(path).is_some_and(|known| known.text == *text) => return,
            Some(text) => known.insert(path.to_owned(), Known { text: Rc::clone(text), on_disk }),
            None => known.remove(path),
        };
        let mut events = self.events.borrow_mut();
        events.extend(old.map(|_| LoadEvent::Unloaded(path.to_owned())));
        events.extend(text.map(|_| LoadEvent::Loaded(path.to_owned())));
    }

    /// Looks which files are gone.
    pub fn check_files(&self) {
        let mut events = self.events.borrow_mut();
        self.known.borrow_mut().retain(|path, known| {
            let stays = !known.on_disk || path.is_file();
            if !stays {
                events.push_back(LoadEvent::Unloaded(path.clone()));
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(events: &LoadEvents) -> Vec<LoadEvent> {
        std::iter::from_fn(|| events.next()).collect()
    }

    #[test]
    fn each_change_is_one_event() {
        let events = LoadEvents::default();
        let (path, one, two) = (PathBuf::from("no/such/file.rhai"), Rc::from("one"), Rc::from("two"));
        events.loaded(&path, true, Some(&one));
        assert_eq!(all(&events), []);
        events.enable();
        for text in [&one, &one, &two] {
            events.loaded(&path, true, Some(text));
        }
        let (loaded, unloaded) = (LoadEvent::Loaded(path.clone()), LoadEvent::Unloaded(path.clone()));
        assert_eq!(all(&events), [loaded.clone(), unloaded.clone(), loaded.clone()]);
        events.loaded(&path, true, None);
        events.loaded(&path, true, None);
        assert_eq!(all(&events), std::slice::from_ref(&unloaded));
        events.loaded(&path, true, Some(&one));
        events.loaded(Path::new("inside"), false, Some(&one));
        events.check_files();
        events.check_files();
        assert_eq!(all(&events), [loaded, LoadEvent::Loaded("inside".into()), unloaded]);
    }
}
