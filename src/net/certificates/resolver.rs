//! Which certificate a client gets.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::authority::{Authority, Leaf, RENEWAL};
use super::error::{CertificateError, Fault};
use super::files::{self, Readers};
use super::names::is_host_name;

pub(super) const LEAF_CERTIFICATE: &str = "leaf-localhost.pem";
pub(super) const LEAF_KEY: &str = "leaf-localhost.key";
/// A client that asks for ever new hosts makes us forget the oldest.
const MAX_OTHERS: usize = 1024;

/// One certificate for everybody.
#[derive(Debug)]
pub(super) struct Fixed(Arc<CertifiedKey>);

impl Fixed {
    pub(super) fn new(key: CertifiedKey) -> Fixed {
        Fixed(Arc::new(key))
    }
}

impl ResolvesServerCert for Fixed {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// The usual leaf, and others as clients ask for them.
#[derive(Debug)]
pub(super) struct OnDemand {
    authority: Authority,
    /// The names of the usual leaf.
    names: Vec<String>,
    leaves: Mutex<Leaves>,
}

#[derive(Debug)]
struct Leaves {
    usual: Kept,
    others: HashMap<String, Kept>,
    /// The hosts of `others`, oldest first.
    order: VecDeque<String>,
}

#[derive(Clone, Debug)]
struct Kept {
    key: Arc<CertifiedKey>,
    renew_at: SystemTime,
}

impl OnDemand {
    pub(super) fn new(
        authority: Authority,
        folder: &Path,
        names: Vec<String>,
        now: SystemTime,
    ) -> Result<OnDemand, CertificateError> {
        let usual = usual_leaf(&authority, folder, &names, now)?;
        let leaves = Leaves { usual, others: HashMap::new(), order: VecDeque::new() };
        Ok(OnDemand { authority, names, leaves: Mutex::new(leaves) })
    }

    /// The certificate for `host`, in lower case.
    pub(super) fn leaf(&self, host: Option<&str>, now: SystemTime) -> Option<Arc<CertifiedKey>> {
        let other = host.filter(|host| !self.is_usual(host));
        if other.is_some_and(|host| !is_host_name(host)) {
            tracing::debug!("a client asked for a host that cannot be one: {other:?}");
            return None;
        }
        // A panic while the lock was held can't leave the maps in a state that harms.
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = match other {
            None => Some(&leaves.usual),
            Some(host) => leaves.others.get(host),
        };
        if let Some(kept) = kept.filter(|kept| now < kept.renew_at) {
            return Some(kept.key.clone());
        }
        let names = other.map_or_else(|| self.names.clone(), |host| vec![host.to_owned()]);
        let made = self.authority.sign(&names, now).and_then(|leaf| keep(&self.authority, leaf));
        let made = made.inspect_err(|error| tracing::error!("{error}")).ok()?;
        let key = made.key.clone();
        match other {
            None => leaves.usual = made,
            Some(host) => leaves.insert(host, made),
        }
        Some(key)
    }

    fn is_usual(&self, host: &str) -> bool {
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            Some(parent) => host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == parent),
            None => host == name,
        })
    }
}

impl Leaves {
    fn insert(&mut self, host: &str, leaf: Kept) {
        if self.others.insert(host.to_owned(), leaf).is_some() {
            return;
        }
        self.order.push_back(host.to_owned());
        if self.order.len() > MAX_OTHERS
            && let Some(oldest) = self.order.pop_front()
        {
            self.others.remove(&oldest);
        }
    }
}

impl ResolvesServerCert for OnDemand {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let host = hello.server_name().map(|name| name.trim_end_matches('.').to_ascii_lowercase());
        self.leaf(host.as_deref(), crate::net::wall_clock())
    }
}

/// The usual leaf from its files, or a new one if these don't serve.
fn usual_leaf(
    authority: &Authority,
    folder: &Path,
    names: &[String],
    now: SystemTime,
) -> Result<Kept, CertificateError> {
    let (certificate, key) = (folder.join(LEAF_CERTIFICATE), folder.join(LEAF_KEY));
    let _lock = files::lock(folder)?;
    match read_leaf(authority, &certificate, &key, names, now) {
        Ok(kept) => return Ok(kept),
        Err(why) => tracing::debug!("a new leaf certificate is made: {why}"),
    }
    let leaf = authority.sign(names, now)?;
    if let Err(fault) = write_leaf(authority, folder, &leaf) {
        // It serves as well from memory.
        tracing::warn!("the leaf certificate is not kept: {fault}");
    }
    keep(authority, leaf)
}

/// Makes the usual leaf anew, for the next server that starts.
pub(super) fn new_leaf(
    authority: &Authority,
    folder: &Path,
    names: &[String],
    now: SystemTime,
) -> Result<(), CertificateError> {
    let _lock = files::lock(folder)?;
    let leaf = authority.sign(names, now)?;
    write_leaf(authority, folder, &leaf).map_err(CertificateError::Read)
}

fn write_leaf(authority: &Authority, folder: &Path, leaf: &Leaf) -> Result<(), Fault> {
    let chain = format!("{}{}", leaf.certificate_pem, pem_of(authority));
    files::write(&folder.join(LEAF_KEY), &leaf.key_pem, Readers::Owner)?;
    files::write(&folder.join(LEAF_CERTIFICATE), &chain, Readers::Everybody)
}

pub(super) fn pem_of(authority: &Authority) -> String {
    pem(authority.certificate())
}

pub(super) fn pem(certificate: &CertificateDer<'_>) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

/// The leaf of the files, if a client that trusts the authority accepts it for all names, now and after
/// the renewal time; else why not.
fn read_leaf(
    authority: &Authority,
    certificate: &Path,
    key: &Path,
    names: &[String],
    now: SystemTime,
) -> Result<Kept, String> {
    let text = |fault: Fault| fault.to_string();
    let chain = files::read_chain(certificate).map_err(text)?;
    let leaf = chain.first().ok_or("no certificate")?;
    let not_after = files::facts(certificate, leaf).map_err(text)?.not_after;
    files::restrict_key(key);
    let signing = files::read_key(key).map_err(text)?;
    verify(authority, leaf, names, now)?;
    verify(authority, leaf, names, now + RENEWAL)?;
    keep_parts(authority, leaf.clone(), signing, not_after).map_err(|error| error.to_string())
}

fn verify(authority: &Authority, leaf: &CertificateDer<'_>, names: &[String], at: SystemTime) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate().clone()).map_err(|error| error.to_string())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| error.to_string())?;
    let at = UnixTime::since_unix_epoch(at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
    for name in names {
        let host = match name.strip_prefix("*.") {
            Some(parent) => format!("any.{parent}"),
            None => name.clone(),
        };
        let host = ServerName::try_from(host).map_err(|error| error.to_string())?;
        verifier.verify_server_cert(leaf, &[], &host, &[], at).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn keep(authority: &Authority, leaf: Leaf) -> Result<Kept, CertificateError> {
    keep_parts(authority, leaf.certificate, leaf.key, leaf.not_after)
}

fn keep_parts(
    authority: &Authority,
    leaf: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    not_after: SystemTime,
) -> Result<Kept, CertificateError> {
    let chain = vec![leaf, authority.certificate().clone()];
    let key = CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider())
        .map_err(|error| CertificateError::Making(error.to_string()))?;
    Ok(Kept { key: Arc::new(key), renew_at: not_after - RENEWAL })
}
