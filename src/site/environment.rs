//! What templates know of the server: hosts, ports, configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// What `{{…}}` in a file can name besides its request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Environment {
    /// `host`: the name in the URLs of the server.
    pub browser_host: String,
    /// `hosts[alt][sub]`: by alternate host ("" for the browser host), by subdomain ("" for none), the full name, IDNA
    /// names in their ASCII form. Subdomains are named as the configuration names them.
    pub hosts: BTreeMap<String, BTreeMap<String, String>>,
    /// Names that must not resolve, in the same form.
    pub not_hosts: BTreeMap<String, BTreeMap<String, String>>,
    /// `ports[proto][n]`: the open ports by wptserve's names (`http`, `https`, `h2`, …) and ours (`h2c`).
    pub ports: BTreeMap<String, Vec<u16>>,
    /// The document root, absolute.
    pub doc_root: PathBuf,
    /// Every key of the resolved configuration by wptserve's names.
    pub config: serde_json::Value,
}
