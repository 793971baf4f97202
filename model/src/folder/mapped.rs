//! Memory-mapped files: the one place where a file's bytes are borrowed instead of read.
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
        // SAFETY: the map is read-only and private to this process. Its contents would only change under us if
        // somebody wrote into the file in place; an import never does (it writes a new folder and renames it).
        // What is read from a map is checked for its bounds, when it is opened or when it is read.
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
