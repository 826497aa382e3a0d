//! Reading one table of a configuration: every value is checked, every fault is kept, unknown keys are found.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::ErrorKind;
use std::ops::{Deref, Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::ConfigError;
use super::source::{Format, Source};
use super::tree::{Entry, Kind, Node};
use super::values::{Milliseconds, Value, join};

/// A value as the file has it.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    pub node: &'a Node,
    pub source: &'a Source,
}

impl Deref for Item<'_> {
    type Target = Node;

    fn deref(&self) -> &Node {
        self.node
    }
}

/// Errors that are shown.
const MAX_ERRORS: usize = 100;
/// Characters of a key that are shown.
const MAX_KEY: usize = 60;

/// What is wrong with a value, and where.
pub(super) struct Wrong {
    pub span: Range<usize>,
    pub what: String,
    pub advice: Option<String>,
}

pub(super) type Read<T> = Result<T, Wrong>;

/// What all tables of a file share.
pub(super) struct Reader<'s> {
    pub source: &'s Source,
    pub errors: Vec<ConfigError>,
    /// What is right, but said better in another way.
    pub hints: Vec<ConfigError>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(source: &'s Source) -> Reader<'s> {
        Reader { source, errors: Vec::new(), hints: Vec::new() }
    }

    /// Keeps an error about the octets `span`.
    pub(super) fn fail(&mut self, span: Range<usize>, what: impl Into<String>, advice: Option<String>) {
        match self.errors.len() {
            0..MAX_ERRORS => self.errors.push(self.source.error(span, what, advice)),
            MAX_ERRORS => self.errors.push(ConfigError::plain(format!(
                "{}: more errors than these {MAX_ERRORS} are not shown",
                self.source.path().display()
            ))),
            _ => {}
        }
    }

    /// How much is wrong so far.
    pub(super) fn count(&self) -> usize {
        self.errors.len()
    }

    /// Keeps a hint about the octets `span`.
    pub(super) fn hint(&mut self, span: Range<usize>, what: impl Into<String>, advice: Option<String>) {
        self.hints.push(self.source.error(span, what, advice));
    }
}

/// A table of the file.
pub(super) struct Section<'a> {
    /// As in its header; empty for the top of the file.
    name: &'static str,
    source: &'a Source,
    span: Range<usize>,
    table: Option<&'a [Entry]>,
    known: Vec<&'static str>,
    /// Old names that are in the file, and what they are called now.
    renamed: Vec<(&'static str, &'static str)>,
}

impl<'a> Section<'a> {
    fn new(name: &'static str, source: &'a Source, span: Range<usize>, table: Option<&'a [Entry]>) -> Section<'a> {
        Section { name, source, span, table, known: Vec::new(), renamed: Vec::new() }
    }

    pub(super) fn top(document: &'a Node, source: &'a Source) -> Section<'a> {
        let table = if let Kind::Table(entries) = &document.kind { Some(entries.as_slice()) } else { None };
        Section::new("", source, document.span.clone(), table)
    }

    /// Every entry, of a table whose keys are not ours to know.
    pub(super) fn take_all(&mut self) -> &'a [Entry] {
        self.table.take().unwrap_or_default()
    }

    fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.table?.iter().find(|entry| entry.key == key)
    }

    /// Takes `old` for `new` from now on, with a hint.
    pub(super) fn rename(&mut self, reader: &mut Reader<'_>, old: &'static str, new: &'static str) {
        let Some(entry) = self.entry(old) else { return };
        let known = self.renamed.iter().any(|(_, other)| *other == new);
        self.renamed.push((old, new));
        let span = entry.key_span.clone();
        if known || self.entry(new).is_some() {
            reader.fail(span, format!("`{}` is the old name of `{new}`, which is there too", self.path(old)), None);
        } else {
            let what = format!("`{}` is an old name", self.path(old));
            reader.hint(span, what, Some(format!("write `{}`", self.path(new))));
        }
    }

    fn find(&mut self, key: &'static str) -> Option<Item<'a>> {
        self.ignored(key);
        let old = || self.renamed.iter().find(|(_, new)| *new == key).and_then(|(old, _)| self.entry(old));
        self.entry(key).or_else(old).map(|entry| Item { node: &entry.value, source: self.source })
    }

    /// The value of a key that may be there, whatever it is.
    pub(super) fn given(&mut self, key: &'static str) -> Option<Item<'a>> {
        // As in wptserve, null is as good as nothing.
        self.find(key).filter(|item| !matches!(item.kind, Kind::Null))
    }

    /// Lets a key be there, for nothing.
    pub(super) fn ignored(&mut self, key: &'static str) {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// The table `key` of this one, called `name` in full.
    pub(super) fn section(&mut self, reader: &mut Reader<'_>, key: &'static str, name: &'static str) -> Section<'a> {
        let item = self.given(key);
        let table = item.and_then(|item| match &item.node.kind {
            Kind::Table(entries) => Some(entries.as_slice()),
            other => {
                let what = format!("`{name}` must be a table, not {}", other.name());
                let advice = match reader.source.format() {
                    Format::Toml => format!("write [{name}] on a line of its own"),
                    Format::Json => format!("write \"{key}\": {{…}}"),
                };
                reader.fail(item.span.clone(), what, Some(advice));
                None
            }
        });
        Section::new(name, self.source, item.map(|item| item.span.clone()).unwrap_or_default(), table)
    }

    /// The tables of a list, each read by `one`; those that are wrong are left out. `None` if the file has no such key.
    pub(super) fn tables<T>(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        one: impl Fn(&mut Reader<'_>, Section<'a>, Item<'a>) -> Option<T>,
    ) -> Option<Vec<Value<T>>> {
        let item = self.given(key)?;
        let Kind::List(items) = &item.node.kind else {
            let what = format!("`{key}` must be a list of tables, not {}", item.kind.name());
            let advice = match reader.source.format() {
                Format::Toml => format!("write [[{key}]] before each"),
                Format::Json => format!("write \"{key}\": [{{…}}]"),
            };
            reader.fail(item.span.clone(), what, Some(advice));
            return None;
        };
        let mut read = Vec::with_capacity(items.len());
        for node in items {
            let item = Item { node, source: self.source };
            let Kind::Table(entries) = &node.kind else {
                reader.fail(item.span.clone(), format!("`{key}` must be a list of tables, not of this"), None);
                continue;
            };
            let origin = reader.source.origin(item.span.start);
            let section = Section::new(key, self.source, item.span.clone(), Some(entries.as_slice()));
            read.extend(one(reader, section, item).map(|value| Value { value, origin }));
        }
        Some(read)
    }

    /// Sets `value` if the file has the key.
    pub(super) fn read<T>(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        value: &mut Value<T>,
        read: impl FnOnce(Item<'a>) -> Read<T>,
    ) {
        if let Some(found) = self.optional(reader, key, read) {
            *value = found;
        }
    }

    /// The value of the key, if the file has it and it is right.
    pub(super) fn optional<T>(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        read: impl FnOnce(Item<'a>) -> Read<T>,
    ) -> Option<Value<T>> {
        let item = self.given(key)?;
        match read(item) {
            Ok(value) => Some(Value { value, origin: reader.source.origin(item.span.start) }),
            Err(wrong) => {
                let what = format!("`{}` {}", self.path(key), wrong.what);
                reader.fail(wrong.span, what, wrong.advice);
                None
            }
        }
    }

    /// The value of a key that must be there.
    pub(super) fn required<T>(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        read: impl FnOnce(Item<'a>) -> Read<T>,
    ) -> Option<T> {
        if self.given(key).is_none() {
            reader.fail(self.span.clone(), format!("`{key}` is missing in [[{}]]", self.name), None);
            return None;
        }
        self.optional(reader, key, read).map(|value| value.value)
    }

    /// Reports every key that is not known.
    pub(super) fn finish(self, reader: &mut Reader<'_>) {
        for entry in self.table.into_iter().flatten() {
            let key = entry.key.as_str();
            if self.known.contains(&key) || self.renamed.iter().any(|(old, _)| *old == key) {
                continue;
            }
            let place = if self.name.is_empty() { String::new() } else { format!(" in [{}]", self.name) };
            let advice = match nearest(key, self.known.iter().copied()) {
                Some(known) => format!("a similar key exists: `{known}`"),
                None => format!("known here: {}", self.known.join(", ")),
            };
            let what = format!("unknown key `{}`{place}", short(key));
            reader.fail(entry.key_span.clone(), what, Some(advice));
        }
    }
}

/// A key as it is shown: the beginning of a very long one.
pub(super) fn short(key: &str) -> Cow<'_, str> {
    match key.char_indices().nth(MAX_KEY) {
        Some((end, _)) => Cow::Owned(format!("{}…", key.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(key),
    }
}

/// The candidate that was probably meant.
pub(super) fn nearest<'k>(word: &str, candidates: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if word.len() > 2 * MAX_KEY {
        return None;
    }
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(&word.to_lowercase(), candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(word.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

pub(super) fn wrong<T>(item: Item<'_>, what: impl Into<String>) -> Read<T> {
    Err(Wrong { span: item.span.clone(), what: what.into(), advice: None })
}

pub(super) fn wrong_with<T>(item: Item<'_>, what: impl Into<String>, advice: impl Into<String>) -> Read<T> {
    Err(Wrong { span: item.span.clone(), what: what.into(), advice: Some(advice.into()) })
}

/// A string that is not empty.
pub(super) fn text(item: Item<'_>) -> Read<String> {
    match &item.kind {
        Kind::Text(text) if text.is_empty() => wrong(item, "must not be empty"),
        Kind::Text(text) => Ok(text.clone()),
        other => wrong(item, format!("must be a string in quotes, not {}", other.name())),
    }
}

/// A path, as seen from the folder of the file.
pub(super) fn path(item: Item<'_>) -> Read<PathBuf> {
    Ok(join(item.source.folder(), text(item)?.as_ref()))
}

/// A directory that exists.
pub(super) fn folder(item: Item<'_>) -> Read<PathBuf> {
    let path = path(item)?;
    match not_a_folder(&path) {
        Some(why) => wrong(item, format!("must name a directory: {why}")),
        None => Ok(path),
    }
}

/// A file that exists.
pub(super) fn file(item: Item<'_>) -> Read<PathBuf> {
    let path = path(item)?;
    match not_a_file(&path) {
        Some(why) => wrong(item, format!("must name a file: {why}")),
        None => Ok(path),
    }
}

/// A directory that exists, or may yet be made.
pub(super) fn future_folder(item: Item<'_>) -> Read<PathBuf> {
    let path = path(item)?;
    match not_a_folder(&path).filter(|_| path.exists()) {
        Some(why) => wrong(item, format!("must name a directory: {why}")),
        None => Ok(path),
    }
}

/// Why a path is not that of a directory.
pub(super) fn not_a_folder(path: &Path) -> Option<String> {
    let shown = path.display();
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => None,
        Ok(_) => Some(format!("{shown} is a file")),
        Err(error) if error.kind() == ErrorKind::NotFound => Some(format!("{shown} does not exist")),
        Err(error) => Some(format!("cannot read {shown}: {error}")),
    }
}

/// Why a path is not that of a file.
pub(super) fn not_a_file(path: &Path) -> Option<String> {
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => None,
        Ok(metadata) if metadata.is_dir() => Some(format!("{} is a directory", path.display())),
        Ok(_) => Some(format!("{} is not a regular file", path.display())),
        Err(_) => not_a_folder(path),
    }
}

/// A list of values, or one; null in a list is as good as nothing.
pub(super) fn list<T>(item: Item<'_>, one: impl Fn(Item<'_>) -> Read<T>) -> Read<Vec<T>> {
    match &item.kind {
        Kind::List(items) => {
            let given = items.iter().filter(|node| !matches!(node.kind, Kind::Null));
            given.map(|node| one(Item { node, source: item.source })).collect()
        }
        _ => Ok(vec![one(item)?]),
    }
}

/// A table whose keys are the user's.
pub(super) fn map<T>(item: Item<'_>, one: impl Fn(&str, Item<'_>) -> Read<T>) -> Read<BTreeMap<String, T>> {
    match &item.kind {
        Kind::Table(entries) => {
            let value = |node| Item { node, source: item.source };
            entries.iter().map(|entry| Ok((entry.key.clone(), one(&entry.key, value(&entry.value))?))).collect()
        }
        other => wrong(item, format!("must be a table, not {}", other.name())),
    }
}

/// True or false.
pub(super) fn boolean(item: Item<'_>) -> Read<bool> {
    match &item.kind {
        Kind::Boolean(value) => Ok(*value),
        other => wrong(item, format!("must be true or false, not {}", other.name())),
    }
}

/// A whole number of a range.
pub(super) fn whole<T: TryFrom<u64>>(range: RangeInclusive<u64>) -> impl FnOnce(Item<'_>) -> Read<T> {
    move |item| {
        let Kind::Integer { digits, radix } = &item.kind else {
            return wrong(item, format!("must be a whole number, not {}", item.kind.name()));
        };
        let parsed = u64::from_str_radix(digits, *radix);
        let value = parsed.ok().filter(|value| range.contains(value)).and_then(|value| T::try_from(value).ok());
        value.map_or_else(|| out_of_range(item, range.start(), range.end()), Ok)
    }
}

/// Thousandths of a second, a whole number of them.
pub(super) fn milliseconds(range: RangeInclusive<u64>) -> impl FnOnce(Item<'_>) -> Read<Milliseconds> {
    move |item| whole(range)(item).map(Duration::from_millis).map(Milliseconds)
}

/// Seconds, with or without a fraction.
pub(super) fn seconds(range: RangeInclusive<f64>) -> impl FnOnce(Item<'_>) -> Read<Duration> {
    move |item| {
        let parsed: Option<f64> = match &item.kind {
            Kind::Integer { digits, radix: 10 } => digits.parse().ok(),
            Kind::Float(number) => number.parse().ok(),
            Kind::Integer { .. } => None,
            other => return wrong(item, format!("must be a number of seconds, not {}", other.name())),
        };
        let value = parsed.filter(|value| range.contains(value));
        let value = value.and_then(|value| Duration::try_from_secs_f64(value).ok());
        value.map_or_else(|| out_of_range(item, range.start(), range.end()), Ok)
    }
}

fn out_of_range<T>(item: Item<'_>, from: impl Display, to: impl Display) -> Read<T> {
    wrong(item, format!("must be from {from} to {to}"))
}
