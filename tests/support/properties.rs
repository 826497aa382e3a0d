//! How every property test of this crate is run: with a seed that is printed when the test fails, and a file that keeps
//! each input that failed. The library's own tests include this file, too.

use proptest::test_runner::{Config, RngSeed};
use std::hash::{BuildHasher, Hasher, RandomState};

/// The seed in CI, so that a failure there does not depend on luck and comes again elsewhere.
const CI_SEED: u64 = 0x7769_7265;

/// Configures `proptest!` to try `cases` inputs; the environment variable `PROPTEST_CASES` overrides the number.
///
/// The seed is that of the environment variable `PROPTEST_RNG_SEED`, else a fixed one if `CI=true`, else random. Inputs
/// that failed are kept below `proptest-regressions/`, and tried first from then on: commit that file with the fix.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "tests read the environment")]
pub fn config(cases: u32) -> Config {
    let default = Config::default();
    let seed = choose_seed(default.rng_seed, std::env::var("CI").is_ok_and(|ci| ci == "true"));
    // The test harness shows this line only if the test fails.
    eprintln!("to try the same inputs again: PROPTEST_RNG_SEED={seed}");
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { cases };
    Config { cases, rng_seed: RngSeed::Fixed(seed), ..default }
}

fn choose_seed(wanted: RngSeed, ci: bool) -> u64 {
    match wanted {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random if ci => CI_SEED,
        RngSeed::Random => RandomState::new().build_hasher().finish(),
    }
}

#[test]
fn a_seed_is_the_one_asked_for_or_fixed_in_ci_or_random() {
    assert_eq!(choose_seed(RngSeed::Fixed(7), true), 7);
    assert_eq!(choose_seed(RngSeed::Random, true), CI_SEED);
    assert_ne!(choose_seed(RngSeed::Random, false), choose_seed(RngSeed::Random, false));
}
