//! A file read into memory whose pages are large.
//!
//! Every call reads all weights once, and from memory pages of the usual 4 KiB a processor reads much slower than it could:
//! at each of them it has to look up where the next one is. A mapped file has no others, so that it is copied instead.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;
use std::path::Path;

use memmap2::MmapMut;

/// Bytes of a large page on x86 and, with pages of 4 KiB, on ARM.
const LARGE_PAGE: usize = 2 << 20;

/// A file's bytes, from the start of a large page on if the system has them.
pub(super) struct LargePages {
    memory: MmapMut,
    start: usize,
    length: usize,
}

impl LargePages {
    /// Reads `length` bytes.
    pub(super) fn read(path: &Path, length: usize) -> io::Result<Self> {
        let mut memory = MmapMut::map_anon(length + LARGE_PAGE)?;
        #[cfg(target_os = "linux")]
        {
            // A system that has no large pages says so, and works on as well as it can.
            let _ = memory.advise(memmap2::Advice::HugePage);
        }
        let start = memory.as_ptr().align_offset(LARGE_PAGE);
        File::open(path)?.read_exact(&mut memory[start..start + length])?;
        Ok(Self { memory, start, length })
    }
}

impl Deref for LargePages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.length]
    }
}
