//! The table of keys: each is one row, from which its field, its default, reading it from a file or a flag,
//! `wireserve config`, reload and the list in `docs/configuration.md` come.

use super::arguments::ServeArguments;
use super::section::{Item, Read, Reader, Section};
use super::show::{Printer, Show};
use super::values::{Origin, Value};

/// When an edited value takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// With the next start.
    Start,
    /// At once: with the next request, or the next connection.
    Reload,
}

/// What is known of a key without its value.
pub(super) struct Head {
    /// In full: `limits.http2.streams`.
    pub name: &'static str,
    /// What the value means, in one or more lines.
    pub doc: &'static [&'static str],
    /// When an edit takes effect.
    pub when: When,
}

/// A key of a table `S`, whatever the type of its value.
pub(super) trait Key<S>: Send + Sync {
    /// What is known of it without its value.
    fn head(&self) -> &Head;

    /// In full: `limits.http2.streams`.
    fn name(&self) -> &'static str {
        self.head().name
    }

    /// What the value means, in one or more lines.
    fn doc(&self) -> &'static [&'static str] {
        self.head().doc
    }

    /// When an edit takes effect.
    fn when(&self) -> When {
        self.head().when
    }

    /// The flag of `wireserve serve` that sets it.
    fn flag(&self) -> Option<&'static str> {
        None
    }

    /// Sets the value if the file has the key.
    fn read(&self, table: &mut S, reader: &mut Reader<'_>, section: &mut Section<'_>);

    /// Sets the value if the command line has the flag.
    fn apply_flag(&self, table: &mut S, arguments: &ServeArguments) {
        let _ = (table, arguments);
    }

    /// Adds the value to what `wireserve config` prints.
    fn print(&self, table: &S, printer: &mut Printer);

    /// Whether the value is another in another configuration.
    fn differs(&self, table: &S, other: &S) -> bool;

    /// Takes the value over from another configuration.
    fn keep(&self, table: &mut S, other: &S);

    /// The value as TOML, without secrets; `None` if it is not set.
    fn show(&self, table: &S) -> Option<String>;

    /// Whether the file or a flag set it.
    #[cfg(test)]
    fn is_set(&self, table: &S) -> bool;

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
pub(super) struct Row<S: 'static, T: 'static> {
    pub head: Head,
    pub flag: Option<Flag<T>>,
    pub get: fn(&S) -> &Value<T>,
    pub get_mut: fn(&mut S) -> &mut Value<T>,
    pub read: fn(Item<'_>) -> Read<T>,
}

impl<S, T: Clone + PartialEq + Show> Key<S> for Row<S, T> {
    fn head(&self) -> &Head {
        &self.head
    }

    fn flag(&self) -> Option<&'static str> {
        self.flag.as_ref().map(|flag| flag.name)
    }

    fn read(&self, table: &mut S, reader: &mut Reader<'_>, section: &mut Section<'_>) {
        section.read(reader, self.place().1, (self.get_mut)(table), self.read);
    }

    fn apply_flag(&self, table: &mut S, arguments: &ServeArguments) {
        if let Some(flag) = &self.flag
            && let Some(value) = (flag.given)(arguments)
        {
            *(self.get_mut)(table) = Value { value, origin: Origin::Flag(flag.name) };
        }
    }

    fn print(&self, table: &S, printer: &mut Printer) {
        printer.value(self.place().1, (self.get)(table));
    }

    fn differs(&self, table: &S, other: &S) -> bool {
        (self.get)(table) != (self.get)(other)
    }

    fn keep(&self, table: &mut S, other: &S) {
        (self.get_mut)(table).clone_from((self.get)(other));
    }

    fn show(&self, table: &S) -> Option<String> {
        (self.get)(table).value.show()
    }

    #[cfg(test)]
    fn is_set(&self, table: &S) -> bool {
        (self.get)(table).origin != Origin::Default
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
        $name:ident for $options:ident: $target:ty, in $prefix:literal {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $type:ty $(= $default:expr)? $(=> $to:expr)?, $read:expr, $when:ident
                $(, $flag:literal => $given:expr)?;
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

            pub(in crate::config) const KEYS: &'static [&'static dyn $crate::config::table::Key<$name>] = &[$(
                &$crate::config::table::Row::<$name, $type> {
                    head: $crate::config::table::Head {
                        name: concat!($prefix, stringify!($field)),
                        doc: &[$($doc),+],
                        when: $crate::config::table::When::$when,
                    },
                    flag: keys!(@flag $($flag, $given)?),
                    get: |table| &table.$field,
                    get_mut: |table| &mut table.$field,
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
        $name:ident in $prefix:literal {
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
            pub(in crate::config) const KEYS: &'static [&'static dyn $crate::config::table::Key<$name>] = &[$(
                &$crate::config::table::Row::<$name, $type> {
                    head: $crate::config::table::Head {
                        name: keys!(@name $prefix, $field $(as $key)?),
                        doc: &[$($doc),+],
                        when: $crate::config::table::When::$when,
                    },
                    flag: keys!(@flag $($flag, $given)?),
                    get: |table| &table.$field,
                    get_mut: |table| &mut table.$field,
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
