//! Which scripts a worker has compiled, and goes by no more, for whoever wants to know.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Something that became of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It is compiled.
    Loaded(PathBuf),
    /// It is gone, or another text has taken its place, or it does not compile any more.
    Unloaded(PathBuf),
}

/// What became of scripts, in order, until somebody takes it.
#[derive(Default)]
pub struct Gazette {
    wanted: Cell<bool>,
    known: RefCell<BTreeMap<PathBuf, Known>>,
    news: RefCell<VecDeque<News>>,
}

struct Known {
    text: Rc<str>,
    on_disk: bool,
}

impl Gazette {
    /// Keeps news from now on.
    pub fn want(&self) {
        self.wanted.set(true);
    }

    /// Whether there is any.
    pub fn has_news(&self) -> bool {
        !self.news.borrow().is_empty()
    }

    /// What happened first of what nobody has taken yet.
    pub fn next(&self) -> Option<News> {
        self.news.borrow_mut().pop_front()
    }

    /// A script was read: its text, or nothing if it is of no use.
    pub fn read(&self, path: &Path, on_disk: bool, text: Option<&Rc<str>>) {
        if !self.wanted.get() {
            return;
        }
        let mut known = self.known.borrow_mut();
        let old = match text {
            Some(text) if known.get(path).is_some_and(|known| known.text == *text) => return,
            Some(text) => known.insert(path.to_owned(), Known { text: Rc::clone(text), on_disk }),
            None => known.remove(path),
        };
        let mut news = self.news.borrow_mut();
        news.extend(old.map(|_| News::Unloaded(path.to_owned())));
        news.extend(text.map(|_| News::Loaded(path.to_owned())));
    }

    /// Looks which files are gone.
    pub fn look(&self) {
        let mut news = self.news.borrow_mut();
        self.known.borrow_mut().retain(|path, known| {
            let stays = !known.on_disk || path.is_file();
            if !stays {
                news.push_back(News::Unloaded(path.clone()));
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(gazette: &Gazette) -> Vec<News> {
        std::iter::from_fn(|| gazette.next()).collect()
    }

    #[test]
    fn each_change_is_told_once() {
        let gazette = Gazette::default();
        let (path, one, two) = (PathBuf::from("no/such/file.rhai"), Rc::from("one"), Rc::from("two"));
        gazette.read(&path, true, Some(&one));
        assert_eq!(all(&gazette), []);
        gazette.want();
        for text in [&one, &one, &two] {
            gazette.read(&path, true, Some(text));
        }
        let (loaded, unloaded) = (News::Loaded(path.clone()), News::Unloaded(path.clone()));
        assert_eq!(all(&gazette), [loaded.clone(), unloaded.clone(), loaded.clone()]);
        gazette.read(&path, true, None);
        gazette.read(&path, true, None);
        assert_eq!(all(&gazette), std::slice::from_ref(&unloaded));
        gazette.read(&path, true, Some(&one));
        gazette.read(Path::new("inside"), false, Some(&one));
        gazette.look();
        gazette.look();
        assert_eq!(all(&gazette), [loaded, News::Loaded("inside".into()), unloaded]);
    }
}
