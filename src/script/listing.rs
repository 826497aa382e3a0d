//! Everything that scripts can call, by object: asked of the engine that runs them, so that nothing is listed twice.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rhai::Engine;
use rhai::packages::{Package, StandardPackage};

use super::api::block::Builder;
use super::api::connection::{Context, SettingsPair};
use super::api::fields::{FieldList, RequestFields};
use super::api::fuzz::Generator;
use super::api::hooks::StatusLines;
use super::api::params::Params;
use super::api::preface::{FirstSettings, Switches};
use super::api::request::Request;
use super::api::response::Response;
use super::api::server::{Server, ServerContext};
use super::api::stash::Handle;
use super::api::upload::{InputFile, Upload};
use super::api::writer::Writer;
use super::check::engine_of;
use super::limits::Limits;
use super::loader::{Loader, Roots};
use super::octets::Octets;
use super::types::name_of;
use super::watch::Changes;
use crate::exchange::Connection;
use crate::wire::frame::Frame;

pub use super::api::frames::constants;

/// What has members: an object, a module, or the functions without either.
#[derive(Debug)]
pub struct Group {
    /// What scripts call it, such as `response.headers` or `frame::`; empty for functions without one.
    pub name: String,
    /// The type of the object, as messages call it; `None` for modules and functions without an object.
    pub type_name: Option<&'static str>,
    /// Headings of the docs that the members are below; none for modules.
    pub headings: &'static [&'static str],
    /// Its members, by name.
    pub members: BTreeMap<String, Member>,
}

/// A property, a method or a function.
#[derive(Debug, Default)]
pub struct Member {
    /// Whether it can be read as a property.
    pub is_property: bool,
    /// Whether it can be set as a property.
    pub is_settable: bool,
    /// Whether Rhai itself has a function of this name.
    pub is_standard: bool,
    /// The types of the parameters for each way to call it, without the object.
    pub calls: BTreeSet<Vec<&'static str>>,
}

/// Headings of the docs that the functions without an object are below.
pub const HELPERS: &[&str] = &["# Helpers"];

/// What the docs call each object, and below which headings its members are: a `## ` heading has everything up to the
/// next one.
pub fn objects() -> Vec<(TypeId, &'static str, &'static [&'static str])> {
    vec![
        (TypeId::of::<Request>(), "request", &["# `request`", "# `connection`"]),
        (TypeId::of::<Params>(), "request.GET", &["### `request.GET`", "### `request.GET.integer`"]),
        (TypeId::of::<Upload>(), "upload", &["### Uploads"]),
        (TypeId::of::<RequestFields>(), "request.headers", &["### `request.headers`"]),
        (TypeId::of::<InputFile>(), "request.raw_input", &["### `request.raw_input`"]),
        (TypeId::of::<Server>(), "request.server", &["### `request.client_address`", "# `stash`"]),
        (TypeId::of::<ServerContext>(), "server.context", &["### `server.context`"]),
        (TypeId::of::<Response>(), "response", &["# `response`"]),
        (TypeId::of::<FieldList>(), "response.headers", &["### `response.headers`", "### `response.trailers`"]),
        (TypeId::of::<Writer>(), "writer", &["# `response.writer`"]),
        (TypeId::of::<Frame>(), "frame", &["# Frames and HPACK"]),
        (TypeId::of::<Builder>(), "hpack::block", &["## HPACK"]),
        (TypeId::of::<Connection>(), "connection", &["# `connection`", "## What a profile defines", "## Switches"]),
        (TypeId::of::<Context>(), "request.context", &["### `request.context`"]),
        (TypeId::of::<SettingsPair>(), "connection.settings", &["### `connection.settings`", "### `on_connect"]),
        (TypeId::of::<Switches>(), "connection.auto", &["### `connection.auto`", "## Switches"]),
        (TypeId::of::<FirstSettings>(), "connection.settings", &["### `on_connect"]),
        (TypeId::of::<Handle>(), "stash", &["# `stash`"]),
        (TypeId::of::<StatusLines>(), "status", &["## Lines on the status page"]),
        (TypeId::of::<Octets>(), "octets", &["### Bytes"]),
        (TypeId::of::<Generator>(), "fuzz::random", &["### `fuzz::random`"]),
    ]
}

/// Everything that scripts can call: objects, then modules, then the rest, Rhai's own functions among it.
pub fn groups() -> Vec<Group> {
    let limits = Rc::new(Limits::default());
    let loader = Rc::new(Loader::new(Rc::clone(&limits), Roots::default(), Changes::unwatched()));
    let engine = engine_of(&limits, &loader);
    let objects = objects();
    let group = |name: &str, type_name, headings| Group {
        name: name.to_owned(),
        type_name,
        headings,
        members: BTreeMap::new(),
    };
    let mut groups: Vec<Group> =
        objects.iter().map(|(of, name, headings)| group(name, name_of(*of).or(Some("any")), *headings)).collect();
    let mut modules: BTreeMap<String, Group> = BTreeMap::new();
    let mut helpers = group("", None, HELPERS);
    let standard = standard();
    for (module, function, types) in functions(&engine) {
        let object = objects.iter().position(|(of, ..)| types.first() == Some(of)).filter(|_| module.is_empty());
        let (accessor, name) = function.rsplit_once('$').unwrap_or(("", &function));
        // What interpolation calls, operators and indices are part of the language.
        if ["to_string", "to_debug"].contains(&name) || !is_name(name) || accessor.contains('$') {
            continue;
        }
        let (group, types) = match object {
            Some(at) => (groups.get_mut(at), types.get(1..).unwrap_or_default()),
            None if !module.is_empty() => {
                let group = modules.entry(module).or_insert_with_key(|module| group(&format!("{module}::"), None, &[]));
                (Some(group), &types[..])
            }
            None if !accessor.is_empty() => continue,
            None => (Some(&mut helpers), &types[..]),
        };
        let Some(group) = group else { continue };
        let member = group.members.entry(name.to_owned()).or_default();
        member.is_standard |= group.type_name.is_none() && standard.contains(&function);
        match accessor {
            "get" => member.is_property = true,
            // Handles have a setter without effect.
            "set" => member.is_settable |= types.iter().all(|of| objects.iter().all(|(object, ..)| object != of)),
            _ => {
                member.calls.insert(types.iter().map(|id| name_of(*id).unwrap_or("any")).collect());
            }
        }
    }
    groups.extend(modules.into_values());
    groups.push(helpers);
    groups
}

/// Each function of an engine without those of the language: its module, its name, and the types of its parameters.
fn functions(engine: &Engine) -> Vec<(String, String, Vec<TypeId>)> {
    engine.collect_fn_metadata(
        None,
        |info| {
            let function = info.metadata;
            let mut types = function.param_types.to_vec();
            types.resize(function.num_params, TypeId::of::<rhai::Dynamic>());
            Some((info.namespace.to_string(), function.name.to_string(), types))
        },
        false,
    )
}

/// The functions of the language.
pub fn standard() -> BTreeSet<String> {
    let mut engine = Engine::new_raw();
    StandardPackage::new().register_into_engine(&mut engine);
    engine.collect_fn_metadata(None, |info| Some(info.metadata.name.to_string()), true).into_iter().collect()
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || char == '_')
}
