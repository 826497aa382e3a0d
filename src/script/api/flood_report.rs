//! What a function of `flood::` gives.

use rhai::{Dynamic, INT, Map};

use crate::script::flood::Report;

/// The tag that tells a report from other maps.
const TAG: i16 = 1;

/// Whether a value is such a report: a map with a tag that other maps do not have.
pub fn is_report(value: &Dynamic) -> bool {
    value.is_map() && i64::from(value.tag()) == i64::from(TAG)
}

/// The report as a script sees it.
pub fn of(report: &Report) -> Dynamic {
    let (did, code) = report.client.words();
    let count = |number: u64| Dynamic::from(INT::try_from(number).unwrap_or(INT::MAX));
    let map = Map::from_iter([
        ("frames".into(), count(report.frames)),
        ("octets".into(), count(report.octets)),
        ("refused".into(), count(report.refused)),
        ("client".into(), did.into()),
        ("code".into(), code.map_or(Dynamic::UNIT, |code| INT::from(code.0).into())),
    ]);
    let mut value = Dynamic::from_map(map);
    value.set_tag(TAG.into());
    value
}
