//! Under what a value is kept: a path and a name.

use std::fmt;

use uuid::Uuid;

use super::error::StashError;

/// Octets of a name, or of the path it belongs to.
const MAX_LENGTH: usize = 4096;

/// A place in the stash. Names in different paths have nothing to do with each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    path: Box<str>,
    name: Box<str>,
}

impl Key {
    /// The place of a name below a path. A name that is a UUID is the same however it is written: in capitals, without
    /// hyphens, in braces, as a URN.
    ///
    /// # Errors
    /// [`StashError::NotUuid`] for another name, unless `any_key` allows it; [`StashError::NoKey`] for one that is
    /// empty or longer than 4,096 octets, and for such a path.
    pub fn new(path: &str, name: &str, any_key: bool) -> Result<Self, StashError> {
        if path.len() > MAX_LENGTH || name.len() > MAX_LENGTH {
            return Err(StashError::NoKey(format!("a key and its path have at most {MAX_LENGTH} bytes each")));
        }
        let name = match uuid_of(name) {
            Some(uuid) => uuid.hyphenated().to_string(),
            None if !any_key => return Err(StashError::NotUuid(name.to_owned())),
            None if name.is_empty() => return Err(StashError::NoKey("a key is not empty".to_owned())),
            None => name.to_owned(),
        };
        Ok(Self { path: path.into(), name: name.into() })
    }

    /// The place for which those queue who want the lock of a path; no value is ever there.
    pub(super) fn of_lock(path: &str) -> Self {
        Self { path: path.into(), name: "".into() }
    }

    /// Octets that the key itself takes.
    pub(super) fn octets(&self) -> usize {
        self.path.len() + self.name.len()
    }

    /// One text for both, from which [`Key::from_text`] finds them again.
    pub(super) fn to_text(&self) -> String {
        format!("{}:{}:{}", self.path.len(), self.path, self.name)
    }

    /// What [`Key::to_text`] gave.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let (length, rest) = text.split_once(':')?;
        let (path, name) = rest.split_at_checked(length.parse().ok()?)?;
        Some(Self { path: path.into(), name: name.strip_prefix(':')?.into() })
    }
}

/// For messages.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} (path {:?})", self.name, self.path)
    }
}

/// As Python's `uuid.UUID`, with which wptserve reads them: `urn:uuid:`, braces and hyphens do not matter.
fn uuid_of(name: &str) -> Option<Uuid> {
    let digits = name.strip_prefix("urn:uuid:").unwrap_or(name);
    let digits = digits.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(digits);
    let digits: String = digits.chars().filter(|character| *character != '-').collect();
    if digits.len() == 32 { Uuid::try_parse(&digits).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

    #[test]
    fn a_uuid_is_the_same_however_it_is_written() {
        let plain = Key::new("/a", PLAIN, false).unwrap();
        for other in [
            "0F8FAD5B-D9CB-469F-A165-70867728950E",
            "0f8fad5bd9cb469fa16570867728950e",
            "{0f8fad5b-d9cb-469f-a165-70867728950e}",
            "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e",
            "0f8f-ad5bd9cb469fa165-70867728950e",
        ] {
            assert_eq!(Key::new("/a", other, false).unwrap(), plain, "{other}");
            assert_eq!(Key::new("/a", other, true).unwrap(), plain, "{other}");
        }
        assert_ne!(Key::new("/b", PLAIN, false).unwrap(), plain);
    }

    #[test]
    fn other_names_need_the_switch_and_a_length() {
        for name in ["counter", "", "0f8fad5bd9cb469fa16570867728950", "0f8fad5bd9cb469fa16570867728950g"] {
            assert!(matches!(Key::new("/a", name, false), Err(StashError::NotUuid(_))), "{name}");
        }
        assert!(Key::new("/a", "counter", true).is_ok());
        assert!(matches!(Key::new("/a", "", true), Err(StashError::NoKey(_))));
        assert!(matches!(Key::new("/a", &"x".repeat(4097), true), Err(StashError::NoKey(_))));
        assert!(matches!(Key::new(&"x".repeat(4097), PLAIN, false), Err(StashError::NoKey(_))));
    }

    #[test]
    fn as_text_and_back() {
        for (path, name) in [("/a:b", "c:d"), ("", "x"), ("/ä", "ö"), ("3:/a", ":")] {
            let key = Key::new(path, name, true).unwrap();
            assert_eq!(Key::from_text(&key.to_text()), Some(key));
        }
        for text in ["", "x", "9:/a:b", "2:/ab", "1:ä:x", "-1:a:b"] {
            assert_eq!(Key::from_text(text), None, "{text}");
        }
    }
}
