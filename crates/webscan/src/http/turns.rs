//! Turns: what must not run beside anything else, and what must.

use std::time::Duration;

use tokio::sync::{MutexGuard, SemaphorePermit};
use tokio::time::timeout;

use super::client::{Client, Fault};

tokio::task_local! {
    /// Set for work that holds the turns that it needs.
    static HOLDS: ();
}

/// Longest work that keeps all others from their turns.
const LONGEST_ALONE: Duration = Duration::from_secs(120);

impl Client {
    /// Waits for the turn of what only one may do at a time, as the same user: held until it is dropped. None for work that
    /// holds it already.
    ///
    /// # Errors
    /// The scan was cancelled meanwhile.
    pub(crate) async fn turn(&self) -> Result<Option<MutexGuard<'_, ()>>, Fault> {
        if holds() {
            return Ok(None);
        }
        tokio::select! {
            biased;
            () = self.cancel().cancelled() => Err(Fault::Cancelled),
            turn = self.user().lock() => Ok(Some(turn)),
        }
    }

    /// Waits for the turn of a request.
    pub(super) async fn request_turn(&self) -> Result<Option<SemaphorePermit<'_>>, Fault> {
        let permit = match holds() {
            true => None,
            false => Some(self.pace().turns(1).await.ok_or(Fault::Cancelled)?),
        };
        self.pace().wait().await;
        Ok(permit)
    }

    /// Does work that sends two requests at once, so that neither waits for a turn of its own; `walks` says that it sends several
    /// that belong together. Whoever may send one at a time only, does so.
    ///
    /// # Errors
    /// The scan was cancelled before the work began.
    pub(crate) async fn side_by_side<T>(
        &self,
        walks: bool,
        work: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let _user = if walks { self.turn().await? } else { None };
        let _turns = if holds() { None } else { self.pace().turns(2).await };
        Ok(HOLDS.scope((), work).await)
    }

    /// Does work while nothing else is sent, and after all that was sent is answered.
    ///
    /// # Errors
    /// The scan was cancelled before the work began, or the work took too long.
    pub(crate) async fn alone<T>(&self, work: impl Future<Output = T>) -> Result<T, Fault> {
        let all = async {
            let _user = self.turn().await?;
            let _turns = if holds() { None } else { self.pace().turns(u32::MAX).await };
            Ok(HOLDS.scope((), work).await)
        };
        timeout(LONGEST_ALONE, all).await.map_err(|_| Fault::Timeout)?
    }

    /// Does work for which others wait, whatever they hold: a login in their midst.
    pub(crate) async fn in_between<T>(&self, work: impl Future<Output = T>) -> T {
        HOLDS.scope((), work).await
    }
}

fn holds() -> bool {
    HOLDS.try_with(|()| ()).is_ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cancel::Cancel;
    use crate::http::{ClientOptions, Request, Target};
    use crate::scope::{Scope, ScopeRules};
    use crate::testing::{Answer, Asked, serve};

    fn client(url: &Target, cancel: &Cancel) -> Client {
        let scope = Arc::new(Scope::new(url, &ScopeRules::default()).unwrap());
        Client::new(scope, ClientOptions::default(), cancel.clone())
    }

    #[tokio::test]
    async fn what_waits_for_its_turn_hears_of_a_cancel() {
        let (url, cancel) = (Target::parse("http://shop.example.test/").unwrap(), Cancel::default());
        let client = client(&url, &cancel);
        let held = client.turn().await;
        assert!(held.is_ok());
        assert!(timeout(Duration::from_millis(20), client.turn()).await.is_err(), "there is one turn");
        cancel.cancel();
        let ended = timeout(Duration::from_secs(5), client.turn()).await;
        assert!(matches!(ended, Ok(Err(Fault::Cancelled))));
        drop(held);
    }

    #[tokio::test]
    async fn nothing_is_sent_beside_what_is_alone() {
        let server = serve(|_: &Asked| Answer::html("<p>Hello</p>")).await;
        let url = Target::parse(&format!("http://{server}/")).unwrap();
        let client = client(&url, &Cancel::default());
        let request = Request::get(url);
        let sent = parking_lot::Mutex::new(Vec::new());
        let others = futures_util::future::join_all((0..8).map(|_| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            client.send(&request).await.unwrap();
            sent.lock().push("other");
        }));
        let alone = client.alone(async {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_millis(30)).await;
                // What belongs together in it waits for no turn, either.
                let _user = client.turn().await.unwrap();
                client.send(&request).await.unwrap();
                sent.lock().push("alone");
            }
        });
        let (_, alone) =
            timeout(Duration::from_secs(10), async { tokio::join!(others, alone) }).await.unwrap();
        alone.unwrap();
        assert_eq!(sent.lock().get(..3), Some(&["alone"; 3][..]));
        assert_eq!(sent.lock().len(), 11);
    }
}
