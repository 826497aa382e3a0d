//! A configuration as a tree of values, each with its place in the text, whatever it is written in.

use std::borrow::Cow;
use std::ops::Range;

use jsonc_parser::ast::{ObjectPropName, Value as Json};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub span: Range<usize>,
    pub kind: Kind,
}

/// What a value is. Numbers are kept as text, without underscores: whoever wants one knows its range.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Boolean(bool),
    Integer { digits: String, radix: u32 },
    Float(String),
    Text(String),
    Date,
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key of a table with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    pub key_span: Range<usize>,
    pub value: Node,
}

/// What is wrong with the text itself.
pub(super) struct SyntaxError {
    pub span: Range<usize>,
    pub what: String,
}

impl Kind {
    /// The kind, for people.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean(_) => "true or false",
            Kind::Integer { .. } => "a whole number",
            Kind::Float(_) => "a number with a fraction",
            Kind::Text(_) => "a string",
            Kind::Date => "a date",
            Kind::List(_) => "a list",
            Kind::Table(_) => "a table",
        }
    }
}

/// TOML: what could be read, and what is wrong with the rest.
pub(super) fn from_toml(text: &str) -> (Node, Vec<SyntaxError>) {
    let (document, errors) = DeTable::parse_recoverable(text);
    let errors = errors.iter().map(|error| {
        let what = error.message().lines().next().unwrap_or_default();
        SyntaxError { span: error.span().unwrap_or_default(), what: what.to_owned() }
    });
    let errors = errors.collect();
    (Node { span: 0..0, kind: toml_table(document.into_inner()) }, errors)
}

fn toml_table(table: DeTable<'_>) -> Kind {
    let entry = |(key, value): (Spanned<Cow<'_, str>>, Spanned<DeValue<'_>>)| Entry {
        key_span: key.span(),
        key: key.into_inner().into_owned(),
        value: toml_value(value),
    };
    let mut entries: Vec<Entry> = table.into_iter().map(entry).collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    Kind::Table(entries)
}

fn toml_value(value: Spanned<DeValue<'_>>) -> Node {
    let span = value.span();
    let kind = match value.into_inner() {
        DeValue::String(text) => Kind::Text(text.into_owned()),
        DeValue::Integer(number) => Kind::Integer { digits: number.as_str().replace('_', ""), radix: number.radix() },
        DeValue::Float(number) => Kind::Float(number.as_str().replace('_', "")),
        DeValue::Boolean(value) => Kind::Boolean(value),
        DeValue::Datetime(_) => Kind::Date,
        DeValue::Array(items) => Kind::List(items.into_iter().map(toml_value).collect()),
        DeValue::Table(table) => toml_table(table),
    };
    Node { span, kind }
}

/// JSON: all of it or an error.
pub(super) fn from_json(text: &str) -> (Node, Vec<SyntaxError>) {
    let empty = Node { span: 0..0, kind: Kind::Table(Vec::new()) };
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let mut errors = Vec::new();
    let document = match parse_to_ast(text, &CollectOptions::default(), &strict) {
        Ok(parsed) => parsed.value,
        Err(error) => {
            let (range, what) = (error.range(), error.kind().to_string());
            errors.push(SyntaxError { span: range.start..range.end, what: lower_first(&what) });
            return (empty, errors);
        }
    };
    let mut fail = |span, what: &str| errors.push(SyntaxError { span, what: what.to_owned() });
    let node = match document {
        Some(document @ Json::Object(_)) => json_value(document, &mut fail),
        Some(other) => {
            fail(span(&other), "a configuration is an object in braces");
            empty
        }
        None => {
            fail(0..0, "there is nothing here: the least is {}");
            empty
        }
    };
    (node, errors)
}

fn json_value(value: Json<'_>, fail: &mut impl FnMut(Range<usize>, &str)) -> Node {
    let span = span(&value);
    let kind = match value {
        Json::StringLit(text) => Kind::Text(text.value.into_owned()),
        Json::NumberLit(number) if number.value.contains(['.', 'e', 'E']) => Kind::Float(number.value.to_owned()),
        Json::NumberLit(number) => Kind::Integer { digits: number.value.to_owned(), radix: 10 },
        Json::BooleanLit(value) => Kind::Boolean(value.value),
        Json::NullKeyword(_) => Kind::Null,
        Json::Array(array) => Kind::List(array.elements.into_iter().map(|item| json_value(item, fail)).collect()),
        Json::Object(object) => {
            let mut seen = std::collections::HashSet::new();
            let mut entries = Vec::with_capacity(object.properties.len());
            for property in object.properties {
                let (range, key) = match property.name {
                    ObjectPropName::String(name) => (name.range, name.value.into_owned()),
                    ObjectPropName::Word(name) => (name.range, name.value.to_owned()),
                };
                let key_span = range.start..range.end;
                if !seen.insert(key.clone()) {
                    fail(key_span.clone(), "duplicate key");
                }
                entries.push(Entry { key, key_span, value: json_value(property.value, fail) });
            }
            Kind::Table(entries)
        }
    };
    Node { span, kind }
}

fn span(value: &Json<'_>) -> Range<usize> {
    let range = value.range();
    range.start..range.end
}

/// As the errors of TOML begin.
fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}
