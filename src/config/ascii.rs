//! Host names of any script as browsers send them.

use crate::net::certificates::is_host_name;
use idna::AsciiDenyList;

/// A host name as browsers send it: lower case, other scripts as `xn--…`; `None` if it can be none.
pub(super) fn to_ascii(name: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii_cow(name.as_bytes(), AsciiDenyList::URL).ok()?;
    is_host_name(&ascii).then(|| ascii.into_owned())
}

/// One label, in the same way: a number is a label, though no name.
pub(super) fn label_to_ascii(label: &str) -> Option<String> {
    let name = to_ascii(&format!("{label}.x"))?;
    name.strip_suffix(".x").filter(|label| !label.contains('.')).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_what_browsers_send() {
        assert_eq!(to_ascii("ÉLÈVE").as_deref(), Some("xn--lve-6lad"));
        assert_eq!(to_ascii("Straße.Test").as_deref(), Some("xn--strae-oqa.test"));
        assert_eq!(to_ascii("a_b.test").as_deref(), Some("a_b.test"));
        for wrong in ["", "x, y", "a/b", "a..b", "-a", &"天".repeat(60), "\u{ad}", "1.2.3.4"] {
            assert_eq!(to_ascii(wrong), None, "{wrong}");
        }
        assert_eq!(label_to_ascii("1").as_deref(), Some("1"));
        assert_eq!(label_to_ascii("a.b"), None);
        assert_eq!(label_to_ascii("a。b"), None, "a dot of another script is a dot");
    }
}
