//! The report as people read it.

use crate::desk::ReplyKind;
use crate::latencies::Percentiles;
use crate::report::{LEAST_SHARE, Report, Subject};
use crate::scenarios::burst::Burst;
use crate::scenarios::idle_streams::IdleStreams;
use crate::scenarios::row::Row;

const MIB: f64 = 1_048_576.0;
const KIB: f64 = 1_024.0;

/// All of it, as far as it was measured.
pub(crate) fn of(report: &Report) -> String {
    let parts = [
        subject(report),
        Some(throughput(report)),
        Some(time(report)),
        Some(latency(report)),
        report.burst.as_ref().map(|of| burst(report, of)),
        report.idle_streams.as_ref().map(|idle| memory(report, idle)),
        Some(lost(report)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}

/// What is known of what was measured.
fn subject(report: &Report) -> Option<String> {
    let Subject { commit, processor, bundle } = &report.subject;
    let named = [("commit", commit), ("bundle", bundle), ("on", processor)];
    let known: Vec<String> =
        named.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?))).collect();
    (!known.is_empty()).then(|| format!("Measured: {}", known.join(", ")))
}

fn throughput(report: &Report) -> String {
    let saturation = &report.saturation;
    let (middle, bare) = (saturation.middle(), &saturation.middle().bare);
    let shares: Vec<String> = saturation.rounds.iter().map(|round| percent(round.share_of_bare)).collect();
    let verdict = if report.share_of_bare() >= LEAST_SHARE { "kept" } else { "NOT KEPT" };
    let note = if report.quick { " (a quick run is too short to tell)" } else { "" };
    [
        format!("Throughput on {} cores, the generator's share of them included", report.cores),
        columns("", &["messages/s", "turns/s", "assessed/s"]),
        columns(
            &format!("bare encoder, batched ({}, {} threads)", bare.engine, bare.threads),
            &["", "", &rate(bare.messages_per_second)],
        ),
        columns(
            &format!("the desk at saturation, {} shoppers at once", saturation.shoppers),
            &[
                &rate(middle.row.messages_per_second),
                &rate(middle.turns_per_second),
                &rate(middle.assessed_per_second),
            ],
        ),
        format!(
            "share of the bare encoder's throughput: {} (by parts: {}); at least {}: {verdict}{note}",
            percent(report.share_of_bare()),
            shares.join(", "),
            percent(LEAST_SHARE),
        ),
    ]
    .join("\n")
}

fn time(report: &Report) -> String {
    let time = &report.saturation.middle().time;
    let bare = &report.saturation.middle().bare;
    let in_steady_traffic = report.steady.as_ref().map(|steady| {
        format!(", {:.2} ms in the desk in steady traffic", steady.processor_seconds_per_turn * 1e3)
    });
    let in_steady_traffic = in_steady_traffic.unwrap_or_default();
    [
        format!("Where the time of {} cores goes at saturation", report.cores),
        columns("the encoder, as it is bare", &[&percent(time.encoder)]),
        columns("the rest of the desk", &[&percent(time.rest_of_desk)]),
        columns("the load generator", &[&percent(time.generator)]),
        columns("nobody, and other programs", &[&percent(time.other)]),
        format!(
            "the encoder's share of the desk's time: {}; processor time for a turn: {:.2} ms in the bare encoder{in_steady_traffic}",
            percent(time.encoder_of_desk),
            bare.processor_seconds_per_message * 1e3,
        ),
    ]
    .join("\n")
}

fn latency(report: &Report) -> String {
    let quiet = std::time::Duration::from_millis(report.quiet_milliseconds);
    let mut lines = vec![
        "To the reply, from when a message should have been sent, in milliseconds".to_owned(),
        columns("", &["messages/s", "turns", "p50", "p95", "p99", "longest"]),
    ];
    for row in rows(report) {
        let (rate, turns) = (rate(row.messages_per_second), row.turns.to_string());
        lines.push(columns(&row.name, &with_times(&[&rate, &turns], row.to_reply)));
        let without = row.to_reply.map(|to_reply| to_reply.without(quiet));
        let name = format!("  after the quiet time of {} ms", report.quiet_milliseconds);
        lines.push(columns(&name, &with_times(&["", ""], without)));
    }
    lines.push(String::new());
    lines.push("What became of the turns; what was shed or failed is in no time above".to_owned());
    lines.push(columns(
        "",
        &["answered", "asked back", "to a human", "small talk", "shed", "refused", "failed"],
    ));
    lines.extend(rows(report).map(fates));
    let failed = rows(report).flat_map(|row| row.failed.iter().map(move |(what, count)| (row, what, count)));
    lines.extend(failed.map(|(row, what, count)| format!("  failed, {}: `{what}`, {count} times", row.name)));
    lines.join("\n")
}

fn rows(report: &Report) -> impl Iterator<Item = &Row> {
    let steady = report.steady.iter().map(|steady| &steady.row);
    let burst = report.burst.iter().flat_map(|burst| [&burst.before, &burst.during, &burst.after]);
    let idle = report.idle_streams.iter().map(|idle| &idle.steady.row);
    std::iter::once(&report.saturation.middle().row).chain(steady).chain(burst).chain(idle)
}

fn with_times(first: &[&str], times: Option<Percentiles>) -> Vec<String> {
    let times = times.map(|times| [times.p50, times.p95, times.p99, times.longest]);
    let times =
        times.map_or_else(|| ["–"; 4].map(String::from), |times| times.map(|time| format!("{time:.0}")));
    first.iter().map(|&text| text.to_owned()).chain(times).collect()
}

fn fates(row: &Row) -> String {
    let answered = |kind| row.answered.get(&kind).copied().unwrap_or_default();
    // Those that a human had already got no answer, but what they needed.
    let to_human = answered(ReplyKind::Handover) + row.with_human;
    let counts = [
        answered(ReplyKind::Answer) + answered(ReplyKind::OrderStatus),
        answered(ReplyKind::Clarify)
            + answered(ReplyKind::AskOrderNumber)
            + answered(ReplyKind::OrderUnknown),
        to_human,
        answered(ReplyKind::SmallTalk) + answered(ReplyKind::Notice),
        row.unassessed,
        row.refused,
        row.failures(),
    ];
    columns(&row.name, &counts.map(|count| count.to_string()))
}

fn burst(report: &Report, burst: &Burst) -> String {
    let times = burst.during.messages_per_second / burst.before.messages_per_second.max(f64::MIN_POSITIVE);
    let recovered = match burst.recovered_after_seconds {
        Some(seconds) => format!("{seconds} s after its end everything was as before"),
        None => format!("it was not as before within {:.0} s", burst.after.seconds),
    };
    let steady = report.steady.as_ref().and_then(|steady| steady.generator_late);
    let late = [steady, burst.generator_late].map(|late| late.map_or(0.0, |late| late.p99));
    format!(
        "The burst was {times:.1} times the traffic before, for {:.0} s; {recovered}.\n\
         The generator itself was late by {:.0} ms at p99 in steady traffic, and by {:.0} ms with the burst; that is in the times.",
        burst.during.seconds, late[0], late[1],
    )
}

fn memory(report: &Report, idle: &IdleStreams) -> String {
    [
        "Memory of the desk, resident".to_owned(),
        columns("before the streams", &[&format!("{:.0} MiB", idle.resident_before as f64 / MIB)]),
        columns(
            &format!("with {} idle streams", idle.streams),
            &[&format!("{:.0} MiB", idle.resident_with as f64 / MIB)],
        ),
        columns("a stream", &[&format!("{:.1} KiB", idle.bytes_per_stream / KIB)]),
        columns("the most in the whole run", &[&format!("{:.0} MiB", report.most_resident as f64 / MIB)]),
        format!(
            "the streams were opened in {:.1} s and heard from {:.1} times each; {} broke",
            idle.opened_in_seconds, idle.heartbeats_per_stream, idle.broken
        ),
    ]
    .join("\n")
}

fn lost(report: &Report) -> String {
    let audit = &report.audit;
    let verdict = if audit.nothing_is_lost() { "Nothing was lost" } else { "SOMETHING WAS LOST" };
    format!(
        "{verdict}: {} acknowledged messages in {} conversations were looked for afterwards; {} lost, {} twice, {} gaps in the events, \
         {} without an answer, {} conversations unread.\n\
         Shed: a human got {} conversations because the desk was too busy; {} more because something failed.",
        audit.messages,
        audit.conversations,
        audit.lost,
        audit.repeated,
        audit.gaps,
        audit.unanswered,
        audit.unread,
        audit.busy,
        audit.failures,
    )
}

/// A line with a name and cells below each other.
fn columns(name: &str, cells: &[impl AsRef<str>]) -> String {
    let cells: String = cells.iter().map(|cell| format!(" {:>11}", cell.as_ref())).collect();
    format!("  {name:<44}{cells}").trim_end().to_owned()
}

fn rate(a_second: f64) -> String {
    format!("{a_second:.0}")
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::audit::Audit;
    use crate::bare::Bare;
    use crate::record::{Fate, TurnRecord};
    use crate::scenarios::saturation::{Round, Saturation, TimeShares};
    use crate::scenarios::steady::Steady;

    fn row(name: &str, milliseconds: u64) -> Row {
        let turn = TurnRecord {
            text: "".into(),
            due: Duration::ZERO,
            latency: Duration::from_millis(milliseconds),
            messages: 1,
            fate: Fate::Answered(ReplyKind::Answer),
        };
        let shed = TurnRecord { fate: Fate::Unassessed, ..turn.clone() };
        let failed = TurnRecord { fate: Fate::Failed("500 internal".to_owned()), ..turn.clone() };
        Row::of(name, Duration::from_secs(1), &[turn.clone(), turn, shed, failed])
    }

    fn steady(name: &str) -> Steady {
        let audit = Audit { conversations: 2, messages: 3, ..Audit::default() };
        Steady { row: row(name, 620), processor_seconds_per_turn: 0.003, generator_late: None, audit }
    }

    fn report(shares: [f64; 3]) -> Report {
        let bare = Bare {
            engine: "avx2".to_owned(),
            threads: 2,
            messages: 1_000,
            tokens: 15_000,
            messages_per_second: 1_000.0,
            processor_seconds_per_message: 0.002,
        };
        let time = TimeShares {
            encoder: 0.6,
            rest_of_desk: 0.2,
            generator: 0.05,
            other: 0.15,
            encoder_of_desk: 0.75,
        };
        let round = |share_of_bare| Round {
            row: row("saturation", 900),
            turns_per_second: 750.0,
            assessed_per_second: 1_000.0 * share_of_bare,
            visits_per_second: 600.0,
            messages_per_visit: 1.4,
            bare: bare.clone(),
            share_of_bare,
            time,
        };
        let steady_row = steady("steady");
        let audit = steady_row.audit.clone();
        Report {
            subject: Subject { bundle: Some("b1".to_owned()), ..Subject::default() },
            cores: 2,
            quiet_milliseconds: 500,
            quick: false,
            saturation: Saturation {
                shoppers: 1_200,
                bare: bare.clone(),
                rounds: shares.map(round).into(),
                audit: Audit::default(),
            },
            burst: Some(Burst {
                before: row("before the burst", 620),
                during: row("in the burst", 5_000),
                after: row("after the burst", 800),
                recovered_after_seconds: Some(12),
                generator_late: None,
                audit: Audit::default(),
            }),
            idle_streams: Some(IdleStreams {
                streams: 10_000,
                opened_in_seconds: 4.0,
                resident_before: 200 << 20,
                resident_with: 300 << 20,
                bytes_per_stream: 10_485.76,
                heartbeats_per_stream: 1.3,
                broken: 0,
                steady: steady("steady, 10000 streams open"),
            }),
            steady: Some(steady_row),
            most_resident: 400 << 20,
            audit,
        }
    }

    #[test]
    fn the_middle_round_decides_whether_the_share_is_kept() {
        let kept = report([0.9, 0.71, 0.5]);
        assert!(kept.holds());
        assert!(
            of(&kept)
                .contains("throughput: 71.0 % (by parts: 90.0 %, 71.0 %, 50.0 %); at least 70.0 %: kept\n")
        );
        let not_kept = report([0.9, 0.69, 0.5]);
        assert!(!not_kept.holds());
        assert!(of(&not_kept).contains("at least 70.0 %: NOT KEPT\n"));
        assert!(Report { quick: true, ..not_kept }.holds());
    }

    #[test]
    fn a_run_in_which_something_was_lost_does_not_hold() {
        let mut report = report([0.9; 3]);
        report.audit.lost = 1;
        assert!(!report.holds());
        assert!(of(&report).contains("SOMETHING WAS LOST: 3 acknowledged messages in 2 conversations"));
    }

    #[test]
    fn a_run_in_which_a_stream_broke_does_not_hold() {
        let mut report = report([0.9; 3]);
        report.idle_streams.as_mut().unwrap().broken = 1;
        assert!(!report.holds());
    }

    #[test]
    fn a_run_that_ended_early_shows_what_was_measured_before() {
        let report = Report { burst: None, idle_streams: None, ..report([0.9; 3]) };
        let table = of(&report);
        assert!(table.starts_with("Measured: bundle b1\n\nThroughput"), "{table}");
        assert!(table.contains("3.00 ms in the desk") && !table.contains("burst"), "{table}");
        assert!(!report.holds());
        let table = of(&Report { steady: None, ..report });
        assert!(table.contains("in the bare encoder\n") && !table.contains("steady"), "{table}");
    }

    #[test]
    fn times_are_there_with_and_without_the_quiet_time() {
        let table = of(&report([0.9; 3]));
        let line = |name: &str| table.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        let cells =
            |name: &str| line(name).split_whitespace().rev().take(4).map(str::to_owned).collect::<Vec<_>>();
        assert!(cells("in the burst").iter().all(|cell| cell.starts_with("500")), "{table}");
        assert_eq!(cells("steady, 10000 streams open")[0], "620");
        assert!(table.contains("after the quiet time of 500 ms"));
        assert!(table.contains("failed, in the burst: `500 internal`, 1 times"));
        assert!(table.contains("12 s after its end everything was as before"));
    }
}
