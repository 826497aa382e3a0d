//! When how much of a response's content goes.

use std::rc::Rc;
use std::time::Duration;

/// A rhythm for content: octets, pauses, and what is repeated. It counts only; whoever sends does the waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    steps: Rc<[Step]>,
    /// The step that follows the last one while there is content.
    repeat: Option<usize>,
    at: usize,
    /// Octets of the step at hand that were sent.
    sent: u64,
}

/// A part of a rhythm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// This many octets, without a pause.
    Octets(u64),
    /// A pause.
    Pause(Duration),
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Wait, then ask again.
    Pause(Duration),
    /// Send at most this many octets, more than none, and tell of them by [`Pace::sent`].
    Octets(u64),
    /// Send everything that is left.
    Rest,
}

impl Pace {
    /// The steps from `repeat` on are repeated as long as there is content; without it what is left after the last
    /// step goes at once. `None` if what is repeated has neither octets nor a pause: it would never end.
    pub fn new(steps: impl Into<Rc<[Step]>>, repeat: Option<usize>) -> Option<Self> {
        let steps = steps.into();
        let idle = |step: &Step| matches!(step, Step::Octets(0) | Step::Pause(Duration::ZERO));
        match repeat {
            Some(from) if steps.get(from..).unwrap_or_default().iter().all(idle) => None,
            _ => Some(Self { steps, repeat, at: 0, sent: 0 }),
        }
    }

    /// What is to be done next; `more`: there is content left. Without content the round at hand goes to its end, so
    /// that pauses after the last octet hold back the end of the response.
    pub fn next(&mut self, more: bool) -> Due {
        loop {
            match self.steps.get(self.at) {
                Some(Step::Pause(time)) => {
                    self.at += 1;
                    return Due::Pause(*time);
                }
                Some(Step::Octets(octets)) if more && *octets > self.sent => return Due::Octets(octets - self.sent),
                Some(Step::Octets(_)) => {
                    self.at += 1;
                    self.sent = 0;
                }
                None => match self.repeat {
                    Some(from) if more => self.at = from,
                    _ => return Due::Rest,
                },
            }
        }
    }

    /// This many octets were sent; more than were due count for the steps that follow, whose pauses are left out.
    pub fn sent(&mut self, mut octets: u64) {
        while octets > 0 {
            match self.steps.get(self.at) {
                Some(Step::Octets(due)) if *due > self.sent + octets => {
                    self.sent += octets;
                    return;
                }
                Some(Step::Octets(due)) => {
                    octets -= due - self.sent;
                    self.at += 1;
                    self.sent = 0;
                }
                _ => return,
            }
        }
    }

    /// How long content of `octets` takes, all pauses counted; `None` if that is for ever.
    pub fn duration(&self, octets: u64) -> Option<Duration> {
        let octets_of = |steps: &[Step]| {
            steps.iter().fold(0_u64, |sum, step| match step {
                Step::Octets(octets) => sum.saturating_add(*octets),
                Step::Pause(_) => sum,
            })
        };
        let pauses_of = |steps: &[Step]| {
            steps.iter().fold(Duration::ZERO, |sum, step| match step {
                Step::Octets(_) => sum,
                Step::Pause(time) => sum.saturating_add(*time),
            })
        };
        let once = pauses_of(&self.steps);
        let left = octets.saturating_sub(octets_of(&self.steps));
        let Some(round) = self.repeat.and_then(|from| self.steps.get(from..)).filter(|_| left > 0) else {
            return Some(once);
        };
        let rounds = left.div_ceil(match octets_of(round) {
            0 => return None,
            octets => octets,
        });
        let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
        Some(once.saturating_add(pauses_of(round).saturating_mul(rounds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// What happens to this many octets: digits are octets sent, `s` is a second's pause.
    fn story(mut pace: Pace, mut octets: u64) -> String {
        let mut story = String::new();
        for _ in 0..100 {
            match pace.next(octets > 0) {
                Due::Pause(time) => story.push_str(&"s".repeat(time.as_secs() as usize)),
                Due::Rest => {
                    if octets > 0 {
                        story.push_str(&format!("{octets}"));
                    }
                    return story + ".";
                }
                Due::Octets(due) => {
                    let sent = due.min(octets);
                    octets -= sent;
                    pace.sent(sent);
                    story.push_str(&format!("{sent}"));
                }
            }
        }
        story
    }

    fn pace(steps: &[Step], repeat: Option<usize>) -> Pace {
        Pace::new(steps, repeat).expect("it ends")
    }

    #[test]
    fn steps_then_the_rest_or_the_steps_again() {
        use Step::{Octets, Pause};
        let steps = [Pause(SECOND), Octets(2), Pause(SECOND)];
        assert_eq!(story(pace(&steps, None), 5), "s2s3.");
        assert_eq!(story(pace(&steps, Some(1)), 5), "s2s2s1s.");
        assert_eq!(story(pace(&steps, Some(0)), 4), "s2ss2s.");
        assert_eq!(story(pace(&steps, Some(0)), 2), "s2s.", "no round is begun without content");
        assert_eq!(story(pace(&steps, None), 0), "ss.", "pauses hold back the end");
        assert_eq!(story(pace(&[], None), 3), "3.");
        assert!(Pace::new([Octets(0), Pause(Duration::ZERO)], Some(0)).is_none());
    }

    #[test]
    fn what_is_sent_at_once_passes_over_steps() {
        use Step::{Octets, Pause};
        let mut pace = pace(&[Octets(2), Octets(3), Pause(SECOND), Octets(1)], None);
        assert_eq!(pace.next(true), Due::Octets(2));
        pace.sent(4);
        assert_eq!(pace.next(true), Due::Octets(1));
        pace.sent(9);
        assert_eq!(pace.next(true), Due::Pause(SECOND));
    }

    #[test]
    fn the_time_it_takes_is_known() {
        use Step::{Octets, Pause};
        let steps = [Pause(SECOND), Octets(2), Pause(SECOND)];
        for (repeat, octets, seconds) in [(None, 5, 2), (Some(1), 5, 4), (Some(1), 2, 2), (Some(0), 4, 4), (None, 0, 2)]
        {
            let pace = pace(&steps, repeat);
            assert_eq!(pace.duration(octets), Some(SECOND * seconds), "{repeat:?} {octets}");
            let story = story(pace, octets);
            assert_eq!(story.matches('s').count(), seconds as usize, "{story}");
        }
        assert_eq!(pace(&[Pause(SECOND)], Some(0)).duration(1), None);
        assert_eq!(pace(&steps, Some(0)).duration(u64::MAX), Some(SECOND * 2 + SECOND * 2 * u32::MAX));
    }
}
