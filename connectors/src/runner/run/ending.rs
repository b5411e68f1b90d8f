//! How a run ends: its last pages, what they tell the hub, and what is saved with them.

use muara_schemas::Proof;
use muara_schemas::message::Message;
use muara_schemas::page::{End, Page};

use super::super::closing::Outcome;
use super::super::report::Failure;
use super::{CUT, Run};
use crate::state::{Advance, Closing, Save};

impl Run<'_> {
    /// Ends the run with what kept it from reading, so that the hub knows too.
    pub(super) async fn fail(&mut self, failure: Failure) -> Result<(), Failure> {
        // Of a run that was cut before it sent anything the hub need not know: the next one follows at once.
        let unheard = failure.code == CUT && !self.begun && self.sifter()?.pages.is_empty();
        if !unheard {
            self.finish(&Outcome::default(), None, Advance::default(), Some(failure.to_string())).await?;
        }
        Err(failure)
    }

    /// Sends what is left and the end, and saves what moves with it once that is confirmed.
    pub(super) async fn finish(
        &mut self,
        outcome: &Outcome,
        proof: Option<Proof>,
        mut advance: Advance,
        failure: Option<String>,
    ) -> Result<(), Failure> {
        let complete = failure.is_none();
        let tells = self.tells(!complete);
        let (begun, same, notes) = (self.begun, self.told.as_ref() == Some(&tells), tells.notes.clone());
        let limits = self.context.stream.full_read.limits;
        let sifter = self.sifter()?;
        advance.learned = sifter.watch.learned();
        sifter.counts.gone = outcome.gone.len() as u64;
        sifter.counts.held = outcome.closing.held.len() as u64;
        let end = End { complete, pages: 0, counts: sifter.counts, proof, limits, failure, notes };
        // A read that found nothing new and ended like the one before needs no message.
        let silent = proof.is_none()
            && !begun
            && same
            && sifter.pages.is_empty()
            && outcome.gone.is_empty()
            && outcome.closing.held.is_empty();
        let pages = if silent { Vec::new() } else { sifter.pages.end(&outcome.gone, &outcome.closing.held, end) };
        let (saves, next_slot) = (sifter.waiting(), sifter.next_slot());
        self.confirmed().await?;
        self.send_last(pages).await?;
        self.context.keep_told(Some(tells));
        let closing: Option<&Closing> = {
            let moves = proof.is_some() || !outcome.gone.is_empty() || !outcome.closing.held.is_empty();
            moves.then_some(&outcome.closing)
        };
        self.save(&saves, next_slot, &advance, closing).await
    }

    async fn save(
        &self,
        saves: &[Save],
        next_slot: u32,
        advance: &Advance,
        closing: Option<&Closing>,
    ) -> Result<(), Failure> {
        Ok(self.context.state.save(self.state.id, saves, next_slot, Some(advance), closing).await?)
    }

    /// Sends the last pages and waits for all of them.
    async fn send_last(&mut self, pages: Vec<Page>) -> Result<(), Failure> {
        let mut receipts = Vec::with_capacity(pages.len());
        for page in pages {
            self.begin().await?;
            let id = page.message_id();
            let message = Message::Page(Box::new(page));
            let sending = self.context.post.send(id, &message);
            receipts.push(self.cancel.run_until_cancelled(sending).await.ok_or_else(|| self.stopped())??);
        }
        for receipt in receipts {
            self.cancel.run_until_cancelled(receipt).await.ok_or_else(|| self.stopped())??;
            muara_schemas::fault::point("page.confirmed");
        }
        Ok(())
    }
}
