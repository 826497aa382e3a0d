//! Transcripts as files: one for each connection, all written by one thread.
//!
//! Each file follows its transcript as any reader does: what the transcript keeps in memory is all that can wait for the
//! disk. So a slow or full disk costs workers nothing, and records that had to go meanwhile are counted in the file.

mod disk;
mod file;
#[cfg(test)]
mod tests;

use self::disk::Disk;
use self::file::File;
use super::error::StartError;
use crate::config::transcript::Folder;
use crate::transcript::{Connections, Hub, Next, Transcript};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinSet, LocalSet};

/// How long the end of the server waits for what is still to be written.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait before a disk that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// Connections that are written at once, those that have ended and wait for the disk included.
const MAX_FILES: usize = 20_000;

/// The thread that writes transcripts.
pub(super) struct TranscriptFiles {
    stop: watch::Sender<bool>,
    done: oneshot::Receiver<()>,
}

impl TranscriptFiles {
    /// Makes the directory, and writes each connection from now on.
    ///
    /// # Errors
    /// The directory cannot be made, or there is no thread.
    pub fn start(folder: Folder, hub: &Arc<Hub>) -> Result<Self, StartError> {
        if let Err(error) = std::fs::create_dir_all(&folder.path) {
            return Err(StartError::TranscriptFolder(folder.path, error));
        }
        if hub.options().connection == 0 {
            tracing::warn!(
                "transcript.connection = 0: nothing is recorded, so nothing is written to transcript.folder"
            );
        }
        let system = |error| StartError::System("a thread for transcripts", error);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(system)?;
        let (stop, stopped) = watch::channel(false);
        let (ending, done) = oneshot::channel();
        let connections = hub.follow(0);
        let work = move || {
            LocalSet::new().block_on(&runtime, run(folder, connections, stopped));
            // Nothing listens if the server is cut off.
            let _ = ending.send(());
        };
        std::thread::Builder::new().name("transcripts".to_owned()).spawn(work).map_err(system)?;
        Ok(Self { stop, done })
    }

    /// Writes what there is, and ends.
    pub async fn finish(self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(PATIENCE, self.done).await.is_err() {
            tracing::warn!("transcripts are still being written after {PATIENCE:?}; the rest is lost");
        }
    }
}

async fn run(folder: Folder, mut connections: Connections, mut stopped: watch::Receiver<bool>) {
    let disk = Rc::new(Disk::new(folder));
    let mut files = JoinSet::new();
    let stop = stopped.clone();
    loop {
        tokio::select! {
            biased;
            next = connections.next() => match next {
                Next::One(_) if files.len() >= MAX_FILES => disk.skip(1),
                Next::One(transcript) => drop(files.spawn_local(write(disk.clone(), transcript, stop.clone()))),
                Next::Missed(count) => disk.skip(count),
            },
            Some(_) = files.join_next(), if !files.is_empty() => {}
            _ = stopped.wait_for(|stopped| *stopped) => break,
        }
    }
    while files.join_next().await.is_some() {}
    disk.finish();
}

/// Writes one connection to its end.
async fn write(disk: Rc<Disk>, transcript: Arc<Transcript>, mut stopped: watch::Receiver<bool>) {
    let mut records = transcript.follow(0);
    let mut file = File::new(transcript.facts_at_start().clone(), disk.max_size());
    loop {
        while !file.is_due()
            && let Some(next) = records.try_next()
        {
            file.add(next);
        }
        if file.has_text() {
            if !flush(&disk, &transcript, &mut file, &mut stopped).await {
                return;
            }
            // Others have their turn.
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            biased;
            next = records.next() => match next {
                Some(next) => file.add(next),
                None => break,
            },
            _ = stopped.wait_for(|stopped| *stopped) => break,
        }
    }
    file.end(transcript.facts());
    if flush(&disk, &transcript, &mut file, &mut stopped).await {
        disk.done(&file);
    }
}

/// Writes the text of a file, as soon as the disk takes it. False if that was given up, which is counted.
async fn flush(disk: &Disk, transcript: &Transcript, file: &mut File, stopped: &mut watch::Receiver<bool>) -> bool {
    loop {
        if disk.write(file) {
            return true;
        }
        let _waiting = disk.wait();
        // The transcripts of connections that have ended are kept in memory for this alone.
        if *stopped.borrow() || transcript.is_closed() && disk.is_crowded() {
            disk.give_up(file);
            return false;
        }
        // Both mean to try again: the last time, if the server stops.
        let _ = tokio::time::timeout(RETRY, stopped.wait_for(|stopped| *stopped)).await;
    }
}
