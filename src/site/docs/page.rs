//! The pages of `docs/`, inside the binary, and their sections.

use pulldown_cmark::{Event, OffsetIter, Options, Parser, Tag, TagEnd};
use rust_embed::Embed;
use std::borrow::Cow;
use std::collections::BTreeMap;

#[derive(Embed)]
#[folder = "docs/"]
struct Files;

/// The page that lists the others, in any directory.
const CONTENTS: &str = "README.md";

/// A page in Markdown.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its path below `docs/`.
    path: String,
    text: Cow<'static, str>,
}

/// A heading, and what is below it.
#[derive(Clone, Debug)]
pub struct Section<'p> {
    /// The page that it is on.
    pub page: &'p Page,
    /// 1 for the title of the page.
    pub level: usize,
    /// The heading as plain text.
    pub heading: String,
    /// What the heading has between backticks.
    pub codes: Vec<String>,
    /// What a URL names it by, as on GitHub.
    pub anchor: String,
    /// The Markdown of all of it, up to the next heading of its level.
    pub all: &'p str,
    /// The Markdown up to the next heading of any level.
    pub own: &'p str,
}

impl Page {
    fn at(path: &str) -> Option<Self> {
        let text = match Files::get(path)?.data {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        };
        Some(Self { path: path.to_owned(), text })
    }

    /// The page that lists the others.
    pub fn contents() -> Option<Self> {
        Self::at(CONTENTS)
    }

    /// The page that `/_wire/docs/PATH` shows.
    pub fn at_url(path: &str) -> Option<Self> {
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".md").unwrap_or(path);
        let directory = if path.is_empty() { CONTENTS.to_owned() } else { format!("{path}/{CONTENTS}") };
        Self::at(&format!("{path}.md")).or_else(|| Self::at(&directory))
    }

    /// All pages in the order of the first one. A page that lists those of its directory has them after it.
    pub fn all() -> Vec<Self> {
        let mut pages: Vec<Self> = Vec::new();
        let add = |pages: &mut Vec<Self>, page: Self| {
            if pages.iter().all(|known| known.path != page.path) {
                pages.push(page);
            }
        };
        let Some(contents) = Self::contents() else { return pages };
        let first = contents.linked();
        pages.push(contents);
        for page in first {
            let directory = page.directory().filter(|_| page.path.ends_with(CONTENTS)).map(str::to_owned);
            let below = page.linked();
            add(&mut pages, page);
            let is_below = |page: &Self| directory.is_some() && page.directory() == directory.as_deref();
            below.into_iter().filter(is_below).for_each(|page| add(&mut pages, page));
        }
        pages
    }

    /// Its path below `docs/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its text in Markdown.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The directory that it is in, and that another page lists.
    fn directory(&self) -> Option<&str> {
        self.path.rsplit_once('/').map(|(directory, _)| directory)
    }

    /// Whether another page lists it, as the pages of its directory.
    pub fn is_below_another(&self) -> bool {
        let directory = self.directory().filter(|_| !self.path.ends_with(CONTENTS));
        directory.is_some_and(|directory| Files::get(&format!("{directory}/{CONTENTS}")).is_some())
    }

    /// What it is called on a command line and in its URL: the path without its end.
    pub fn name(&self) -> &str {
        let path = self.path.strip_suffix(CONTENTS).map(|path| path.trim_end_matches('/'));
        path.unwrap_or_else(|| self.path.strip_suffix(".md").unwrap_or(&self.path))
    }

    /// Its path as a URL.
    pub fn url(&self) -> String {
        let slash = if self.path.ends_with(CONTENTS) && !self.name().is_empty() { "/" } else { "" };
        format!("/_wire/docs/{}{slash}", self.name())
    }

    /// Its heading, which is its first line.
    pub fn title(&self) -> String {
        self.text.lines().next().unwrap_or_default().trim_start_matches('#').trim().replace('`', "")
    }

    /// Where a link on it leads: a URL; `None` for files that are not in the binary.
    pub fn resolve(&self, target: &str) -> Option<String> {
        if target.starts_with('#') || target.contains("://") {
            return Some(target.to_owned());
        }
        let (path, anchor) = target.split_at(target.find('#').unwrap_or(target.len()));
        Self::at(&self.joined(path)?).map(|page| format!("{}{anchor}", page.url()))
    }

    /// A path from its directory; `None` if that is outside of `docs/`.
    fn joined(&self, path: &str) -> Option<String> {
        let mut parts: Vec<&str> = self.directory().into_iter().flat_map(|directory| directory.split('/')).collect();
        for part in path.split('/') {
            match part {
                ".." => drop(parts.pop()?),
                "." => {}
                part => parts.push(part),
            }
        }
        Some(parts.join("/"))
    }

    /// The pages that it links to.
    fn linked(&self) -> Vec<Self> {
        let targets = events(&self.text).filter_map(|(event, _)| match event {
            Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url),
            _ => None,
        });
        targets.filter_map(|target| Self::at(&self.joined(target.split('#').next()?)?)).collect()
    }

    /// Its sections in their order. The first is the whole page.
    pub fn sections(&self) -> Vec<Section<'_>> {
        let headings = headings(&self.text);
        let end = |at: usize, level: usize| {
            let next = headings.iter().skip(at + 1).find(|heading| heading.level <= level);
            next.map_or(self.text.len(), |next| next.begin)
        };
        let section = |(at, heading): (usize, &Heading)| Section {
            page: self,
            level: heading.level,
            heading: heading.text.clone(),
            codes: heading.codes.clone(),
            anchor: heading.anchor.clone(),
            all: self.text.get(heading.begin..end(at, heading.level)).unwrap_or_default(),
            own: self.text.get(heading.begin..end(at, usize::MAX)).unwrap_or_default(),
        };
        headings.iter().enumerate().map(section).collect()
    }
}

impl Section<'_> {
    /// Its URL.
    pub fn url(&self) -> String {
        if self.level == 1 { self.page.url() } else { format!("{}#{}", self.page.url(), self.anchor) }
    }
}

/// A heading, before it is known where what it begins ends.
#[derive(Debug, Default)]
struct Heading {
    level: usize,
    text: String,
    codes: Vec<String>,
    anchor: String,
    begin: usize,
}

/// The parts of a text in Markdown, with the places that they come from.
pub fn events(text: &str) -> OffsetIter<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter()
}

fn headings(text: &str) -> Vec<Heading> {
    let mut headings: Vec<Heading> = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut open: Option<Heading> = None;
    for (event, place) in events(text) {
        match (event, &mut open) {
            (Event::Start(Tag::Heading { level, .. }), _) => {
                open = Some(Heading { level: level as usize, begin: place.start, ..Heading::default() });
            }
            (Event::End(TagEnd::Heading(_)), _) => {
                let Some(mut heading) = open.take() else { continue };
                let slug = slug(&heading.text);
                let count = seen.entry(slug.clone()).or_default();
                heading.anchor = if *count == 0 { slug } else { format!("{slug}-{count}") };
                *count += 1;
                headings.push(heading);
            }
            (Event::Text(text), Some(heading)) => heading.text.push_str(&text),
            (Event::Code(text), Some(heading)) => {
                heading.text.push_str(&text);
                heading.codes.push(text.into_string());
            }
            _ => {}
        }
    }
    headings
}

/// Letters and digits in lower case, hyphens for spaces; other signs are left out. As GitHub does it.
fn slug(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|char| char.is_alphanumeric() || matches!(char, '-' | '_')).collect()
}

/// The paths of all pages in the binary.
#[cfg(test)]
pub fn paths() -> impl Iterator<Item = Cow<'static, str>> {
    Files::iter().filter(|path| path.ends_with(".md"))
}
