//! Moments as text.

use std::time::Duration;
use time::OffsetDateTime;

/// A moment since 1970 as RFC 3339 writes it, in UTC, to the microsecond.
pub(super) fn rfc3339(since_1970: Duration) -> String {
    let at = OffsetDateTime::UNIX_EPOCH + since_1970.min(MAX);
    let (date, (hour, minute, second, micro)) = (at.date(), at.to_hms_micro());
    format!(
        "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{micro:06}Z",
        date.year(),
        u8::from(date.month()),
        date.day()
    )
}

/// The same for the names of files: `20261201-003011`.
pub(super) fn compact(since_1970: Duration) -> String {
    rfc3339(since_1970).chars().take(19).filter(|char| !"-:".contains(*char)).collect::<String>().replace('T', "-")
}

/// The last second of the year 9999.
const MAX: Duration = Duration::from_secs(253_402_300_799);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_utc() {
        let at = Duration::from_micros(1_796_085_011_000_042);
        assert_eq!((&rfc3339(at)[..], &compact(at)[..]), ("2026-12-01T00:30:11.000042Z", "20261201-003011"));
        assert_eq!(rfc3339(Duration::MAX), "9999-12-31T23:59:59.000000Z");
    }
}
