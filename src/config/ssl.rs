//! `[ssl]`: where certificates come from, how its keys go together, and those of web-platform-tests.

use std::path::PathBuf;

use super::section::{self, Item, Read, Reader, Section, boolean, text, wrong, wrong_with};
use super::show::Show;
use super::table::keys;
use super::values::Value;

keys! {
    /// Where certificates come from: `[ssl]`.
    Ssl in "ssl." {
        /// `"authority"`: wireserve makes the certificates (wptserve's `"openssl"` is the same); `"pregenerated"`: you bring
        /// them; `"none"`: no TLS ports. Default with a certificate: `"pregenerated"`.
        kind as "ssl.type": SslType = SslType::Authority, ssl_type, Start;
        /// Where wireserve keeps its certificate authority and its certificates.
        folder: PathBuf = PathBuf::from("certs"), section::path, Start, "--certs" => |given| given.certs.clone();
        /// Your certificate chain, leaf first, in PEM form.
        certificate: Option<PathBuf> = None, |item| section::path(item).map(Some), Start;
        /// Its private key, in PEM form.
        key: Option<PathBuf> = None, |item| section::path(item).map(Some), Start;
    }
}

impl Ssl {
    /// The user's own certificate, if it is to be shown.
    pub fn own(&self) -> Option<OwnCertificate> {
        let value =
            |path: &Value<Option<PathBuf>>| Some(Value { value: path.value.clone()?, origin: path.origin.clone() });
        let own = OwnCertificate { certificate: value(&self.certificate)?, key: value(&self.key)? };
        (self.kind.value != SslType::Authority).then_some(own)
    }
}

/// Whose certificates a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslType {
    /// Those that our own authority makes.
    Authority,
    /// The user's own.
    Pregenerated,
    /// None: no port with TLS is opened.
    None,
}

impl SslType {
    /// As it is written in `[ssl]`.
    pub fn name(self) -> &'static str {
        match self {
            SslType::Authority => "authority",
            SslType::Pregenerated => "pregenerated",
            SslType::None => "none",
        }
    }
}

/// A certificate that the user brings along.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnCertificate {
    /// The chain, leaf first.
    pub certificate: Value<PathBuf>,
    /// Its private key.
    pub key: Value<PathBuf>,
}

impl Show for SslType {
    fn show(&self) -> Option<String> {
        self.name().show()
    }
}

/// Reads the keys of web-platform-tests, and checks how all of them go together.
pub(super) fn finish(reader: &mut Reader<'_>, section: &mut Section<'_>, ssl: &mut Ssl) {
    let given = [ssl.certificate.value.is_some(), ssl.key.value.is_some()];
    if ssl.kind.value == SslType::Authority
        && let Some(kind) = section.given("type").filter(|_| given[0])
    {
        let advice = "write \"pregenerated\", or leave it out".to_owned();
        reader.fail(kind.span.clone(), "`ssl.type` leaves no use for `ssl.certificate`", Some(advice));
    }
    read_theirs(reader, section, ssl, given != [false, false]);
    for (key, other) in [("certificate", "key"), ("key", "certificate")] {
        if let Some(item) = section.given(key).filter(|_| section.given(other).is_none()) {
            reader.fail(item.span.clone(), format!("`ssl.{key}` needs `ssl.{other}` beside it"), None);
        }
    }
    let kind = section.given("type");
    let has_own = ssl.certificate.value.is_some() && ssl.key.value.is_some();
    match (ssl.kind.value, kind) {
        (SslType::Pregenerated, Some(kind)) if !has_own => {
            let advice = "name `certificate` and `key` in [ssl] for your own".to_owned();
            reader.hint(kind.span.clone(), "without a certificate, our own authority makes one", Some(advice));
            ssl.kind = Value::default_of(SslType::Authority);
        }
        (SslType::Authority, None) if has_own => {
            let origin = ssl.certificate.origin.clone();
            ssl.kind = Value { value: SslType::Pregenerated, origin };
        }
        _ => {}
    }
}

/// The tables that web-platform-tests have for each type. `given`: our own keys name a certificate, which wins.
fn read_theirs(reader: &mut Reader<'_>, section: &mut Section<'_>, ssl: &mut Ssl, given: bool) {
    let _ = section.optional(reader, "encrypt_after_connect", |item| {
        if boolean(item)? { wrong_with(item, "is not supported", "leave it false") } else { Ok(()) }
    });
    section.ignored("none");

    let mut openssl = section.section(reader, "openssl", "ssl.openssl");
    if let Some(folder) = openssl.optional(reader, "base_path", section::path) {
        ssl.folder = folder;
    }
    for key in ["openssl_binary", "password", "force_regenerate", "duration", "base_conf_path"] {
        if let Some(item) = openssl.given(key) {
            let advice = "`wireserve certs` shows and renews them".to_owned();
            let what = format!("`ssl.openssl.{key}` has no effect: certificates are made without openssl");
            reader.hint(item.span.clone(), what, Some(advice));
        }
    }
    openssl.finish(reader);

    let mut pregenerated = section.section(reader, "pregenerated", "ssl.pregenerated");
    let certificate = pregenerated.optional(reader, "host_cert_path", |item| section::path(item).map(Some));
    let key = pregenerated.optional(reader, "host_key_path", |item| section::path(item).map(Some));
    if !given {
        match (certificate, key) {
            (Some(certificate), Some(key)) => (ssl.certificate, ssl.key) = (certificate, key),
            (None, None) => {}
            (certificate, _) => {
                let (key, other) = match certificate {
                    Some(_) => ("host_cert_path", "host_key_path"),
                    None => ("host_key_path", "host_cert_path"),
                };
                if let Some(item) = pregenerated.given(key) {
                    let what = format!("`ssl.pregenerated.{key}` needs `{other}` beside it");
                    reader.fail(item.span.clone(), what, None);
                }
            }
        }
    }
    if let Some(item) = pregenerated.given("ca_cert_path") {
        let what =
            "`ssl.pregenerated.ca_cert_path` has no effect: clients are told to trust the chain's last certificate";
        reader.hint(item.span.clone(), what, None);
    }
    pregenerated.finish(reader);
}

/// A type by our name or wptserve's.
fn ssl_type(item: Item<'_>) -> Read<SslType> {
    match text(item)?.as_str() {
        // openssl is how wptserve makes an authority of its own.
        "authority" | "openssl" => Ok(SslType::Authority),
        "pregenerated" => Ok(SslType::Pregenerated),
        "none" => Ok(SslType::None),
        other => {
            let names = ["authority", "openssl", "pregenerated", "none"];
            match section::nearest(other, names.into_iter()) {
                Some(near) => wrong_with(item, "is not a type", format!("a similar type exists: \"{near}\"")),
                None => wrong(item, "must be one of \"authority\" (or \"openssl\"), \"pregenerated\", \"none\""),
            }
        }
    }
}
