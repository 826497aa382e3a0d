//! What expressions name.

use super::Scope;
use super::error::{Fault, shown};
use super::expression::{Expression, Step};
use super::functions::Function;
use crate::http::form::parse_urlencoded;
use crate::http::latin1::octets_of_text;
use crate::http::words::similar;
use crate::site::environment::Environment;
use bytes::Bytes;
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Names besides functions and the keys of the configuration.
const NAMES: [&str; 9] = ["host", "hosts", "domains", "not_domains", "ports", "headers", "GET", "location", "url_base"];

/// The variables of one template, and its parameters once they were asked for.
#[derive(Default)]
pub(super) struct Variables {
    set: HashMap<String, Vec<u8>>,
    /// Octets of files that were hashed.
    hashed: u64,
    parameters: Option<HashMap<Bytes, Bytes>>,
}

/// What an expression stands for so far.
enum Value<'a> {
    /// The end: a single value.
    Octets(Cow<'a, [u8]>),
    Headers,
    Parameters,
    Location,
    /// `hosts`: by alternate host, then by subdomain.
    Hosts,
    /// `hosts[…]`: the alternate host.
    Domains(&'a str),
    NotHosts,
    NotDomains(&'a str, &'a BTreeMap<String, String>),
    Ports,
    PortList(&'a str, &'a [u16]),
    Function(Function),
    /// A key of the configuration, as it is written with its indexes.
    Config(String, &'a Json),
}

impl Variables {
    /// The octets that stand in the place of an expression, not escaped yet.
    pub fn evaluate<'a>(&mut self, expression: &'a [u8], scope: &Scope<'a>) -> Result<Cow<'a, [u8]>, Fault> {
        let Expression { variable, name, steps } = Expression::parse(expression)?;
        let mut value = match self.set.get(name) {
            Some(set) => Value::Octets(set.clone().into()),
            None => Value::named(name, scope)?,
        };
        for step in steps {
            value = match (step, value) {
                (Step::Call(arguments), Value::Function(function)) => {
                    Value::Octets(function.call(&arguments, scope, &mut self.hashed)?)
                }
                (Step::Call(_), value) => return Err(Fault::NoFunction(value.shown())),
                (Step::Index(name), Value::Parameters) => Value::Octets(self.parameter(name, scope).into()),
                (Step::Index(index), value) => value.index(index, scope)?,
            };
        }
        let octets = value.into_octets()?;
        if let Some(variable) = variable {
            self.set.insert(variable.to_owned(), octets.to_vec());
        }
        Ok(octets)
    }

    /// The first parameter of this name; one that is not there is empty, as in wptserve.
    fn parameter(&mut self, name: &str, scope: &Scope<'_>) -> Vec<u8> {
        let all = self.parameters.get_or_insert_with(|| {
            let mut all = HashMap::new();
            for (name, value) in parse_urlencoded(scope.request.query().unwrap_or_default()) {
                all.entry(name).or_insert(value);
            }
            all
        });
        let found = all.get(name.as_bytes()).or_else(|| all.get(&octets_of_text(name)[..]));
        found.map(|value| value.to_vec()).unwrap_or_default()
    }
}

impl<'a> Value<'a> {
    fn named(name: &str, scope: &Scope<'a>) -> Result<Self, Fault> {
        let environment = scope.environment;
        Ok(match name {
            "headers" => Self::Headers,
            "GET" => Self::Parameters,
            "location" => Self::Location,
            "hosts" => Self::Hosts,
            "domains" => Self::Domains(""),
            "not_domains" => Self::NotHosts,
            "ports" => Self::Ports,
            "host" => Self::text(&environment.browser_host),
            "url_base" => Self::text(scope.url_base),
            _ => match (Function::named(name), environment.config.get(name)) {
                (Some(function), _) => Self::Function(function),
                (None, Some(value)) => Self::Config(name.to_owned(), value),
                (None, None) if name.starts_with('$') => return Err(Fault::NotSet(name.to_owned())),
                (None, None) => {
                    let like = similar(name, all_names(environment)).map(str::to_owned);
                    return Err(Fault::Unknown(name.to_owned(), like));
                }
            },
        })
    }

    fn text(text: &'a str) -> Self {
        Self::Octets(text.as_bytes().into())
    }

    fn index(&self, index: &str, scope: &Scope<'a>) -> Result<Self, Fault> {
        let environment = scope.environment;
        let hosts = &environment.hosts;
        let not_hosts = &environment.not_hosts;
        match self {
            Self::Headers => match scope.request.fields.combined(octets_of_text(index)) {
                Some(value) => Ok(Self::Octets(value.to_vec().into())),
                None => Err(self.without(index, "header_or_default(name, default) allows for its absence".to_owned())),
            },
            Self::Hosts => self.entry(hosts, index).map(|(alternate, _)| Self::Domains(alternate)),
            Self::Domains(alternate) => {
                let all = || [hosts, not_hosts].into_iter().filter_map(|all| all.get(*alternate));
                match all().find_map(|all| all.get(index)) {
                    Some(name) => Ok(Self::text(name)),
                    None => Err(self.without(index, listed(all().flat_map(BTreeMap::keys)))),
                }
            }
            Self::NotHosts => self.entry(not_hosts, index).map(|(alternate, all)| Self::NotDomains(alternate, all)),
            Self::NotDomains(_, all) => self.entry(all, index).map(|(_, name)| Self::text(name)),
            Self::Ports => match environment.ports.get_key_value(index) {
                Some((protocol, ports)) => Ok(Self::PortList(protocol, ports)),
                None => {
                    let open = listed(environment.ports.keys());
                    let how = match index {
                        "h2" | "h2c" => format!("`wireserve serve --{index}` opens it"),
                        _ => "[ports] of the configuration opens more".to_owned(),
                    };
                    Err(self.without(index, format!("{open}; {how}")))
                }
            },
            Self::PortList(_, ports) => match at(ports, index) {
                Some(port) => Ok(Self::Octets(port.to_string().into_bytes().into())),
                None => Err(self.without(index, counted(ports.len()))),
            },
            Self::Location => match location(index, scope) {
                Some(part) => Ok(Self::Octets(part.into())),
                None => Err(self.without(index, listed(LOCATION.iter()))),
            },
            Self::Config(name, value) => match config_part(value, index)? {
                Some(part) => Ok(Self::Config(format!("{name}[{index}]"), part)),
                None => Err(self.without(index, known_parts(value))),
            },
            Self::Octets(_) | Self::Function(_) | Self::Parameters => Err(Fault::NoParts(self.shown())),
        }
    }

    fn entry<'v, T>(&self, all: &'v BTreeMap<String, T>, index: &str) -> Result<(&'v str, &'v T), Fault> {
        let found = all.get_key_value(index).map(|(name, value)| (name.as_str(), value));
        found.ok_or_else(|| self.without(index, listed(all.keys())))
    }

    fn without(&self, index: &str, known: String) -> Fault {
        Fault::Index(self.shown(), shown(index.as_bytes()), known)
    }

    fn shown(&self) -> String {
        match self {
            Self::Octets(octets) => format!("\"{}\"", shown(octets)),
            Self::Headers => "headers".to_owned(),
            Self::Parameters => "GET".to_owned(),
            Self::Location => "location".to_owned(),
            Self::Hosts => "hosts".to_owned(),
            Self::Domains("") => "domains".to_owned(),
            Self::Domains(alternate) => format!("hosts[{alternate}]"),
            Self::NotHosts => "not_domains".to_owned(),
            Self::NotDomains(alternate, _) => format!("not_domains[{alternate}]"),
            Self::Ports => "ports".to_owned(),
            Self::PortList(protocol, _) => format!("ports[{protocol}]"),
            Self::Function(function) => function.name().to_owned(),
            Self::Config(name, _) => name.clone(),
        }
    }

    fn into_octets(self) -> Result<Cow<'a, [u8]>, Fault> {
        let usage = match &self {
            Self::Config(_, Json::String(text)) => return Ok(text.as_bytes().into()),
            Self::Config(_, Json::Number(number)) => return Ok(number.to_string().into_bytes().into()),
            // As Python writes them.
            Self::Config(_, Json::Bool(true)) => return Ok(b"True"[..].into()),
            Self::Config(_, Json::Bool(false)) => return Ok(b"False"[..].into()),
            Self::Octets(_) | Self::Function(_) => "",
            Self::Hosts | Self::NotHosts => "[alternate host][subdomain]",
            Self::Domains(_) | Self::NotDomains(..) => "[subdomain]",
            Self::Ports => "[protocol][index]",
            Self::PortList(..) => "[index]",
            Self::Headers | Self::Parameters => "[name]",
            Self::Location => "[part]",
            Self::Config(_, Json::Null) => "another name: it is not set",
            Self::Config(_, Json::Array(_)) => "[index]",
            Self::Config(_, Json::Object(_)) => "[key]",
        };
        match self {
            Self::Octets(octets) => Ok(octets),
            Self::Function(function) => Err(function.usage()),
            other => Err(Fault::NotText(other.shown(), usage)),
        }
    }
}

const LOCATION: [&str; 8] = ["server", "scheme", "host", "hostname", "port", "path", "pathname", "query"];

/// A part of the request's URL. As in wptserve the port is always there, and the query has its `?` even if it is empty.
fn location(part: &str, scope: &Scope<'_>) -> Option<Vec<u8>> {
    let request = scope.request;
    let (name, port) = host_and_port(&request.authority);
    let name = if name.is_empty() { scope.environment.browser_host.as_bytes() } else { name };
    let name = name.to_ascii_lowercase();
    let port = port.map_or_else(|| scope.peer.server_port.to_string().into_bytes(), <[u8]>::to_vec);
    let host = || [&name[..], b":", &port].concat();
    Some(match part {
        "server" => [&request.scheme[..], b"://", &host()].concat(),
        "scheme" => request.scheme.to_vec(),
        "host" => host(),
        "hostname" => name,
        "port" => port,
        "path" | "pathname" => request.path().to_vec(),
        "query" => [b"?", request.query().unwrap_or_default()].concat(),
        _ => return None,
    })
}

/// Host, an IPv6 address in its brackets, and port.
fn host_and_port(authority: &[u8]) -> (&[u8], Option<&[u8]>) {
    let colon = memchr::memrchr(b':', authority).filter(|colon| memchr::memrchr(b']', authority) < Some(*colon));
    match colon.and_then(|colon| authority.split_at_checked(colon)) {
        Some((host, port)) => (host, port.get(1..).filter(|port| !port.is_empty())),
        None => (authority, None),
    }
}

/// An element of a list; a negative index counts from the end, as in Python.
fn at<'v, T>(list: &'v [T], index: &str) -> Option<&'v T> {
    let index: i64 = index.trim().parse().ok()?;
    let index = if index < 0 { index + list.len() as i64 } else { index };
    list.get(usize::try_from(index).ok()?)
}

fn config_part<'v>(value: &'v Json, index: &str) -> Result<Option<&'v Json>, Fault> {
    match value {
        Json::Object(map) => Ok(map.get(index)),
        Json::Array(list) => Ok(at(list, index)),
        other => Err(Fault::NoParts(shown(other.to_string().as_bytes()))),
    }
}

fn known_parts(value: &Json) -> String {
    match value {
        Json::Object(map) => listed(map.keys()),
        Json::Array(list) => counted(list.len()),
        _ => String::new(),
    }
}

fn counted(length: usize) -> String {
    match length {
        0 => "it is empty".to_owned(),
        1 => "it has [0] alone".to_owned(),
        length => format!("it has [0] to [{}]", length - 1),
    }
}

/// What there is, in words.
fn listed(names: impl Iterator<Item = impl AsRef<str>>) -> String {
    let all: Vec<String> = names.map(|name| format!("[{}]", name.as_ref())).collect();
    if all.is_empty() { "it is empty".to_owned() } else { format!("it has {}", all.join(", ")) }
}

/// Every name that there is, but for variables.
fn all_names(environment: &Environment) -> impl Iterator<Item = &str> {
    let keys = environment.config.as_object().into_iter().flat_map(|keys| keys.keys().map(String::as_str));
    let functions = Function::ALL.iter().map(|function| function.name());
    NAMES.into_iter().chain(functions).chain(keys)
}
