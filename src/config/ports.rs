//! The ports to open.

use std::collections::BTreeMap;

use super::error::ConfigError;
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

    /// Replaces the ports of a kind.
    pub(super) fn set(&mut self, kind: PortKind, ports: Value<Vec<Port>>) {
        self.lists.insert(kind, ports);
    }

    /// Sets the first port of a kind; those behind it stay.
    pub(super) fn set_first(&mut self, kind: PortKind, port: Port, flag: &'static str) {
        let list = self.lists.entry(kind).or_insert_with(|| Value::default_of(Vec::new()));
        match list.value.first_mut() {
            Some(first) => *first = port,
            None => list.value.push(port),
        }
        list.origin = super::Origin::Flag(flag);
    }

    /// Opens what pages of web-platform-tests name besides, unless the file says something of it.
    pub(super) fn open_for_suite(&mut self, with_tls: bool) {
        use PortKind::{H2, H2c, Http, Https};
        let others = PortKind::ALL.into_iter().filter(|kind| !matches!(kind, Http | Https | H2 | H2c));
        for kind in others.filter(|kind| with_tls || !kind.has_tls()) {
            self.lists.entry(kind).or_insert_with(|| Value::default_of(vec![Port::Auto]));
        }
    }

    pub(super) fn close(&mut self, kind: PortKind) {
        self.lists.remove(&kind);
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
                    "port {number} is asked for twice: for {other} ({first}) and for {name} ({origin})"
                )));
            }
        }
        if self.all().next().is_none() {
            errors.push(ConfigError::plain("no port is to be opened: name one in [ports]"));
        }
    }
}
