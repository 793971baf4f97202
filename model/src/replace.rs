//! Folders appear whole or not at all: written aside, then renamed.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// A folder under construction beside its final place. Dropped before [`commit`](Self::commit), it removes itself.
pub(crate) struct NewFolder {
    target: PathBuf,
    partial: PathBuf,
    committed: bool,
}

impl NewFolder {
    /// Starts the folder that will stand at `target`, and clears away what an interrupted run left there.
    pub(crate) fn create(target: &Path) -> Result<Self> {
        let name = target
            .file_name()
            .ok_or_else(|| Error::unusable(target, "a folder to write needs a name"))?
            .to_string_lossy()
            .into_owned();
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        fs::create_dir_all(&parent).map_err(Error::io("create", &parent))?;
        clear_leftovers(&parent, &name);
        let partial = parent.join(format!(".{name}.partial-{}", std::process::id()));
        remove_if_there(&partial)?;
        fs::create_dir(&partial).map_err(Error::io("create", &partial))?;
        Ok(Self { target: target.to_path_buf(), partial, committed: false })
    }

    /// Where a file of that name is written for now.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.partial.join(name)
    }

    /// Makes a folder in it.
    pub(crate) fn create_folder(&self, name: &str) -> Result<()> {
        let path = self.path(name);
        fs::create_dir(&path).map_err(Error::io("create", &path))
    }

    /// Writes one whole file through to the disk.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(name);
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(|source| disk_full_or_io(source, &path, bytes.len() as u64))
    }

    /// Puts the folder in its place, instead of the one that stands there. On Unix, a reader sees the old or the
    /// new one, but for the instant between two renames, in which it sees none.
    pub(crate) fn commit(mut self) -> Result<()> {
        let old = self.partial.with_extension(format!("old-{}", std::process::id()));
        remove_if_there(&old)?;
        if self.target.exists() {
            fs::rename(&self.target, &old).map_err(Error::io("replace", &self.target))?;
        }
        fs::rename(&self.partial, &self.target).map_err(Error::io("create", &self.target))?;
        self.committed = true;
        remove_if_there(&old)
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if !self.committed {
            // Nothing can be done about a failure here; the next run clears the folder away.
            let _ = fs::remove_dir_all(&self.partial);
        }
    }
}

/// Writes one file, and the folders above it; whoever reads sees the old or the new one, whole.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().ok_or_else(|| Error::unusable(path, "a file to write needs a name"))?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let partial = folder.join(format!(".{}.partial-{}", name.to_string_lossy(), std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(|source| {
        // Nothing can be done about a failure here.
        let _ = fs::remove_file(&partial);
        disk_full_or_io(source, path, bytes.len() as u64)
    })
}

/// Tells a full disk, for which there is something to do, from other failures.
pub(crate) fn disk_full_or_io(source: std::io::Error, path: &Path, needed_bytes: u64) -> Error {
    if source.kind() == std::io::ErrorKind::StorageFull {
        Error::DiskFull { path: path.to_path_buf(), needed_mib: needed_bytes.div_ceil(1 << 20) }
    } else {
        Error::Io { action: "write", path: path.to_path_buf(), source }
    }
}

/// Removes what interrupted runs left: partial folders that nobody has written to for an hour.
fn clear_leftovers(parent: &Path, name: &str) {
    let prefix = format!(".{name}.");
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let age =
            entry.metadata().and_then(|metadata| metadata.modified()).map(|modified| modified.elapsed());
        let stale = age.is_ok_and(|age| age.is_ok_and(|age| age.as_secs() > 3600));
        if stale && entry.file_name().to_string_lossy().starts_with(&prefix) {
            // Whatever cannot be removed is only in the way of a tidy folder.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn remove_if_there(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::Io { action: "remove", path: folder.to_path_buf(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_committed_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("model");
        let folder = NewFolder::create(&target).unwrap();
        folder.write("a", b"1").unwrap();
        drop(folder);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_committed_folder_replaces_the_old_one() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("model");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("old"), b"").unwrap();
        let folder = NewFolder::create(&target).unwrap();
        folder.write("new", b"2").unwrap();
        folder.commit().unwrap();
        let names: Vec<_> =
            fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["model"]);
        assert_eq!(fs::read(target.join("new")).unwrap(), b"2");
        assert!(!target.join("old").exists());
    }
}
