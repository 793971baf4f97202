//! What a process takes of the machine, as Linux tells in `/proc`.

use std::time::Duration;

use anyhow::{Context as _, bail};

/// How often a second the kernel counts for user space (`USER_HZ`): 100 on every processor that we run on, whatever the kernel's own.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Clone, Copy)]
pub(crate) struct Process {
    id: u32,
}

impl Process {
    pub(crate) fn of(id: u32) -> anyhow::Result<Self> {
        if !std::path::Path::new(&format!("/proc/{id}/stat")).exists() {
            bail!("there is no process {id} in /proc: is the desk running, and is this Linux?");
        }
        Ok(Self { id })
    }

    /// This one.
    pub(crate) fn own() -> Self {
        Self { id: std::process::id() }
    }

    /// What it occupies in memory now, in bytes. Sockets' buffers are the kernel's and not in it.
    pub(crate) fn resident(self) -> anyhow::Result<u64> {
        self.read("status", |text| bytes_of(text, "VmRSS:"))
    }

    /// The most that it occupied so far, in bytes.
    pub(crate) fn most_resident(self) -> anyhow::Result<u64> {
        self.read("status", |text| bytes_of(text, "VmHWM:"))
    }

    /// The processor time that it took so far, in itself and for it in the kernel.
    pub(crate) fn processor_time(self) -> anyhow::Result<Duration> {
        self.read("stat", processor_time_of)
    }

    /// How many files and connections it may have open.
    pub(crate) fn most_open_files(self) -> anyhow::Result<usize> {
        self.read("limits", most_open_files_of)
    }

    fn read<T>(self, file: &str, parse: impl Fn(&str) -> Option<T>) -> anyhow::Result<T> {
        let path = format!("/proc/{}/{file}", self.id);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read `{path}`: has the desk ended?"))?;
        parse(&text).with_context(|| format!("`{path}` is not as Linux writes it"))
    }
}

fn bytes_of(status: &str, key: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: u64 = value.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

/// The 14th and 15th field. The second is the program's name, which may have spaces and brackets in it.
fn processor_time_of(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    let mut ticks = after_name.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().ok());
    let (user, system) = (ticks.next()??, ticks.next()??);
    Some(Duration::from_secs_f64((user + system) as f64 / TICKS_PER_SECOND))
}

fn most_open_files_of(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(usize::MAX),
        most => most.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_a_strange_name() {
        let stat = "4242 (a (b) c) S 1 4242 4242 0 -1 4194304 900 0 0 0 1234 66 0 0 20 0 9 0 100 1 2";
        assert_eq!(processor_time_of(stat), Some(Duration::from_secs(13)));
        assert_eq!(processor_time_of("4242 (a) S 1"), None);
    }

    #[test]
    fn memory_is_found_by_its_key() {
        let status = "Name:\tshopdesk\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n";
        assert_eq!(bytes_of(status, "VmRSS:"), Some(100 << 20));
        assert_eq!(bytes_of(status, "VmHWM:"), Some(200 << 20));
        assert_eq!(bytes_of(status, "VmSwap:"), None);
    }

    #[test]
    fn the_limit_that_counts_is_the_soft_one() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max open files            1024                 20000                files\n";
        assert_eq!(most_open_files_of(limits), Some(1024));
        assert_eq!(most_open_files_of("Max open files  unlimited unlimited files"), Some(usize::MAX));
    }

    #[test]
    fn this_process_has_taken_something() {
        let own = Process::own();
        assert!(own.resident().unwrap() > 1 << 20);
        assert!(own.most_resident().unwrap() >= own.resident().unwrap() / 2);
        assert!(own.most_open_files().unwrap() > 3);
        let begin = std::time::Instant::now();
        while own.processor_time().unwrap() < Duration::from_millis(20) {
            assert!(begin.elapsed() < Duration::from_secs(30), "the time of a busy process grows");
        }
    }
}
