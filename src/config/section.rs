//! Reading one table of `wpt.toml`: every value is checked, every fault is kept, unknown keys are found.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Source};
use super::values::{Value, join};

/// A value as it stands in the file.
pub(super) type Item<'a, 'i> = &'a Spanned<DeValue<'i>>;

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
    /// Keys that the file could set and does not.
    pub absent: Vec<String>,
}

/// A table of the file.
pub(super) struct Section<'a, 'i> {
    /// As in its header; empty for the top of the file.
    name: &'static str,
    table: Option<&'a DeTable<'i>>,
    known: Vec<&'static str>,
}

impl<'a, 'i> Section<'a, 'i> {
    pub(super) fn top(table: &'a DeTable<'i>) -> Section<'a, 'i> {
        Section { name: "", table: Some(table), known: Vec::new() }
    }

    fn find(&mut self, key: &'static str) -> Option<Item<'a, 'i>> {
        self.known.push(key);
        self.table?.iter().find(|(name, _)| name.get_ref() == key).map(|(_, item)| item)
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// The table `key` of this one, called `name` in full.
    pub(super) fn section(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        name: &'static str,
    ) -> Section<'a, 'i> {
        let table = self.find(key).and_then(|item| match item.get_ref() {
            DeValue::Table(table) => Some(table),
            other => {
                let what = format!("`{name}` is a table, not {}", kind(other));
                reader.errors.push(reader.source.error(
                    item.span(),
                    what,
                    Some(format!("write [{name}] on a line of its own")),
                ));
                None
            }
        });
        Section { name, table, known: Vec::new() }
    }

    /// Sets `value` if the file has the key.
    pub(super) fn read<T>(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        value: &mut Value<T>,
        read: impl FnOnce(Item<'a, 'i>) -> Read<T>,
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
        read: impl FnOnce(Item<'a, 'i>) -> Read<T>,
    ) -> Option<Value<T>> {
        let Some(item) = self.find(key) else {
            reader.absent.push(self.path(key));
            return None;
        };
        match read(item) {
            Ok(value) => Some(Value { value, origin: reader.source.origin(item.span().start) }),
            Err(wrong) => {
                let what = format!("`{}` {}", self.path(key), wrong.what);
                reader.errors.push(reader.source.error(wrong.span, what, wrong.advice));
                None
            }
        }
    }

    /// Every key that nobody asked for is an error.
    pub(super) fn finish(self, reader: &mut Reader<'_>) {
        for (key, _) in self.table.into_iter().flatten() {
            if self.known.iter().any(|known| *known == key.get_ref().as_ref()) {
                continue;
            }
            let place = if self.name.is_empty() { String::new() } else { format!(" in [{}]", self.name) };
            let advice = match nearest(key.get_ref(), self.known.iter().copied()) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("known here: {}", self.known.join(", ")),
            };
            let what = format!("unknown key `{}`{place}", key.get_ref());
            reader.errors.push(reader.source.error(key.span(), what, Some(advice)));
        }
    }
}

/// The candidate that was probably meant.
pub(super) fn nearest<'k>(word: &str, candidates: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(&word.to_lowercase(), candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(word.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

pub(super) fn wrong<T>(item: Item<'_, '_>, what: impl Into<String>) -> Read<T> {
    Err(Wrong { span: item.span(), what: what.into(), advice: None })
}

pub(super) fn wrong_with<T>(item: Item<'_, '_>, what: impl Into<String>, advice: impl Into<String>) -> Read<T> {
    Err(Wrong { span: item.span(), what: what.into(), advice: Some(advice.into()) })
}

/// The kind of a value, for people.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A string that is not empty.
pub(super) fn text(item: Item<'_, '_>) -> Read<String> {
    match item.get_ref() {
        DeValue::String(text) if text.is_empty() => wrong(item, "must not be empty"),
        DeValue::String(text) => Ok(text.clone().into_owned()),
        other => wrong(item, format!("is a string in quotes, not {}", kind(other))),
    }
}

/// A path, as seen from the folder of the file.
pub(super) fn path(source: &Source) -> impl Fn(Item<'_, '_>) -> Read<PathBuf> {
    |item| Ok(join(source.folder(), text(item)?.as_ref()))
}

/// A folder that exists.
pub(super) fn folder(source: &Source) -> impl Fn(Item<'_, '_>) -> Read<PathBuf> {
    |item| {
        let path = path(source)(item)?;
        if path.is_dir() { Ok(path) } else { wrong(item, format!("names no folder: there is no {}", path.display())) }
    }
}

/// A folder that exists, or may yet be made.
pub(super) fn future_folder(source: &Source) -> impl Fn(Item<'_, '_>) -> Read<PathBuf> {
    |item| {
        let path = path(source)(item)?;
        if path.is_dir() || !path.exists() {
            Ok(path)
        } else {
            wrong(item, format!("names no folder: {} is a file", path.display()))
        }
    }
}

/// A list of values, or one.
pub(super) fn list<T>(item: Item<'_, '_>, one: impl Fn(Item<'_, '_>) -> Read<T>) -> Read<Vec<T>> {
    match item.get_ref() {
        DeValue::Array(items) => items.iter().map(one).collect(),
        _ => Ok(vec![one(item)?]),
    }
}

/// A table whose keys are the user's.
pub(super) fn map<T>(item: Item<'_, '_>, one: impl Fn(&str, Item<'_, '_>) -> Read<T>) -> Read<BTreeMap<String, T>> {
    match item.get_ref() {
        DeValue::Table(table) => table
            .iter()
            .map(|(key, item)| Ok((key.get_ref().clone().into_owned(), one(key.get_ref(), item)?)))
            .collect(),
        other => wrong(item, format!("is a table, not {}", kind(other))),
    }
}

/// True or false.
pub(super) fn boolean(item: Item<'_, '_>) -> Read<bool> {
    match item.get_ref() {
        DeValue::Boolean(value) => Ok(*value),
        other => wrong(item, format!("is true or false, not {}", kind(other))),
    }
}

/// A whole number of a range.
pub(super) fn whole<T: TryFrom<u64>>(range: RangeInclusive<u64>) -> impl FnOnce(Item<'_, '_>) -> Read<T> {
    move |item| {
        let DeValue::Integer(number) = item.get_ref() else {
            return wrong(item, format!("is a whole number, not {}", kind(item.get_ref())));
        };
        let parsed = u64::from_str_radix(&number.as_str().replace('_', ""), number.radix());
        let value = parsed.ok().filter(|value| range.contains(value)).and_then(|value| T::try_from(value).ok());
        value.map_or_else(|| out_of_range(item, range.start(), range.end()), Ok)
    }
}

/// Seconds, with or without a fraction.
pub(super) fn seconds(range: RangeInclusive<f64>) -> impl FnOnce(Item<'_, '_>) -> Read<Duration> {
    move |item| {
        let parsed: Option<f64> = match item.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().replace('_', "").parse().ok(),
            DeValue::Float(number) => number.as_str().replace('_', "").parse().ok(),
            DeValue::Integer(_) => None,
            other => return wrong(item, format!("is a number of seconds, not {}", kind(other))),
        };
        let value = parsed.filter(|value| range.contains(value));
        let value = value.and_then(|value| Duration::try_from_secs_f64(value).ok());
        value.map_or_else(|| out_of_range(item, range.start(), range.end()), Ok)
    }
}

fn out_of_range<T>(item: Item<'_, '_>, from: impl Display, to: impl Display) -> Read<T> {
    wrong(item, format!("must be from {from} to {to}"))
}
