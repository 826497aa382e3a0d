//! Certificates: our own authority and the leaf certificates it signs, or the user's own.
//!
//! The authority (`ca.pem`, `ca.key`) and the leaf for the usual hosts (`leaf-localhost.pem`,
//! `leaf-localhost.key`) are made at first start and kept in a folder. A leaf for any other host is
//! made when a client first asks for it, and kept in memory. The authority is sent along with the
//! leaf: a browser that knows its public key ([`Certificates::spki`]) then needs no installed authority.

mod authority;
mod error;
mod files;
mod names;
mod resolver;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::pki_types::CertificateDer;
use rustls::server::ResolvesServerCert;
use rustls::sign::CertifiedKey;

use self::authority::Authority;
use self::error::Kind;
pub use self::error::{CertificateError, Fault};
pub use self::files::Facts;
pub use self::names::is_host_name;
use self::names::names_of_leaf;
use self::resolver::{Fixed, OnDemand};

/// What the TLS ports of a server show their clients.
#[derive(Debug)]
pub struct Certificates {
    resolver: Arc<dyn ResolvesServerCert>,
    trusted: PathBuf,
    spki: String,
    authority: Option<String>,
}

/// The files of a folder of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The authority's certificate.
    pub authority: PathBuf,
    pub authority_key: PathBuf,
    /// The leaf's certificate, followed by the authority's.
    pub leaf: PathBuf,
    pub leaf_key: PathBuf,
}

impl Paths {
    /// The names of the files in `folder`; they need not be there.
    pub fn of(folder: &Path) -> Paths {
        Paths {
            authority: folder.join(authority::CERTIFICATE),
            authority_key: folder.join(authority::KEY),
            leaf: folder.join(resolver::LEAF_CERTIFICATE),
            leaf_key: folder.join(resolver::LEAF_KEY),
        }
    }
}

/// What is to be made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renew {
    Leaf,
    /// And so the leaf too: whoever trusted the old authority has to trust the new one.
    Authority,
}

impl Certificates {
    /// Our own authority and leaf from `folder`; what is missing is made, a leaf that ended or is about
    /// to is renewed. `names` are hosts and IP addresses to serve besides the usual ones.
    ///
    /// # Errors
    /// The folder or its files can't be read or written, the authority is damaged or expired. A damaged
    /// leaf is no error: it is made anew.
    pub fn in_folder(folder: &Path, names: &[String], now: SystemTime) -> Result<Certificates, CertificateError> {
        let authority = Authority::in_folder(folder, now)?;
        let (spki, pem) = (authority.spki().to_owned(), resolver::pem_of(&authority));
        let resolver = OnDemand::new(authority, folder, names_of_leaf(names), now)?;
        let trusted = folder.join(authority::CERTIFICATE);
        Ok(Certificates { resolver: Arc::new(resolver), trusted, spki, authority: Some(pem) })
    }

    /// Makes the leaf of `folder` anew, or the authority and the leaf; for `names` as in [`Certificates::in_folder`].
    /// A running server goes on with the old ones.
    ///
    /// # Errors
    /// As for [`Certificates::in_folder`]; also if the new files can't be written.
    pub fn renew(folder: &Path, names: &[String], what: Renew, now: SystemTime) -> Result<(), CertificateError> {
        let authority = match what {
            Renew::Leaf => Authority::in_folder(folder, now)?,
            Renew::Authority => Authority::anew(folder, now)?,
        };
        resolver::new_leaf(&authority, folder, &names_of_leaf(names), now)
    }

    /// The user's own certificate chain (leaf first) and key: every client gets it, whatever it asks for.
    ///
    /// # Errors
    /// A file can't be read or is damaged, the two don't belong together, or the certificate is not valid now.
    pub fn from_files(certificate: &Path, key: &Path, now: SystemTime) -> Result<Certificates, CertificateError> {
        let load =
            || {
                let chain = files::read_chain(certificate)?;
                let Some(leaf) = chain.first() else { return Err(Fault::new(certificate, Kind::NoCertificate)) };
                let facts = files::facts(certificate, leaf)?;
                facts.check_valid(certificate, now)?;
                let spki = facts.spki;
                let last = chain.last().unwrap_or(leaf);
                let authority = files::facts(certificate, last)?.is_authority.then(|| resolver::pem(last));
                let signing = files::read_key(key)?;
                files::check_key(key);
                let certified = CertifiedKey::from_der(chain, signing, &rustls::crypto::ring::default_provider())
                    .map_err(|error| match error {
                        rustls::Error::InconsistentKeys(_) => Fault::new(key, Kind::OtherKey(certificate.to_owned())),
                        other => Fault::new(key, Kind::Malformed(other.to_string())),
                    })?;
                Ok((certified, spki, authority))
            };
        let (certified, spki, authority) = load().map_err(CertificateError::Configured)?;
        let resolver = Arc::new(Fixed::new(certified));
        Ok(Certificates { resolver, trusted: certificate.to_owned(), spki, authority })
    }

    /// For [`Tls::new`](super::tls::Tls::new).
    pub fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        self.resolver.clone()
    }

    /// The file that a client has to trust: our authority, or the user's certificate.
    pub fn trusted(&self) -> &Path {
        &self.trusted
    }

    /// The authority to trust, in PEM form: ours, or the last certificate of the user's chain if it is one.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Base64 of the SHA-256 of the SubjectPublicKeyInfo of what a client has to trust: the value for
    /// Chromium's `--ignore-certificate-errors-spki-list`.
    pub fn spki(&self) -> &str {
        &self.spki
    }
}

/// All certificates of a PEM file, in order; there is at least one.
///
/// # Errors
/// The file can't be read, is damaged, or has none.
pub fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    match files::read_chain(path) {
        Ok(chain) if chain.is_empty() => Err(CertificateError::Read(Fault::new(path, Kind::NoCertificate))),
        chain => chain.map_err(CertificateError::Read),
    }
}

/// What stands in the first certificate of a file.
///
/// # Errors
/// The file can't be read or is damaged.
pub fn facts(path: &Path) -> Result<Facts, CertificateError> {
    let read = || {
        let chain = files::read_chain(path)?;
        let Some(first) = chain.first() else { return Err(Fault::new(path, Kind::NoCertificate)) };
        files::facts(path, first)
    };
    read().map_err(CertificateError::Read)
}
