//! The table of keys: each is one row, from which its field, its default, reading it from a file or a flag,
//! `wireserve config`, reload and the list in `docs/configuration.md` come.

use super::section::{Item, Read, Reader, Section};
use super::show::{Printer, Show};
use super::values::{Origin, Value};
use super::{Config, ServeArguments};

/// When an edited value takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// With the next start.
    Start,
    /// At once: with the next request, or the next connection.
    Reload,
}

/// A key, whatever the type of its value.
pub(super) trait Key: Sync {
    /// In full: `limits.http2.streams`.
    fn name(&self) -> &'static str;

    /// What the value means, in one or more lines.
    fn doc(&self) -> &'static [&'static str];

    /// When an edit takes effect.
    fn when(&self) -> When;

    /// The flag of `wireserve serve` that sets it.
    fn flag(&self) -> Option<&'static str>;

    /// Sets the value if the file has the key.
    fn read(&self, config: &mut Config, reader: &mut Reader<'_>, section: &mut Section<'_>);

    /// Sets the value if the command line has the flag.
    fn apply_flag(&self, config: &mut Config, arguments: &ServeArguments);

    /// Adds the value to what `wireserve config` prints.
    fn print(&self, config: &Config, printer: &mut Printer);

    /// Whether the value is another in another configuration.
    fn differs(&self, config: &Config, other: &Config) -> bool;

    /// Takes the value over from another configuration.
    fn keep(&self, config: &mut Config, other: &Config);

    /// The value as TOML, without secrets; `None` if it is not set.
    fn show(&self, config: &Config) -> Option<String>;

    /// Whether the file or a flag set it.
    #[cfg(test)]
    fn is_set(&self, config: &Config) -> bool;

    /// The table that it is in, and its name there.
    fn place(&self) -> (&'static str, &'static str) {
        self.name().rsplit_once('.').unwrap_or(("", self.name()))
    }

    /// Whether it is a list of tables, which come last in a file.
    fn is_list(&self) -> bool {
        false
    }
}

/// A flag, and what the command line says of it.
pub(super) struct Flag<T> {
    pub name: &'static str,
    pub given: fn(&ServeArguments) -> Option<T>,
}

/// A key with one value.
pub(super) struct Row<T: 'static> {
    pub name: &'static str,
    pub doc: &'static [&'static str],
    pub when: When,
    pub flag: Option<Flag<T>>,
    pub get: fn(&Config) -> &Value<T>,
    pub get_mut: fn(&mut Config) -> &mut Value<T>,
    pub read: fn(Item<'_>) -> Read<T>,
}

impl<T: Clone + PartialEq + Show> Key for Row<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn doc(&self) -> &'static [&'static str] {
        self.doc
    }

    fn when(&self) -> When {
        self.when
    }

    fn flag(&self) -> Option<&'static str> {
        self.flag.as_ref().map(|flag| flag.name)
    }

    fn read(&self, config: &mut Config, reader: &mut Reader<'_>, section: &mut Section<'_>) {
        section.read(reader, self.place().1, (self.get_mut)(config), self.read);
    }

    fn apply_flag(&self, config: &mut Config, arguments: &ServeArguments) {
        if let Some(flag) = &self.flag
            && let Some(value) = (flag.given)(arguments)
        {
            *(self.get_mut)(config) = Value { value, origin: Origin::Flag(flag.name) };
        }
    }

    fn print(&self, config: &Config, printer: &mut Printer) {
        printer.value(self.place().1, (self.get)(config));
    }

    fn differs(&self, config: &Config, other: &Config) -> bool {
        (self.get)(config) != (self.get)(other)
    }

    fn keep(&self, config: &mut Config, other: &Config) {
        (self.get_mut)(config).clone_from((self.get)(other));
    }

    fn show(&self, config: &Config) -> Option<String> {
        (self.get)(config).value.show()
    }

    #[cfg(test)]
    fn is_set(&self, config: &Config) -> bool {
        (self.get)(config).origin != Origin::Default
    }
}

/// A field of a module's own options, whose default the key has, and which it sets.
pub(super) trait Slot<T> {
    fn get(&self) -> T;
    fn set(&mut self, value: T);
}

impl<T: Clone> Slot<T> for T {
    fn get(&self) -> T {
        self.clone()
    }

    fn set(&mut self, value: T) {
        *self = value;
    }
}

impl<T: Clone + Default> Slot<T> for Option<T> {
    fn get(&self) -> T {
        self.clone().unwrap_or_default()
    }

    fn set(&mut self, value: T) {
        *self = Some(value);
    }
}

/// A struct of values and its rows. A row is: what the value means; the field, with the name of the key if that is
/// another; the type; `= default`; how it is read; when an edit takes effect; the flag, if there is one.
///
/// With `for options: Type`, a row may say `=> options.field` instead of a default: the default is then that of `Type`, and
/// `apply` sets the field.
macro_rules! keys {
    // With the options of a module.
    (
        $(#[doc = $about:literal])*
        $name:ident for $options:ident: $target:ty, at |$config:ident| $place:expr, in $prefix:literal {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $type:ty $(= $default:expr)? $(=> $to:expr)?, $read:expr, $when:ident;
            )*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $crate::config::Value<$type>,)*
        }

        impl Default for $name {
            fn default() -> $name {
                let $options = &mut <$target>::default();
                $name { $($field: $crate::config::Value::default_of(keys!(@default $type; $(= $default)? $(=> $to)?)),)* }
            }
        }

        impl $name {
            /// Sets what the module takes.
            pub fn apply(&self, $options: &mut $target) {
                $(keys!(@apply $type; self.$field; $(= $default)? $(=> $to)?);)*
            }

            pub(in crate::config) const KEYS: &'static [&'static dyn $crate::config::table::Key] = &[$(
                &$crate::config::table::Row::<$type> {
                    name: concat!($prefix, stringify!($field)),
                    doc: &[$($doc),+],
                    when: $crate::config::table::When::$when,
                    flag: None,
                    get: |$config| &($place).$field,
                    get_mut: |$config| &mut ($place).$field,
                    read: |item| ($read)(item),
                },
            )*];
        }
    };
    (@default $type:ty; = $default:expr) => { $default };
    (@default $type:ty; => $to:expr) => { $crate::config::table::Slot::<$type>::get(&$to) };
    (@apply $type:ty; $value:expr; = $default:expr) => {};
    (@apply $type:ty; $value:expr; => $to:expr) => {
        $crate::config::table::Slot::<$type>::set(&mut $to, $value.value.clone())
    };
    // On their own.
    (
        $(#[doc = $about:literal])*
        $name:ident at |$config:ident| $place:expr, in $prefix:literal {
            $(
                $(#[doc = $doc:literal])+
                $field:ident $(as $key:literal)?: $type:ty = $default:expr, $read:expr, $when:ident
                $(, $flag:literal => $given:expr)?;
            )*
        }
        $(with { $($(#[doc = $more_doc:literal])+ $more:ident: $more_type:ty = $more_default:expr;)* })?
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $crate::config::Value<$type>,)*
            $($($(#[doc = $more_doc])+ pub $more: $more_type,)*)?
        }

        impl Default for $name {
            fn default() -> $name {
                $name {
                    $($field: $crate::config::Value::default_of($default),)*
                    $($($more: $more_default,)*)?
                }
            }
        }

        impl $name {
            pub(in crate::config) const KEYS: &'static [&'static dyn $crate::config::table::Key] = &[$(
                &$crate::config::table::Row::<$type> {
                    name: keys!(@name $prefix, $field $(as $key)?),
                    doc: &[$($doc),+],
                    when: $crate::config::table::When::$when,
                    flag: keys!(@flag $($flag, $given)?),
                    get: |$config| &($place).$field,
                    get_mut: |$config| &mut ($place).$field,
                    read: |item| ($read)(item),
                },
            )*];
        }
    };
    (@name $prefix:literal, $field:ident) => { concat!($prefix, stringify!($field)) };
    (@name $prefix:literal, $field:ident as $key:literal) => { $key };
    (@flag) => { None };
    (@flag $flag:literal, $given:expr) => { Some($crate::config::table::Flag { name: $flag, given: $given }) };
}

pub(super) use keys;
