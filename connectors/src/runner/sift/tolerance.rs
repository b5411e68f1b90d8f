//! How many broken records a run bears before it stops.

use super::super::report::Failure;
use super::Sifter;

/// So many records whose expressions run away end a run.
const RUNAWAYS: u32 = 10;

impl Sifter {
    /// When so many of the first records are broken, the definition is.
    pub(super) fn tolerable(&self) -> Result<(), Failure> {
        if self.counts.read <= self.tuning.sample { self.within_share(self.tuning.sample) } else { Ok(()) }
    }

    /// When expressions run away again and again, each takes seconds of everybody's time.
    pub(super) fn expressions_end(&self) -> Result<(), Failure> {
        if self.evaluator.lost() < RUNAWAYS {
            return Ok(());
        }
        let message = format!("the expressions of {RUNAWAYS} records took too long or too much memory");
        Err(Failure::new("E0214", message))
    }

    /// The same for a read that is over before there were so many.
    pub(in super::super) fn tolerable_in_all(&self) -> Result<(), Failure> {
        let read = self.counts.read;
        let counts = read < self.tuning.sample && read >= self.tuning.least_sample;
        if counts { self.within_share(read) } else { Ok(()) }
    }

    fn within_share(&self, of: u64) -> Result<(), Failure> {
        let (share, read) = (self.tuning.broken_share, self.counts.read);
        let broken = self.counts.quarantined + self.counts.quarantined_again;
        if broken * 100 <= of * u64::from(share) {
            return Ok(());
        }
        Err(Failure::new(
            "E0207",
            format!(
                "{broken} of the first {read} records are broken, more than {share} % of {of}: the definition does not fit the source"
            ),
        ))
    }
}
