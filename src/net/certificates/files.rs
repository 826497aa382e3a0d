//! Certificates and keys as files: whole or not at all, keys for the owner alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::extensions::GeneralName;

use super::error::{CertificateError, Fault, Kind};

/// What is read from a certificate.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Whom it is for: `CN=…, O=…`.
    pub subject: String,
    /// The hosts (also `*.host`) and IP addresses that it is for.
    pub names: Vec<String>,
    pub not_before: SystemTime,
    pub not_after: SystemTime,
    /// Whether it may sign others.
    pub is_authority: bool,
    /// SubjectPublicKeyInfo, DER.
    pub public_key: Vec<u8>,
    /// Base64 of the SHA-256 of `public_key`.
    pub spki: String,
}

impl Facts {
    pub(super) fn check_valid(&self, path: &Path, now: SystemTime) -> Result<(), Fault> {
        if now >= self.not_after {
            return Err(Fault::new(path, Kind::Expired(self.not_after)));
        }
        if now < self.not_before {
            return Err(Fault::new(path, Kind::NotYetValid(self.not_before)));
        }
        Ok(())
    }
}

pub(super) fn facts(path: &Path, certificate: &CertificateDer<'_>) -> Result<Facts, Fault> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate)
        .map_err(|error| Fault::new(path, Kind::Malformed(error.to_string())))?;
    let instant = |seconds: i64| SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let public_key = parsed.public_key().raw.to_vec();
    let spki = BASE64.encode(ring::digest::digest(&ring::digest::SHA256, &public_key));
    let names = parsed.subject_alternative_name().ok().flatten();
    Ok(Facts {
        subject: parsed.subject().to_string(),
        names: names.map_or_else(Vec::new, |names| names.value.general_names.iter().filter_map(name).collect()),
        not_before: instant(parsed.validity().not_before.timestamp()),
        // Dates far away are no dates to SystemTime's formatter: 9999-12-31 is the last that X.509 knows.
        not_after: instant(parsed.validity().not_after.timestamp()),
        is_authority: parsed.is_ca(),
        public_key,
        spki,
    })
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(octets) => {
            let v4 = <[u8; 4]>::try_from(*octets).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(*octets).map(IpAddr::from)).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

/// All certificates of a file, in order.
pub(super) fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let octets = read(path)?;
    let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&octets).collect();
    let chain = chain.map_err(|error| Fault::new(path, Kind::Malformed(error.to_string())))?;
    if chain.is_empty() { Err(Fault::new(path, Kind::NoCertificate)) } else { Ok(chain) }
}

/// The first private key of a file.
pub(super) fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, Fault> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|error| match error {
        pem::Error::NoItemsFound => Fault::new(path, Kind::NoKey),
        other => Fault::new(path, Kind::Malformed(other.to_string())),
    })
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    std::fs::read(path).map_err(|error| Fault::new(path, Kind::Read(error)))
}

/// Who may read a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    Everybody,
    Owner,
}

/// Writes a file under another name and renames it: nobody ever sees half of it, nor a key with other
/// permissions than its own.
pub(super) fn write(path: &Path, contents: &str, readers: Readers) -> Result<(), Fault> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}-{}.new", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    let temporary = path.with_file_name(name);
    let written = create(&temporary, readers).and_then(|mut file| {
        file.write_all(contents.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    });
    written.map_err(|error| {
        // Best effort: the error that matters is the first.
        let _ = std::fs::remove_file(&temporary);
        Fault::new(path, Kind::Write(error))
    })
}

fn create(path: &Path, readers: Readers) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if readers == Readers::Owner { 0o600 } else { 0o644 });
    }
    options.open(path)
}

/// Takes the right to read a key of ours from every user but its owner.
#[cfg(unix)]
pub(super) fn restrict_key(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if !is_readable_by_others(path) {
        return;
    }
    match std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)) {
        Ok(()) => tracing::warn!("{} was readable by other users; its mode is now 0600", path.display()),
        Err(error) => {
            tracing::warn!("{} can be read by other users, and its mode cannot be changed: {error}", path.display())
        }
    }
}

#[cfg(not(unix))]
pub(super) fn restrict_key(_path: &Path) {}

/// Warns of a key of the user's that other users can read. Its mode stays: a group may be meant to read it.
pub(super) fn check_key(path: &Path) {
    if is_readable_by_others(path) {
        let path = path.display();
        tracing::warn!("the private key {path} can be read by other users; help: chmod 600 {path}");
    }
}

#[cfg(unix)]
fn is_readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_path: &Path) -> bool {
    false
}

/// Keeps other servers from making the same files at the same time, until dropped.
///
/// A folder that is not there is made, and kept out of version control.
///
/// `None` in a folder that can't be written: then nothing can be made either.
pub(super) fn lock(folder: &Path) -> Result<Option<File>, CertificateError> {
    let fail = |error| CertificateError::Folder(PathBuf::from(folder), error);
    let is_new = !folder.exists();
    std::fs::create_dir_all(folder).map_err(fail)?;
    if is_new {
        // Keys are nothing to commit. Whoever made the folder decides that, and without the file nothing else is lost.
        let _ = std::fs::write(folder.join(".gitignore"), "*\n");
    }
    let file = match OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(".lock")) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => {
            return Ok(None);
        }
        Err(error) => return Err(fail(error)),
    };
    file.lock().map_err(fail)?;
    Ok(Some(file))
}
