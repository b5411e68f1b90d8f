//! How many broken records a run bears before it stops.

use super::super::report::Failure;
use super::super::verdict::RUNAWAYS;
use super::Sifter;
use crate::definition::model::OnInvalid;

impl Sifter {
    /// When so many of the first records are broken, the definition is.
    pub(super) fn tolerable(&self) -> Result<(), Failure> {
        match self.on_invalid {
            OnInvalid::Stop if self.broken() > 0 => {
                let message =
                    format!("record {} of the read is broken, and `on_invalid: stop` takes none", self.counts.read);
                Err(Failure::new("E0215", message))
            }
            OnInvalid::Quarantine { share, of } if self.counts.read <= of => self.within_share(share, of),
            _ => Ok(()),
        }
    }

    /// When expressions run away again and again, each takes seconds of everybody's time.
    pub(super) fn expressions_end(&self) -> Result<(), Failure> {
        if !self.judge.runs_away() {
            return Ok(());
        }
        let message = format!("the expressions of {RUNAWAYS} records took too long or too much memory");
        Err(Failure::new("E0214", message))
    }

    /// The same for a read that is over before there were so many.
    pub(in super::super) fn tolerable_in_all(&self) -> Result<(), Failure> {
        let read = self.counts.read;
        match self.on_invalid {
            OnInvalid::Quarantine { share, of } if read < of && read >= self.tuning.least_sample => {
                self.within_share(share, read)
            }
            _ => Ok(()),
        }
    }

    const fn broken(&self) -> u64 {
        self.counts.quarantined + self.counts.quarantined_again
    }

    /// `share` is in ten-thousandths.
    fn within_share(&self, share: u32, of: u64) -> Result<(), Failure> {
        let (broken, read) = (self.broken(), self.counts.read);
        if broken * 10_000 <= of * u64::from(share) {
            return Ok(());
        }
        let share = f64::from(share) / 100.0;
        Err(Failure::new(
            "E0207",
            format!(
                "{broken} of the first {read} records are broken, more than {share} % of {of}: the definition does not fit the source"
            ),
        ))
    }
}
