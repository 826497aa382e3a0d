//! What somebody may have meant who wrote a name that is none.

/// A name that resembles no more than this (of 1) is not worth a question.
const LIKENESS: f64 = 0.75;

/// The known name that resembles this one most.
pub(super) fn similar<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let likeness = |known: &str| strsim::jaro_winkler(name, known);
    let best = known.into_iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(best) > LIKENESS).then_some(best)
}
