//! Bytes by the hash of what they were made from, in a file that only grows.
//!
//! A record is the key (16 bytes), the length (4 bytes, little-endian) and the bytes. Only keys and places are in memory. A record that was
//! cut short, by a full disk or a kill, is cut off when the file is opened again.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::{Error, Result};

/// The first half of a SHA-256.
pub(super) type Key = [u8; 16];

/// Where the bytes of a record start, and how many there are.
type Places = HashMap<Key, (u64, u32)>;

const HEADER: usize = size_of::<Key>() + size_of::<u32>();

/// The hash of some parts, in which it matters where one ends.
pub(super) fn key(parts: &[&[u8]]) -> Key {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize()[..size_of::<Key>()].try_into().expect("a hash is longer")
}

/// The file; or nothing, which forgets all.
pub(super) struct HashStore(Option<Open>);

struct Open {
    path: PathBuf,
    file: File,
    places: Places,
    end: u64,
}

impl HashStore {
    /// A store that keeps nothing.
    pub(super) fn nowhere() -> Self {
        Self(None)
    }

    /// Opens the file, or makes it. While another process has it open, nothing is kept.
    pub(super) fn open(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        }
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(Error::io("write", path))?;
        if file.try_lock().is_err() {
            return Ok(Self::nowhere());
        }
        let length = file.metadata().map_err(Error::io("read", path))?.len();
        let (places, end) = places(&file, length).map_err(Error::io("read", path))?;
        file.set_len(end).map_err(Error::io("write", path))?;
        Ok(Self(Some(Open { path: path.to_path_buf(), file, places, end })))
    }

    /// What was kept under that key.
    pub(super) fn get(&mut self, key: &Key) -> Option<Vec<u8>> {
        let open = self.0.as_mut()?;
        let &(at, length) = open.places.get(key)?;
        let mut bytes = vec![0; length as usize];
        open.file.seek(SeekFrom::Start(at)).ok()?;
        open.file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    /// What was kept as JSON. Something else under that key is as good as nothing: it will be made again.
    pub(super) fn json<T: DeserializeOwned>(&mut self, key: &Key) -> Option<T> {
        serde_json::from_slice(&self.get(key)?).ok()
    }

    /// Keeps it.
    pub(super) fn put(&mut self, key: Key, bytes: &[u8]) -> Result<()> {
        let Some(open) = &mut self.0 else { return Ok(()) };
        let length = u32::try_from(bytes.len()).expect("records are small");
        let record = [&key[..], &length.to_le_bytes(), bytes].concat();
        let written = open.file.seek(SeekFrom::Start(open.end)).and_then(|_| open.file.write_all(&record));
        written.map_err(Error::io("write", &open.path))?;
        open.places.insert(key, (open.end + HEADER as u64, length));
        open.end += record.len() as u64;
        Ok(())
    }
}

/// Removes files that start so, as far as there are more than `keep` that were written to later. What cannot be removed stays: it is only
/// a cache.
pub(super) fn forget_oldest(folder: &Path, start: &str, keep: usize) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let files = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(start));
    let dated = files.filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())));
    let mut dated: Vec<(std::time::SystemTime, PathBuf)> = dated.collect();
    dated.sort();
    let old = dated.len().saturating_sub(keep);
    for (_, path) in &dated[..old] {
        drop(std::fs::remove_file(path));
    }
}

/// Where the whole records are, and where they end.
fn places(file: &File, length: u64) -> std::io::Result<(Places, u64)> {
    let (mut places, mut at, mut reader) = (HashMap::new(), 0_u64, BufReader::new(file));
    let mut header = [0; HEADER];
    while at + HEADER as u64 <= length {
        reader.read_exact(&mut header)?;
        let (key, size) = header.split_at(size_of::<Key>());
        let size = u32::from_le_bytes(size.try_into().expect("four bytes"));
        let next = at + HEADER as u64 + u64::from(size);
        if next > length {
            break;
        }
        places.insert(key.try_into().expect("split at its length"), (at + HEADER as u64, size));
        reader.seek_relative(i64::from(size))?;
        at = next;
    }
    Ok((places, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_there_again_when_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/store.bin");
        let (a, b) = (key(&[b"a"]), key(&[b"b"]));
        let mut store = HashStore::open(&path).unwrap();
        store.put(a, b"first").unwrap();
        store.put(b, b"").unwrap();
        assert_eq!(store.get(&a).as_deref(), Some(&b"first"[..]));
        drop(store);
        let mut store = HashStore::open(&path).unwrap();
        assert_eq!(store.get(&a).as_deref(), Some(&b"first"[..]));
        assert_eq!(store.get(&b).as_deref(), Some(&b""[..]));
        assert_eq!(store.get(&key(&[b"c"])), None);
    }

    #[test]
    fn a_record_that_was_cut_short_is_dropped_and_the_store_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.bin");
        let (a, b) = (key(&[b"a"]), key(&[b"b"]));
        let mut store = HashStore::open(&path).unwrap();
        store.put(a, b"whole").unwrap();
        store.put(b, b"cut short").unwrap();
        drop(store);
        let length = std::fs::metadata(&path).unwrap().len();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(length - 3).unwrap();
        let mut store = HashStore::open(&path).unwrap();
        assert_eq!((store.get(&a).as_deref(), store.get(&b)), (Some(&b"whole"[..]), None));
        store.put(b, b"again").unwrap();
        drop(store);
        assert_eq!(HashStore::open(&path).unwrap().get(&b).as_deref(), Some(&b"again"[..]));
    }

    #[test]
    fn only_the_latest_files_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        for (age, name) in ["x-new", "x-older", "x-oldest", "y"].into_iter().enumerate() {
            let file = File::create(folder.path().join(name)).unwrap();
            let hours = std::time::Duration::from_secs(3600 * age as u64);
            file.set_modified(std::time::SystemTime::now() - hours).unwrap();
        }
        forget_oldest(folder.path(), "x-", 2);
        let there = |name: &str| folder.path().join(name).exists();
        assert!(there("x-new") && there("x-older") && there("y") && !there("x-oldest"));
    }

    #[test]
    fn where_a_part_ends_matters() {
        assert_ne!(key(&[b"ab", b"c"]), key(&[b"a", b"bc"]));
    }
}
