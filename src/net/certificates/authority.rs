//! Our own certificate authority.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::OffsetDateTime;

use super::error::{CertificateError, Fault, Kind};
use super::files::{self, Readers};

pub(super) const CERTIFICATE: &str = "ca.pem";
pub(super) const KEY: &str = "ca.key";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const AUTHORITY_VALIDITY: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
/// With the day before: below the 398 days that browsers grant a leaf.
const LEAF_VALIDITY: Duration = Duration::from_secs(395 * 24 * 60 * 60);
/// A leaf is renewed this long before it ends, so that it outlives a long test run.
pub(super) const RENEWAL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    not_after: SystemTime,
    spki: String,
}

/// A certificate for hosts, with its key.
pub(super) struct Leaf {
    pub certificate: CertificateDer<'static>,
    pub certificate_pem: String,
    pub key: PrivateKeyDer<'static>,
    pub key_pem: String,
    pub not_after: SystemTime,
}

impl Authority {
    /// Reads the authority of `folder`, or makes it if there is none.
    pub(super) fn in_folder(folder: &Path, now: SystemTime) -> Result<Authority, CertificateError> {
        let lock = files::lock(folder)?;
        let certificate = folder.join(CERTIFICATE);
        let key = folder.join(KEY);
        let authority = match Authority::read(&certificate, &key, now) {
            // Only if both are missing is it a first start: half a pair may be somebody's own.
            Err(fault) if fault.is_missing() && !key.exists() && !certificate.exists() => {
                Authority::make(&certificate, &key, now)?;
                Authority::read(&certificate, &key, now)
            }
            other => other,
        };
        drop(lock);
        authority.map_err(CertificateError::Authority)
    }

    /// Makes a new authority in `folder`, in the place of another.
    pub(super) fn anew(folder: &Path, now: SystemTime) -> Result<Authority, CertificateError> {
        let _lock = files::lock(folder)?;
        let (certificate, key) = (folder.join(CERTIFICATE), folder.join(KEY));
        Authority::make(&certificate, &key, now)?;
        Authority::read(&certificate, &key, now).map_err(CertificateError::Authority)
    }

    fn read(certificate_path: &Path, key_path: &Path, now: SystemTime) -> Result<Authority, Fault> {
        let chain = files::read_chain(certificate_path)?;
        let Some(certificate) = chain.into_iter().next() else {
            return Err(Fault::new(certificate_path, Kind::NoCertificate));
        };
        let facts = files::facts(certificate_path, &certificate)?;
        files::restrict_key(key_path);
        let malformed = |path: &Path, error: rcgen::Error| Fault::new(path, Kind::Malformed(error.to_string()));
        let der = files::read_key(key_path)?;
        let key = KeyPair::try_from(&der).map_err(|error| malformed(key_path, error))?;
        if key.subject_public_key_info() != facts.public_key {
            return Err(Fault::new(key_path, Kind::OtherKey(certificate_path.to_owned())));
        }
        if !facts.is_authority {
            return Err(Fault::new(certificate_path, Kind::NotAnAuthority));
        }
        facts.check_valid(certificate_path, now)?;
        let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(|error| malformed(certificate_path, error))?;
        Ok(Authority { issuer, certificate, not_after: facts.not_after, spki: facts.spki })
    }

    fn make(certificate_path: &Path, key_path: &Path, now: SystemTime) -> Result<(), CertificateError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.not_before = OffsetDateTime::from(now - DAY);
        params.not_after = OffsetDateTime::from(now + AUTHORITY_VALIDITY);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = DistinguishedName::new();
        // Two authorities must differ in name, else trust stores mix them up.
        let digest = ring::digest::digest(&ring::digest::SHA256, &key.subject_public_key_info());
        let id: String = digest.as_ref().iter().take(4).map(|octet| format!("{octet:02x}")).collect();
        params.distinguished_name.push(DnType::CommonName, format!("wireserve test authority {id}"));
        params.distinguished_name.push(DnType::OrganizationName, "wireserve");
        let certificate = params.self_signed(&key)?;
        // The key first: whoever sees the certificate finds its key.
        files::write(key_path, &key.serialize_pem(), Readers::Owner)
            .and_then(|()| files::write(certificate_path, &certificate.pem(), Readers::Everybody))
            .map_err(CertificateError::Authority)
    }

    pub(super) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    pub(super) fn spki(&self) -> &str {
        &self.spki
    }

    /// Makes a key and a certificate for `names`: hosts, `*.host`, IP addresses; all checked before.
    pub(super) fn sign(&self, names: &[String], now: SystemTime) -> Result<Leaf, CertificateError> {
        let key = KeyPair::generate()?;
        let not_after = (now + LEAF_VALIDITY).min(self.not_after);
        let mut params = CertificateParams::default();
        params.not_before = OffsetDateTime::from(now - DAY);
        params.not_after = OffsetDateTime::from(not_after);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        for name in names {
            params.subject_alt_names.push(match name.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(name.as_str().try_into()?),
            });
        }
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "wireserve");
        // X.520 allows a common name of 64 characters; clients look at the names above only.
        if let Some(name) = names.first().filter(|name| name.len() <= 64) {
            params.distinguished_name.push(DnType::CommonName, name.as_str());
        }
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Leaf {
            certificate_pem: certificate.pem(),
            certificate: certificate.der().clone(),
            key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            key_pem: key.serialize_pem(),
            not_after,
        })
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("spki", &self.spki).finish_non_exhaustive()
    }
}
