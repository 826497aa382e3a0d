//! `[ssl]`: how its keys go together, and those of web-platform-tests.

use super::super::section::{self, Item, Read, Reader, Section, boolean, text, wrong, wrong_with};
use super::super::{Config, SslType, Value};

/// Reads the keys of web-platform-tests, and checks how all of them go together.
pub(super) fn finish(reader: &mut Reader<'_>, section: &mut Section<'_>, config: &mut Config) {
    let given = [config.ssl.certificate.value.is_some(), config.ssl.key.value.is_some()];
    if config.ssl.kind.value == SslType::Authority
        && let Some(kind) = section.given("type").filter(|_| given[0])
    {
        let advice = "write \"pregenerated\", or leave it out".to_owned();
        reader.fail(kind.span.clone(), "`ssl.type` leaves no use for `ssl.certificate`", Some(advice));
    }
    read_theirs(reader, section, config, given != [false, false]);
    for (key, other) in [("certificate", "key"), ("key", "certificate")] {
        if let Some(item) = section.given(key).filter(|_| section.given(other).is_none()) {
            reader.fail(item.span.clone(), format!("`ssl.{key}` needs `ssl.{other}` beside it"), None);
        }
    }
    let kind = section.given("type");
    let has_own = config.ssl.certificate.value.is_some() && config.ssl.key.value.is_some();
    match (config.ssl.kind.value, kind) {
        (SslType::Pregenerated, Some(kind)) if !has_own => {
            let advice = "name `certificate` and `key` in [ssl] for your own".to_owned();
            reader.hint(kind.span.clone(), "without a certificate, our own authority makes one", Some(advice));
            config.ssl.kind = Value::default_of(SslType::Authority);
        }
        (SslType::Authority, None) if has_own => {
            let origin = config.ssl.certificate.origin.clone();
            config.ssl.kind = Value { value: SslType::Pregenerated, origin };
        }
        _ => {}
    }
}

/// The tables that web-platform-tests have for each type. `given`: our own keys name a certificate, which wins.
fn read_theirs(reader: &mut Reader<'_>, ssl: &mut Section<'_>, config: &mut Config, given: bool) {
    let _ = ssl.optional(reader, "encrypt_after_connect", |item| {
        if boolean(item)? { wrong_with(item, "is not supported", "leave it false") } else { Ok(()) }
    });
    ssl.ignored("none");

    let mut openssl = ssl.section(reader, "openssl", "ssl.openssl");
    if let Some(folder) = openssl.optional(reader, "base_path", section::path) {
        config.ssl.folder = folder;
    }
    for key in ["openssl_binary", "password", "force_regenerate", "duration", "base_conf_path"] {
        if let Some(item) = openssl.given(key) {
            let advice = "`wireserve certs` shows and renews them".to_owned();
            let what = format!("`ssl.openssl.{key}` has no effect: certificates are made without openssl");
            reader.hint(item.span.clone(), what, Some(advice));
        }
    }
    openssl.finish(reader);

    let mut pregenerated = ssl.section(reader, "pregenerated", "ssl.pregenerated");
    let certificate = pregenerated.optional(reader, "host_cert_path", |item| section::path(item).map(Some));
    let key = pregenerated.optional(reader, "host_key_path", |item| section::path(item).map(Some));
    if !given {
        match (certificate, key) {
            (Some(certificate), Some(key)) => (config.ssl.certificate, config.ssl.key) = (certificate, key),
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
pub(in crate::config) fn ssl_type(item: Item<'_>) -> Read<SslType> {
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
