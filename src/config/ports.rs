//! The ports to open.

use std::collections::BTreeMap;

use super::arguments::ServeArguments;
use super::error::ConfigError;
use super::section::{self, Item, Read, Reader, Section, wrong};
use super::show::{Printer, Show};
use super::table::{Head, Key, When};
use super::tree::Kind;
use super::values::{Origin, Port, Value};

/// What a port is for, by wptserve's names (and `h2c`, which it has not).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PortKind {
    /// HTTP/1.1 in clear.
    Http,
    /// HTTP/1.1 in clear, which tests take for an address of the local network.
    HttpLocal,
    /// The name of [`PortKind::HttpLocal`] in web-platform-tests of 2021 to 2024.
    HttpPrivate,
    /// HTTP/1.1 in clear, which tests take for a public address.
    HttpPublic,
    /// HTTP/1.1 over TLS.
    Https,
    /// As [`PortKind::HttpLocal`], over TLS.
    HttpsLocal,
    /// As [`PortKind::HttpPrivate`], over TLS.
    HttpsPrivate,
    /// As [`PortKind::HttpPublic`], over TLS.
    HttpsPublic,
    /// HTTP/2 over TLS.
    H2,
    /// HTTP/2 in clear, with prior knowledge.
    H2c,
    /// HTTP/1.1 in clear, whose scripts may answer a WebSocket upgrade.
    Ws,
    /// As [`PortKind::Ws`], over TLS.
    Wss,
    /// HTTP/3, which is not served: templates give the number, as wptserve's do without `--webtransport-h3`.
    WebTransportH3,
    /// DNS, which is not served: the same.
    Dns,
}

impl PortKind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [PortKind; 14] = [
        PortKind::Http,
        PortKind::Https,
        PortKind::H2,
        PortKind::H2c,
        PortKind::HttpLocal,
        PortKind::HttpPrivate,
        PortKind::HttpPublic,
        PortKind::HttpsLocal,
        PortKind::HttpsPrivate,
        PortKind::HttpsPublic,
        PortKind::Ws,
        PortKind::Wss,
        PortKind::WebTransportH3,
        PortKind::Dns,
    ];

    /// As it is written in `[ports]`, in the ready line and in `{{ports[…]}}`.
    pub fn name(self) -> &'static str {
        match self {
            PortKind::Http => "http",
            PortKind::HttpLocal => "http-local",
            PortKind::HttpPrivate => "http-private",
            PortKind::HttpPublic => "http-public",
            PortKind::Https => "https",
            PortKind::HttpsLocal => "https-local",
            PortKind::HttpsPrivate => "https-private",
            PortKind::HttpsPublic => "https-public",
            PortKind::H2 => "h2",
            PortKind::H2c => "h2c",
            PortKind::Ws => "ws",
            PortKind::Wss => "wss",
            PortKind::WebTransportH3 => "webtransport-h3",
            PortKind::Dns => "dns",
        }
    }

    /// The scheme of its URLs.
    pub fn scheme(self) -> &'static str {
        match self {
            PortKind::Ws => "ws",
            PortKind::Wss => "wss",
            _ if self.has_tls() => "https",
            _ => "http",
        }
    }

    /// Whether it speaks over TLS.
    pub fn has_tls(self) -> bool {
        use PortKind::{H2, Https, HttpsLocal, HttpsPrivate, HttpsPublic, Wss};
        matches!(self, Https | HttpsLocal | HttpsPrivate | HttpsPublic | H2 | Wss)
    }

    /// Whether ports of this kind are opened: of the others there is the number alone, for templates and scripts.
    pub fn is_served(self) -> bool {
        !matches!(self, PortKind::WebTransportH3 | PortKind::Dns)
    }

    /// How the port at `index` of its list is chosen, as advice for people says it before a number.
    pub fn advice(self, index: usize) -> &'static str {
        match (self, index) {
            (PortKind::Http, 0) => "--port",
            (PortKind::Https, 0) => "--https-port",
            (PortKind::H2, 0) => "--h2-port",
            (PortKind::H2c, 0) => "--h2c-port",
            (PortKind::Http, _) => "ports.http =",
            (PortKind::Https, _) => "ports.https =",
            (PortKind::H2, _) => "ports.h2 =",
            (PortKind::H2c, _) => "ports.h2c =",
            (PortKind::HttpLocal, _) => "ports.http-local =",
            (PortKind::HttpPrivate, _) => "ports.http-private =",
            (PortKind::HttpPublic, _) => "ports.http-public =",
            (PortKind::HttpsLocal, _) => "ports.https-local =",
            (PortKind::HttpsPrivate, _) => "ports.https-private =",
            (PortKind::HttpsPublic, _) => "ports.https-public =",
            (PortKind::Ws, _) => "ports.ws =",
            (PortKind::Wss, _) => "ports.wss =",
            (PortKind::WebTransportH3, _) => "ports.webtransport-h3 =",
            (PortKind::Dns, _) => "ports.dns =",
        }
    }
}

/// A port of its own for a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfilePort {
    /// [`PortKind::H2`] or [`PortKind::H2c`].
    pub kind: PortKind,
    pub port: Port,
    /// The profile's name.
    pub profile: String,
}

/// One port to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub kind: PortKind,
    /// Its place in the list of its kind, from 0.
    pub index: usize,
    pub port: Port,
}

/// The ports to open, in lists by kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Ports {
    lists: BTreeMap<PortKind, Value<Vec<Port>>>,
}

impl Default for Ports {
    fn default() -> Ports {
        let lists = [
            (PortKind::Http, vec![Port::Number(8000), Port::Auto]),
            (PortKind::Https, vec![Port::Number(8443), Port::Auto]),
            (PortKind::H2, vec![Port::Number(9000)]),
            (PortKind::H2c, vec![Port::Number(9001)]),
            (PortKind::WebTransportH3, vec![Port::Auto]),
            (PortKind::Dns, vec![Port::Auto]),
        ];
        Ports { lists: lists.into_iter().map(|(kind, ports)| (kind, Value::default_of(ports))).collect() }
    }
}

impl Ports {
    /// The ports of a kind; none if it is not to be opened.
    pub fn of(&self, kind: PortKind) -> &[Port] {
        self.lists.get(&kind).map_or(&[], |ports| ports.value.as_slice())
    }

    /// The lists, in the order of [`PortKind::ALL`], with their origins.
    pub fn lists(&self) -> impl Iterator<Item = (PortKind, &Value<Vec<Port>>)> {
        PortKind::ALL.into_iter().filter_map(|kind| Some((kind, self.lists.get(&kind)?)))
    }

    /// Every port to open, in the order in which they are shown.
    pub fn all(&self) -> impl Iterator<Item = Wanted> {
        self.lists().filter(|(kind, _)| kind.is_served()).flat_map(|(kind, ports)| {
            ports.value.iter().enumerate().map(move |(index, port)| Wanted { kind, index, port: *port })
        })
    }

    /// Opens what pages of web-platform-tests name besides, unless the file says something of it.
    pub(super) fn open_for_suite(&mut self, with_tls: bool) {
        use PortKind::{H2, H2c, Http, Https};
        let others = PortKind::ALL.into_iter().filter(|kind| !matches!(kind, Http | Https | H2 | H2c));
        for kind in others.filter(|kind| with_tls || !kind.has_tls()) {
            self.lists.entry(kind).or_insert_with(|| Value::default_of(vec![Port::Auto]));
        }
    }

    /// Closes the ports of a kind; gives where they were asked for.
    pub(super) fn close(&mut self, kind: PortKind) -> Option<Origin> {
        let ports = self.lists.remove(&kind)?;
        (!ports.value.is_empty()).then_some(ports.origin)
    }

    /// Two protocols on one port would be told as "in use by another program".
    pub(super) fn check(&self, profile_ports: &[Value<ProfilePort>], errors: &mut Vec<ConfigError>) {
        let mut seen: BTreeMap<u16, (&str, &Origin)> = BTreeMap::new();
        let lists = self.lists().filter(|(kind, _)| kind.is_served());
        let usual =
            lists.flat_map(|(kind, list)| list.value.iter().map(move |port| (*port, kind.name(), &list.origin)));
        let profiles = profile_ports.iter().map(|port| (port.value.port, port.value.profile.as_str(), &port.origin));
        for (port, name, origin) in usual.chain(profiles) {
            let Port::Number(number) = port else { continue };
            if let Some((other, first)) = seen.insert(number, (name, origin)) {
                errors.push(ConfigError::plain(format!(
                    "port {number} is used twice: for {other} ({first}) and for {name} ({origin})"
                )));
            }
        }
        if self.all().next().is_none() {
            errors.push(ConfigError::plain("there is no port to open: add one to [ports]"));
        }
    }
}

/// A number, or `"auto"`.
pub(super) fn port(item: Item<'_>) -> Read<Port> {
    match &item.kind {
        Kind::Text(text) => text.parse().or_else(|why: &str| wrong(item, format!("is not a port: {why}"))),
        Kind::Integer { digits, radix: 10 } => {
            digits.parse().or_else(|why: &str| wrong(item, format!("is not a port: {why}")))
        }
        other => wrong(item, format!("must be a number or \"auto\", not {}", other.name())),
    }
}

/// What a flag says of the first port of a kind.
type Given = fn(&ServeArguments) -> Option<Port>;

/// The list of ports of a kind, as a key.
struct List {
    kind: PortKind,
    head: Head,
    flag: Option<(&'static str, Given)>,
}

impl List {
    const fn new(kind: PortKind, name: &'static str, doc: &'static [&'static str]) -> List {
        List { kind, head: Head { name, doc, when: When::Start }, flag: None }
    }
}

macro_rules! ports {
    ($($kind:ident, $name:literal, $doc:literal $(, $flag:literal => $given:expr)?;)*) => {
        pub(super) const KEYS: &[&dyn Key<Ports>] = &[$(&List {
            $(flag: Some(($flag, $given)),)?
            ..List::new(PortKind::$kind, concat!("ports.", $name), &[$doc])
        },)*];
    };
}

ports! {
    Http, "http", "HTTP/1.1 without TLS", "--port" => |arguments| arguments.port;
    Https, "https", "HTTP/1.1 over TLS", "--https-port" => |arguments| arguments.https_port;
    H2, "h2", "HTTP/2 over TLS; opens with `--h2`", "--h2-port" => |arguments| arguments.h2_port;
    H2c, "h2c", "HTTP/2 without TLS, with prior knowledge; opens with `--h2c`", "--h2c-port" => |arguments| arguments.h2c_port;
    HttpLocal, "http-local", "HTTP/1.1 without TLS, for tests of local addresses";
    HttpPrivate, "http-private", "the same, as web-platform-tests of 2021 to 2024 call it";
    HttpPublic, "http-public", "HTTP/1.1 without TLS, for tests of public addresses";
    HttpsLocal, "https-local", "as `http-local`, over TLS";
    HttpsPrivate, "https-private", "as `http-private`, over TLS";
    HttpsPublic, "https-public", "as `http-public`, over TLS";
    Ws, "ws", "HTTP/1.1 without TLS, for scripts that accept a WebSocket upgrade";
    Wss, "wss", "as `ws`, over TLS";
    WebTransportH3, "webtransport-h3", "a number for tests: HTTP/3 is not served";
    Dns, "dns", "a number for tests: DNS is not served";
}

impl Key<Ports> for List {
    fn head(&self) -> &Head {
        &self.head
    }

    fn flag(&self) -> Option<&'static str> {
        self.flag.map(|(name, _)| name)
    }

    fn read(&self, ports: &mut Ports, reader: &mut Reader<'_>, section: &mut Section<'_>) {
        let Some(list) = section.optional(reader, self.kind.name(), |item| section::list(item, port)) else { return };
        if !self.kind.is_served()
            && !list.value.is_empty()
            && let Some(item) = section.given(self.kind.name())
        {
            let what = format!("`{}` opens no port: this protocol is not served", self.head.name);
            let advice = format!("`{{{{ports[{}][0]}}}}` gives the number all the same", self.kind.name());
            reader.hint(item.span.clone(), what, Some(advice));
        }
        ports.lists.insert(self.kind, list);
    }

    /// Sets the first port; those behind it stay.
    fn apply_flag(&self, ports: &mut Ports, arguments: &ServeArguments) {
        if let (Some(port), Some(list)) = (arguments.ports, ports.lists.get_mut(&self.kind))
            && self.kind.is_served()
        {
            list.value.fill(port);
            list.origin = Origin::Flag("--ports");
        }
        let Some((flag, given)) = self.flag else { return };
        let Some(port) = given(arguments) else { return };
        let list = ports.lists.entry(self.kind).or_insert_with(|| Value::default_of(Vec::new()));
        match list.value.first_mut() {
            Some(first) => *first = port,
            None => list.value.push(port),
        }
        list.origin = Origin::Flag(flag);
    }

    fn print(&self, ports: &Ports, printer: &mut Printer) {
        if let Some(list) = ports.lists.get(&self.kind) {
            printer.value(self.kind.name(), list);
        }
    }

    fn differs(&self, ports: &Ports, other: &Ports) -> bool {
        ports.lists.get(&self.kind) != other.lists.get(&self.kind)
    }

    fn keep(&self, ports: &mut Ports, other: &Ports) {
        match other.lists.get(&self.kind) {
            Some(list) => drop(ports.lists.insert(self.kind, list.clone())),
            None => drop(ports.lists.remove(&self.kind)),
        }
    }

    fn show(&self, ports: &Ports) -> Option<String> {
        ports.lists.get(&self.kind)?.value.show()
    }

    #[cfg(test)]
    fn is_set(&self, ports: &Ports) -> bool {
        ports.lists.get(&self.kind).is_some_and(|list| list.origin != Origin::Default)
    }
}
