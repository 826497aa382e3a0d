//! A table of the file as a struct: its keys, their defaults, how each is read and shown, said once.

/// A struct of values, its defaults, how its table is read, and how it is shown.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $type:ty = $default:expr, $read:expr;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[$about])* pub $field: $crate::config::Value<$type>,)*
        }

        impl Default for $name {
            fn default() -> $name {
                $name { $($field: $crate::config::Value::default_of($default),)* }
            }
        }

        impl $name {
            pub(super) fn read(
                &mut self,
                reader: &mut $crate::config::section::Reader<'_>,
                section: &mut $crate::config::section::Section<'_>,
            ) {
                $(section.read(reader, stringify!($field), &mut self.$field, $read);)*
            }

            pub(super) fn print(&self, printer: &mut $crate::config::print::Printer) {
                $(printer.value(stringify!($field), &self.$field);)*
            }
        }
    };
}

pub(super) use table;
