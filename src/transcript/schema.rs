//! The published schema of transcripts.

/// The JSON Schema (2020-12) of a transcript, and of each line of JSON Lines.
pub const SCHEMA: &str = include_str!("schema.json");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::VERSION;

    #[test]
    fn the_schema_is_that_of_the_version() {
        assert!(SCHEMA.contains(&format!("\"urn:wireserve:schema:transcript:{VERSION}\"")));
    }
}
