//! `[ssl]`: our keys, and those of web-platform-tests.

use std::path::PathBuf;

use super::super::section::{self, Item, Read, Reader, Section, boolean, text, wrong, wrong_with};
use super::super::{Config, OwnCertificate, SslType, Value};

/// Reads `[ssl]`.
pub(super) fn read(reader: &mut Reader<'_>, mut ssl: Section<'_>, config: &mut Config) {
    let source = reader.source;
    let path = |item: Item<'_>| Ok((section::path(source)(item)?, item.span.clone()));
    let kind = ssl.optional(reader, "type", |item| Ok((ssl_type(item)?, item.span.clone())));
    ssl.read(reader, "folder", &mut config.ssl.folder, section::path(source));
    let mut certificate = ssl.optional(reader, "certificate", path);
    let mut key = ssl.optional(reader, "key", path);
    if let Some((Value { value: (SslType::Authority, span), .. }, _)) = kind.as_ref().zip(certificate.as_ref()) {
        let advice = "write \"pregenerated\", or leave it out".to_owned();
        reader.fail(span.clone(), "`ssl.type` leaves no use for `ssl.certificate`", Some(advice));
    }
    let theirs = read_theirs(reader, &mut ssl, config);
    ssl.finish(reader);

    if certificate.is_none() && key.is_none() {
        (certificate, key) = theirs;
    }
    let own = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(OwnCertificate {
            certificate: Value { value: certificate.value.0, origin: certificate.origin },
            key: Value { value: key.value.0, origin: key.origin },
        }),
        (Some(Value { value: (_, span), .. }), None) => {
            reader.fail(span, "`ssl.certificate` needs `ssl.key` beside it", None);
            None
        }
        (None, Some(Value { value: (_, span), .. })) => {
            reader.fail(span, "`ssl.key` needs `ssl.certificate` beside it", None);
            None
        }
        (None, None) => None,
    };
    config.ssl.own = match kind.as_ref().map(|kind| kind.value.0) {
        Some(SslType::Authority) => None,
        _ => own,
    };
    match kind {
        Some(Value { value: (SslType::Pregenerated, span), .. }) if config.ssl.own.is_none() => {
            let advice = "name `certificate` and `key` in [ssl] for your own".to_owned();
            reader.hint(span, "without a certificate, our own authority makes one", Some(advice));
        }
        Some(Value { value: (kind, _), origin }) => config.ssl.kind = Value { value: kind, origin },
        None => {
            if let Some(own) = &config.ssl.own {
                config.ssl.kind = Value { value: SslType::Pregenerated, origin: own.certificate.origin.clone() };
            }
        }
    }
}

type Placed = Option<Value<(PathBuf, std::ops::Range<usize>)>>;

/// The tables that web-platform-tests have for each type; gives the paths of certificate and key.
fn read_theirs(reader: &mut Reader<'_>, ssl: &mut Section<'_>, config: &mut Config) -> (Placed, Placed) {
    let source = reader.source;
    let path = |item: Item<'_>| Ok((section::path(source)(item)?, item.span.clone()));
    let _ = ssl.accepted(reader, "encrypt_after_connect", |item| {
        if boolean(item)? { wrong_with(item, "is not supported", "leave it false") } else { Ok(()) }
    });
    ssl.ignored("none");

    let mut openssl = ssl.section(reader, "openssl", "ssl.openssl");
    if let Some(folder) = openssl.accepted(reader, "base_path", section::path(source)) {
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
    let certificate = pregenerated.accepted(reader, "host_cert_path", path);
    let key = pregenerated.accepted(reader, "host_key_path", path);
    if let Some(item) = pregenerated.given("ca_cert_path") {
        let what =
            "`ssl.pregenerated.ca_cert_path` has no effect: clients are told to trust the chain's last certificate";
        reader.hint(item.span.clone(), what, None);
    }
    pregenerated.finish(reader);
    (certificate, key)
}

fn ssl_type(item: Item<'_>) -> Read<SslType> {
    match text(item)?.as_str() {
        // openssl is how wptserve makes an authority of its own.
        "authority" | "openssl" => Ok(SslType::Authority),
        "pregenerated" => Ok(SslType::Pregenerated),
        "none" => Ok(SslType::None),
        other => {
            let names = ["authority", "openssl", "pregenerated", "none"];
            match section::nearest(other, names.into_iter()) {
                Some(near) => wrong_with(item, "is no type", format!("did you mean \"{near}\"?")),
                None => wrong(item, "is one of \"authority\" (or \"openssl\"), \"pregenerated\", \"none\""),
            }
        }
    }
}
