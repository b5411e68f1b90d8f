//! What goes out of a run, and what has to be confirmed before it goes on.

use muara_schemas::page::RunKind;

use super::super::report::Failure;
use super::super::saver::Sent;
use super::super::sift::Item;
use super::Run;

impl Run<'_> {
    /// Sends an item and hands it to the confirming half; waits when too much is under way.
    pub(super) async fn send(&mut self, item: Item) -> Result<(), Failure> {
        let receipt = match item.message {
            None => None,
            Some((id, body)) => {
                self.begin().await?;
                let publishing = self.context.post.publish(id, self.context.name.clone(), "muara.page.v1", body);
                Some(self.cancel.run_until_cancelled(publishing).await.ok_or_else(|| self.stopped())??)
            }
        };
        let Item { saves, next_slot, checkpoint, learned, .. } = item;
        let sent = Sent { receipt, saves, next_slot, checkpoint, learned };
        let Some(way) = self.sent.clone() else { return Err(self.stopped()) };
        match self.cancel.run_until_cancelled(way.send(sent)).await {
            None => Err(self.stopped()),
            Some(Ok(())) => Ok(()),
            // The confirming half ended first: it knows why.
            Some(Err(_)) => {
                self.confirmed().await?;
                Err(self.stopped())
            }
        }
    }

    /// Keeps the run as the stream's last one before its first page goes out.
    pub(super) async fn begin(&mut self) -> Result<(), Failure> {
        if !self.begun {
            // A run that is known to the state file and never reaches the hub breaks the chain.
            if self.cancel.is_cancelled() {
                return Err(self.stopped());
            }
            // Until its end is confirmed nobody knows what the hub was told.
            self.context.keep_told(None);
            if self.state.definition == self.context.stream.digest {
                self.context.state.begin(self.state.id, self.id).await?;
            } else {
                self.context.state.begin_anew(self.state.id, self.id).await?;
            }
            self.begun = true;
            muara_schemas::fault::point("run.begun");
        }
        Ok(())
    }

    /// Waits until everything that was sent is confirmed and saved.
    pub(super) async fn confirmed(&mut self) -> Result<(), Failure> {
        self.sent = None;
        match self.saver.take() {
            None => Ok(()),
            Some(saver) => match saver.await {
                Ok(Some(result)) => result,
                Ok(None) => Err(self.stopped()),
                Err(error) => Err(Failure::new("E0211", format!("confirm pages: {error}"))),
            },
        }
    }

    /// The source says where a later run may go on. A read of everything that breaks off begins anew, so it waits.
    pub(super) async fn checkpoint(&mut self, state: Option<String>) -> Result<(), Failure> {
        let Some(state) = state else { return Ok(()) };
        self.told_by_source.state = Some(state.clone());
        if self.kind == RunKind::Incremental && self.told_by_source.gone.is_empty() {
            let now = self.now();
            let item = self.sifter()?.up_to_here(state, now);
            self.send(item).await?;
        }
        Ok(())
    }
}
