//! How long to wait before the next try: longer each time, never two processes in step.

use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_millis(200);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(5);
/// The pause when a person has to change something first.
const LASTING: Duration = Duration::from_secs(30);

/// Counts the tries.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next pause: between half and the whole of what doubles each time.
    pub(super) fn next(&mut self, random: u8) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.tries.min(10)).min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        spread(whole, random)
    }

    /// The pause after a failure that trying again soon does not cure.
    pub(super) fn lasting(random: u8) -> Duration {
        spread(LASTING, random)
    }

    /// It worked: the next pause is the first again.
    pub(super) const fn reset(&mut self) {
        self.tries = 0;
    }
}

fn spread(whole: Duration, random: u8) -> Duration {
    whole / 2 + whole / 2 * u32::from(random) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_a_fifth_of_a_second_to_five() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u128> = (0..8).map(|_| backoff.next(255).as_millis()).collect();
        assert_eq!(pauses, [200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
        backoff.reset();
        assert_eq!(backoff.next(0).as_millis(), 100);
        assert_eq!(Backoff::lasting(0).as_secs(), 15);
    }
}
