//! The certificates of a configuration, made if necessary.

use crate::config::{Config, Hosts};
use crate::net::certificates::{CertificateError, Certificates};
use crate::net::wall_clock;

/// The certificates that the TLS ports show. Those of our own authority are made if they are missing.
///
/// # Errors
/// A certificate, a key or their folder is missing, unreadable or invalid.
pub fn of(config: &Config) -> Result<Certificates, CertificateError> {
    let now = wall_clock();
    match config.ssl.own() {
        Some(own) => Certificates::from_files(&own.certificate.value, &own.key.value, now),
        None => Certificates::in_folder(&config.ssl.folder.value, &names(config), now),
    }
}

/// The names that the leaf certificate is for.
pub(super) fn names(config: &Config) -> Vec<String> {
    let mut names: Vec<String> = Hosts::of(config).domains_set().into_iter().map(str::to_owned).collect();
    let address = config.bind_address.value;
    if !address.is_loopback() && !address.is_unspecified() {
        names.push(address.to_string());
    }
    names
}
