use std::fs;
use std::time::Duration;

use tempfile::{TempDir, tempdir};

use super::names::USUAL_NAMES;
use super::resolver::OnDemand;
use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn now() -> SystemTime {
    crate::net::wall_clock()
}

/// A folder with an authority and a leaf in it.
fn filled() -> (TempDir, Certificates) {
    let folder = tempdir().unwrap();
    let certificates = Certificates::in_folder(folder.path(), &[], now()).unwrap();
    (folder, certificates)
}

fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    all.sort();
    all
}

fn fails(folder: &Path, at: SystemTime) -> String {
    Certificates::in_folder(folder, &[], at).unwrap_err().to_string()
}

#[test]
fn a_first_start_makes_what_later_starts_find() {
    let (folder, first) = filled();
    let made = contents(folder.path());
    let names: Vec<_> = made.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [".lock", "ca.key", "ca.pem", "leaf-localhost.key", "leaf-localhost.pem"]);
    let second = Certificates::in_folder(folder.path(), &[], now()).unwrap();
    assert_eq!(first.spki(), second.spki());
    assert_eq!(contents(folder.path()), made);
    assert_eq!(second.trusted(), folder.path().join("ca.pem"));
    assert_eq!(second.spki().len(), 44);
}

#[test]
fn a_folder_that_is_made_is_no_part_of_a_repository() {
    let folder = tempdir().unwrap();
    let made = folder.path().join("deep/certs");
    Certificates::in_folder(&made, &[], now()).unwrap();
    assert_eq!(fs::read_to_string(made.join(".gitignore")).unwrap(), "*\n");
    fs::remove_file(made.join(".gitignore")).unwrap();
    Certificates::in_folder(&made, &[], now()).unwrap();
    assert!(!made.join(".gitignore").exists());
}

#[cfg(unix)]
#[test]
fn keys_are_for_their_owner_only_and_become_so_again() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, _) = filled();
    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("ca.key"), mode("leaf-localhost.key")), (0o600, 0o600));
    fs::set_permissions(folder.path().join("ca.key"), fs::Permissions::from_mode(0o644)).unwrap();
    Certificates::in_folder(folder.path(), &[], now()).unwrap();
    assert_eq!(mode("ca.key"), 0o600);
}

#[test]
fn a_leaf_is_renewed_before_it_ends_and_the_authority_stays() {
    let (folder, first) = filled();
    let before = contents(folder.path());
    Certificates::in_folder(folder.path(), &[], now() + 300 * DAY).unwrap();
    assert_eq!(contents(folder.path()), before);
    let later = Certificates::in_folder(folder.path(), &[], now() + 370 * DAY).unwrap();
    let after = contents(folder.path());
    assert_eq!(first.spki(), later.spki());
    assert_eq!(before[..3], after[..3]);
    assert_ne!(before[3..], after[3..]);
}

#[test]
fn a_leaf_that_does_not_serve_is_made_anew() {
    let (folder, _) = filled();
    let before = contents(folder.path());
    Certificates::in_folder(folder.path(), &["tests.example".to_owned(), "192.0.2.7".to_owned()], now()).unwrap();
    let wider = contents(folder.path());
    assert_ne!(before, wider);
    Certificates::in_folder(folder.path(), &["192.0.2.7".to_owned()], now()).unwrap();
    assert_eq!(contents(folder.path()), wider, "more names than needed are no reason");

    for damage in ["leaf-localhost.pem", "leaf-localhost.key"] {
        fs::write(folder.path().join(damage), "garbage").unwrap();
        Certificates::in_folder(folder.path(), &[], now()).unwrap();
        assert_ne!(fs::read(folder.path().join(damage)).unwrap(), b"garbage");
    }

    // A leaf of another authority.
    let (other, _) = filled();
    for name in ["leaf-localhost.pem", "leaf-localhost.key"] {
        fs::copy(other.path().join(name), folder.path().join(name)).unwrap();
    }
    Certificates::in_folder(folder.path(), &[], now()).unwrap();
    let file = |folder: &TempDir| fs::read(folder.path().join("leaf-localhost.pem")).unwrap();
    assert_ne!(file(&folder), file(&other));
}

#[test]
fn a_leaf_lasts_at_most_397_days_and_is_for_servers() {
    let (folder, _) = filled();
    let octets = fs::read(folder.path().join("leaf-localhost.pem")).unwrap();
    let (_, pem) = x509_parser::pem::parse_x509_pem(&octets).unwrap();
    let leaf = pem.parse_x509().unwrap();
    let validity = leaf.validity();
    assert!(validity.not_after.timestamp() - validity.not_before.timestamp() <= 397 * 24 * 60 * 60);
    assert!(leaf.extended_key_usage().unwrap().unwrap().value.server_auth);
    assert!(leaf.key_usage().unwrap().unwrap().value.digital_signature());
    assert!(!leaf.is_ca());
    assert_eq!(leaf.subject_alternative_name().unwrap().unwrap().value.general_names.len(), USUAL_NAMES.len());
}

#[test]
fn a_damaged_authority_is_one_sentence_and_nothing_is_overwritten() {
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let cases = [
        ("ca.pem", "garbage", "has no certificate in PEM form: delete ca.pem and ca.key in that directory"),
        ("ca.pem", garbage, "is damaged or of an unknown kind"),
        ("ca.key", "garbage", "has no private key in PEM form: delete ca.pem and ca.key"),
        (
            "ca.key",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "is damaged or of an unknown kind",
        ),
    ];
    for (name, damage, expected) in cases {
        let (folder, _) = filled();
        fs::write(folder.path().join(name), damage).unwrap();
        let before = contents(folder.path());
        let error = fails(folder.path(), now());
        assert!(error.contains(expected), "{error}");
        assert!(error.contains(name) && !error.contains('\n'), "{error}");
        assert_eq!(contents(folder.path()), before);
    }
}

#[test]
fn half_a_pair_or_two_halves_of_different_pairs_are_errors() {
    let (folder, _) = filled();
    let (other, _) = filled();
    fs::copy(other.path().join("ca.key"), folder.path().join("ca.key")).unwrap();
    assert!(fails(folder.path(), now()).contains("does not belong to the certificate"));
    fs::remove_file(folder.path().join("ca.key")).unwrap();
    assert!(fails(folder.path(), now()).contains("cannot read"));
    assert!(!folder.path().join("ca.key").exists());
    // A leaf is no authority.
    for (from, to) in [("leaf-localhost.pem", "ca.pem"), ("leaf-localhost.key", "ca.key")] {
        fs::copy(other.path().join(from), folder.path().join(to)).unwrap();
    }
    assert!(fails(folder.path(), now()).contains("is not the certificate of an authority"));
}

#[test]
fn an_authority_out_of_its_time_is_told() {
    let (folder, _) = filled();
    let error = fails(folder.path(), now() + 11 * 365 * DAY);
    assert!(error.contains("expired on") && error.contains("GMT: delete"), "{error}");
    assert!(fails(folder.path(), now() - 3 * DAY).contains("is valid only from"));
}

#[test]
fn an_unreadable_key_or_folder_is_told() {
    let (folder, _) = filled();
    fs::remove_file(folder.path().join("ca.key")).unwrap();
    fs::create_dir(folder.path().join("ca.key")).unwrap();
    let error = fails(folder.path(), now());
    assert!(error.starts_with("cannot read") && error.contains("ca.key"), "{error}");
    let error = fails(&folder.path().join("ca.pem"), now());
    assert!(error.starts_with("cannot use the directory"), "{error}");
}

#[test]
fn servers_that_start_at_once_agree() {
    let folder = tempdir().unwrap();
    let spkis: Vec<String> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| Certificates::in_folder(folder.path(), &[], now()).unwrap().spki().to_owned()))
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert!(spkis.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(contents(folder.path()).len(), 5, "no temporary file is left");
}

#[test]
fn the_users_own_certificate_is_checked() {
    let (folder, _) = filled();
    let file = |name: &str| folder.path().join(name);
    let (certificate, key) = (file("leaf-localhost.pem"), file("leaf-localhost.key"));
    let own = Certificates::from_files(&certificate, &key, now()).unwrap();
    assert_eq!(own.trusted(), certificate);
    let fails =
        |certificate: &Path, key: &Path, at| Certificates::from_files(certificate, key, at).unwrap_err().to_string();
    let expired = fails(&certificate, &key, now() + 400 * DAY);
    assert!(
        expired.contains("leaf-localhost.pem expired on ") && expired.ends_with("[ssl] of the configuration)"),
        "{expired}"
    );
    assert!(fails(&certificate, &file("ca.key"), now()).contains("does not belong to the certificate"));
    assert!(fails(&certificate, &certificate, now()).contains("has no private key"));
    assert!(fails(&key, &key, now()).contains("has no certificate"));
    assert!(fails(&file("missing"), &key, now()).starts_with("cannot read"));
}

#[test]
fn leaves_are_made_on_demand_kept_renewed_and_forgotten() {
    let folder = tempdir().unwrap();
    let authority = Authority::in_folder(folder.path(), now()).unwrap();
    let names = USUAL_NAMES.map(str::to_owned).to_vec();
    let leaves = OnDemand::new(authority, folder.path(), names, now()).unwrap();
    let leaf = |host: Option<&str>, at| leaves.leaf(host, at).unwrap().cert[0].clone();
    let usual = leaf(None, now());
    assert_eq!(leaf(Some("www.web-platform.test"), now()), usual);
    let other = leaf(Some("other.example"), now());
    assert_ne!(other, usual);
    assert_eq!(leaf(Some("other.example"), now()), other);
    // A server that runs for a year goes on.
    assert_ne!(leaf(Some("other.example"), now() + 380 * DAY), other);
    assert_ne!(leaf(None, now() + 380 * DAY), usual);
    let oldest = leaf(Some("host-0.example"), now());
    for number in 1..1100 {
        leaf(Some(&format!("host-{number}.example")), now());
    }
    assert_ne!(leaf(Some("host-0.example"), now()), oldest);
    assert!(leaves.leaf(Some("-bad.example"), now()).is_none());
    assert!(leaves.leaf(Some(&"a".repeat(64)), now()).is_none());
}

#[test]
fn host_names() {
    for good in ["localhost", "a.b-c.d", "xn--lve-6lad.test", "_x.example", "1.example"] {
        assert!(is_host_name(good), "{good}");
    }
    let long = format!("{}.example", "a.".repeat(125));
    for bad in ["", ".", "a..b", "a.", "A.b", "a b", "-a", "a-", "1.2.3.4", "é.test", "a\0b", "*.a", &long] {
        assert!(!is_host_name(bad), "{bad}");
    }
}

/// Each host alone, with one label and with two, as configurations make them.
fn wpt_names() -> Vec<String> {
    let labels = ["www", "www1", "www2", "xn--n8j6ds53lwwkrqhv28a", "xn--lve-6lad"];
    let two = labels.iter().flat_map(|a| labels.map(|b| format!("{a}.{b}.")));
    let before: Vec<String> =
        [String::new()].into_iter().chain(labels.iter().map(|label| format!("{label}."))).chain(two).collect();
    let hosts = ["web-platform.test", "not-web-platform.test", "alt.localhost"];
    hosts.iter().flat_map(|host| before.iter().map(move |before| format!("{before}{host}"))).collect()
}

#[test]
fn one_leaf_is_for_every_name_of_a_configuration() {
    let folder = tempdir().unwrap();
    let names = wpt_names();
    assert_eq!(names.len(), 93);
    let with_address = [&names[..], &["192.0.2.7".to_owned()]].concat();
    Certificates::in_folder(folder.path(), &with_address, now()).unwrap();
    let leaf = facts(&Paths::of(folder.path()).leaf).unwrap();
    assert!(leaf.names.contains(&"*.xn--lve-6lad.not-web-platform.test".to_owned()), "{:?}", leaf.names);
    assert!(leaf.names.contains(&"192.0.2.7".to_owned()), "{:?}", leaf.names);
    assert!(leaf.names.len() < 30, "{:?}", leaf.names);
    let right_below_a_top_level =
        leaf.names.iter().find(|name| name.starts_with("*.") && name.matches('.').count() < 2);
    assert_eq!(right_below_a_top_level, None);

    // What clients say of it: webpki, by the very names.
    let chain = files::read_chain(&Paths::of(folder.path()).leaf).unwrap();
    let takes = taken_for(&chain[0]);
    for name in &with_address {
        assert!(takes(name), "{name}");
    }
    for name in ["x.www.www.web-platform.test", "profile.conn.web-platform.test", "elsewhere.test", "192.0.2.8"] {
        assert!(!takes(name), "{name}");
    }
}

/// Whether a client takes the certificate for a name.
fn taken_for<'a>(certificate: &'a rustls::pki_types::CertificateDer<'a>) -> impl Fn(&str) -> bool + 'a {
    let parsed = rustls::server::ParsedCertificate::try_from(certificate).unwrap();
    move |name| {
        let name = rustls::pki_types::ServerName::try_from(name.to_owned()).unwrap();
        rustls::client::verify_server_name(&parsed, &name).is_ok()
    }
}

#[test]
fn another_name_is_a_reason_for_another_leaf() {
    let folder = tempdir().unwrap();
    let leaf = || fs::read(Paths::of(folder.path()).leaf).unwrap();
    let names = wpt_names();
    Certificates::in_folder(folder.path(), &names, now()).unwrap();
    let before = leaf();
    Certificates::in_folder(folder.path(), &names, now()).unwrap();
    assert!(leaf() == before);
    let more = [&names[..], &["www3.www.web-platform.test".to_owned(), "a.b.c.test".to_owned()]].concat();
    Certificates::in_folder(folder.path(), &more, now()).unwrap();
    assert!(leaf() != before);
}

#[test]
fn leaf_and_authority_are_renewed_when_told_so() {
    let (folder, first) = filled();
    let before = contents(folder.path());
    let names = ["a.b.test".to_owned()];
    Certificates::renew(folder.path(), &names, Renew::Leaf, now()).unwrap();
    let after = contents(folder.path());
    assert_eq!(before[..3], after[..3]);
    assert!(before[3] != after[3] && before[4] != after[4]);
    assert!(facts(&Paths::of(folder.path()).leaf).unwrap().names.contains(&names[0]));

    Certificates::renew(folder.path(), &names, Renew::Authority, now()).unwrap();
    let renewed = contents(folder.path());
    assert!(after.iter().zip(&renewed).skip(1).all(|(after, renewed)| after != renewed));
    let second = Certificates::in_folder(folder.path(), &names, now()).unwrap();
    assert_ne!(first.spki(), second.spki());
    assert!(contents(folder.path()) == renewed, "the new leaf is the new authority's");
}

#[test]
fn the_authority_to_trust_is_the_last_certificate_of_a_chain() {
    let (folder, ours) = filled();
    let paths = Paths::of(folder.path());
    let authority = fs::read_to_string(&paths.authority).unwrap();
    let same = |pem: Option<&str>| pem.map(|pem| pem.replace("\r\n", "\n")) == Some(authority.replace("\r\n", "\n"));
    assert!(same(ours.authority()));
    let own = Certificates::from_files(&paths.leaf, &paths.leaf_key, now()).unwrap();
    assert!(same(own.authority()));
    let chain = fs::read_to_string(&paths.leaf).unwrap();
    let end = chain.find("-----END CERTIFICATE-----").unwrap() + "-----END CERTIFICATE-----".len();
    fs::write(&paths.leaf, &chain[..end]).unwrap();
    let own = Certificates::from_files(&paths.leaf, &paths.leaf_key, now()).unwrap();
    assert_eq!(own.authority(), None);
}
