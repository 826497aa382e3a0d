//! HTTP dates (RFC 9110 §5.6.7). The time is always an argument.

use bytes::Bytes;
use std::cell::RefCell;
use std::time::{Duration, SystemTime};

/// The first second of the year 10000, which the format cannot express.
const YEAR_10000: u64 = 253_402_300_800;

/// IMF-fixdate, as in `Sun, 06 Nov 1994 08:49:37 GMT`. A time outside 1970 to 9999 becomes the nearest one inside.
pub fn format(time: SystemTime) -> String {
    httpdate::fmt_http_date(in_range(time))
}

/// The value of a `date` field (RFC 9110 §6.6.1), formatted once for each second.
#[derive(Default)]
pub struct Cache(RefCell<Option<(u64, Bytes)>>);

impl Cache {
    /// As [`format()`].
    pub fn at(&self, now: SystemTime) -> Bytes {
        let second = seconds(in_range(now));
        let mut cached = self.0.borrow_mut();
        match &*cached {
            Some((of, text)) if *of == second => text.clone(),
            _ => cached.insert((second, Bytes::from(format(now)))).1.clone(),
        }
    }
}

/// Reads any of the three formats; `None` if it is none of them.
pub fn parse(octets: &[u8]) -> Option<SystemTime> {
    httpdate::parse_http_date(std::str::from_utf8(octets.trim_ascii()).ok()?).ok()
}

/// The time without its fraction of a second, which is what a date can say.
pub fn whole_seconds(time: SystemTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds(in_range(time)))
}

fn in_range(time: SystemTime) -> SystemTime {
    // httpdate panics outside these years.
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds(time).min(YEAR_10000 - 1))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cached_date_follows_the_second() {
        let cache = Cache::default();
        for milliseconds in [0, 999, 1_000, 5_500, 1_500] {
            let now = SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds);
            assert_eq!(cache.at(now), format(now), "{milliseconds}");
        }
    }

    #[test]
    fn three_formats_in_and_one_out() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(format(time + Duration::from_millis(999)), "Sun, 06 Nov 1994 08:49:37 GMT");
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(parse(text.as_bytes()), Some(time), "{text}");
        }
        assert_eq!(parse(b"yesterday"), None);
        assert_eq!(parse(b"\xff"), None);
        assert_eq!(whole_seconds(time + Duration::from_millis(1)), time);
    }

    #[test]
    fn times_out_of_range_do_not_panic() {
        assert_eq!(format(SystemTime::UNIX_EPOCH - Duration::from_secs(5)), "Thu, 01 Jan 1970 00:00:00 GMT");
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(YEAR_10000 + 5);
        assert_eq!(format(far), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
