//! Folders and files appear whole or not at all: written aside and through to the disk, then put in their place.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write as _};
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
        let parent = folder_of(target);
        fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
        clear_leftovers(parent, &name);
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

    /// Puts the folder in its place, instead of the one that stands there. Where the system can exchange two folders, as Linux can on its
    /// usual file systems, the old or the new one is there at any time, whoever reads and whatever crashes. Elsewhere there is
    /// none for the instant between two renames.
    pub(crate) fn commit(mut self) -> Result<()> {
        sync_folders(&self.partial).map_err(Error::io("write", &self.partial))?;
        let old = self.partial.with_extension(format!("old-{}", std::process::id()));
        if !self.target.exists() {
            fs::rename(&self.partial, &self.target).map_err(Error::io("create", &self.target))?;
        } else if exchange(&self.partial, &self.target).is_err() {
            self.replace_by_renames(&old)?;
        }
        self.committed = true;
        sync_folder(folder_of(&self.target)).map_err(Error::io("write", &self.target))?;
        // The replaced folder has one of these names now.
        remove_if_there(&self.partial)?;
        remove_if_there(&old)
    }

    /// In two steps. When the second fails, the first is undone.
    fn replace_by_renames(&self, old: &Path) -> Result<()> {
        remove_if_there(old)?;
        fs::rename(&self.target, old).map_err(Error::io("replace", &self.target))?;
        fs::rename(&self.partial, &self.target).map_err(|source| {
            // Where this fails, too, the old one keeps that name as long as there is no other.
            let _ = fs::rename(old, &self.target);
            Error::Io { action: "replace", path: self.target.clone(), source }
        })
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

/// Writes one file, and the folders above it; whoever reads sees the old or the new one, whole, whatever crashes.
///
/// # Errors
/// [`Error::DiskFull`] or [`Error::Io`]; then the old one is still there.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    replace_file(path, bytes.len() as u64, |file| file.write_all(bytes))
}

/// The same for what need not be in memory as a whole: `write` writes it.
///
/// # Errors
/// [`Error::DiskFull`] or [`Error::Io`], with what `write` says; then the old one is still there.
pub fn write_file_with(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> Result<()> {
    replace_file(path, 0, write)
}

/// `least_bytes` are needed, as far as that is known.
fn replace_file(
    path: &Path,
    least_bytes: u64,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> Result<()> {
    let name = path.file_name().ok_or_else(|| Error::unusable(path, "a file to write needs a name"))?;
    let folder = folder_of(path);
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let partial = folder.join(format!(".{}.partial-{}", name.to_string_lossy(), std::process::id()));
    let replace = || -> std::io::Result<()> {
        let mut file = BufWriter::new(File::create(&partial)?);
        write(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        fs::rename(&partial, path)?;
        sync_folder(folder)
    };
    replace().map_err(|source| {
        let written = fs::metadata(&partial).map_or(0, |file| file.len());
        // Nothing can be done about a failure here.
        let _ = fs::remove_file(&partial);
        disk_full_or_io(source, path, least_bytes.max(written))
    })
}

/// Tells a full disk, for which there is something to do, from other failures.
pub(crate) fn disk_full_or_io(source: std::io::Error, path: &Path, needed_bytes: u64) -> Error {
    if source.kind() == ErrorKind::StorageFull {
        Error::DiskFull { path: path.to_path_buf(), needed_mib: needed_bytes.div_ceil(1 << 20) }
    } else {
        Error::Io { action: "write", path: path.to_path_buf(), source }
    }
}

/// The folder that a file or a folder stands in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Gives each of two folders the name of the other, in one step.
#[cfg(target_os = "linux")]
fn exchange(first: &Path, second: &Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};

    renameat_with(CWD, first, CWD, second, RenameFlags::EXCHANGE).map_err(std::io::Error::from)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Writes the names in a folder, and in those in it, through to the disk. What stands in the files is there already.
fn sync_folders(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(folder)
}

/// Writes the names in a folder through to the disk, where the system and the file system know how to.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(folder)?.sync_all() {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        outcome => outcome,
    }
}

/// Removes what interrupted runs left: partial folders that nobody has written to for an hour, and replaced ones, unless nothing came
/// in their place.
fn clear_leftovers(parent: &Path, name: &str) {
    let prefix = format!(".{name}.");
    let rescued = format!("{prefix}old-");
    let is_replaced = parent.join(name).exists();
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let age =
            entry.metadata().and_then(|metadata| metadata.modified()).map(|modified| modified.elapsed());
        let stale = age.is_ok_and(|age| age.is_ok_and(|age| age.as_secs() > 3600));
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if stale && name.starts_with(&prefix) && (is_replaced || !name.starts_with(&rescued)) {
            // Whatever cannot be removed is only in the way of a tidy folder.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn remove_if_there(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(Error::Io { action: "remove", path: folder.to_path_buf(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, SystemTime};

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

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_is_replaced_is_there_at_any_time() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("model");
        fs::create_dir(&target).unwrap();
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    assert!(target.is_dir());
                }
            });
            let replaced = (0..100).try_for_each(|_| NewFolder::create(&target)?.commit());
            is_over.store(true, Ordering::Relaxed);
            replaced.unwrap();
        });
    }

    #[test]
    fn a_folder_that_cannot_be_replaced_stays() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("model");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("old"), b"1").unwrap();
        let folder = NewFolder::create(&target).unwrap();
        fs::remove_dir(&folder.partial).unwrap();
        let outcome = folder.replace_by_renames(&place.path().join(".model.old-1"));
        assert!(matches!(outcome, Err(Error::Io { action: "replace", .. })), "{outcome:?}");
        assert_eq!(fs::read(target.join("old")).unwrap(), b"1");
    }

    #[test]
    fn what_was_replaced_is_not_cleared_away_before_there_is_another() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("model");
        let rescued = place.path().join(".model.old-1");
        fs::create_dir(&rescued).unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(7200);
        File::open(&rescued).unwrap().set_modified(long_ago).unwrap();
        let folder = NewFolder::create(&target).unwrap();
        assert!(rescued.exists());
        folder.commit().unwrap();
        drop(NewFolder::create(&target).unwrap());
        assert!(!rescued.exists());
    }

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("folder").join("a.json");
        write_file(&path, b"1").unwrap();
        write_file(&path, b"2").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
