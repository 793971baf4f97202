//! Memory-mapped files: the one place where a file's bytes are borrowed from the system instead of read into our own memory.
#![expect(
    unsafe_code,
    reason = "a memory map is unsafe to make; this module is the only one that makes them"
)]

use std::fs::File;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;

use crate::{Error, Result};

/// A file's bytes, mapped read-only. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct MappedFile(Arc<Mmap>);

impl MappedFile {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("read", path))?;
        // SAFETY: the map is read-only, and nothing of ours writes into a file that may be mapped: an import writes a new folder
        // and renames it. Somebody else who writes into the file in place changes numbers under us, and who cuts it off
        // ends the process when it is read next; the operator is told to do neither. Nothing that decides where memory is
        // accessed stays in a map: it is checked at every read, or copied and checked once, as the tokeniser's tries are.
        let map = unsafe { Mmap::map(&file) }.map_err(Error::io("read", path))?;
        Ok(Self(Arc::new(map)))
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
