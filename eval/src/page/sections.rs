//! What stands in the page's sections, from misclassification to slices.

use super::format::{counted, interval, number, optional, percent, plain_interval, share, verdict};
use super::plots::{self, Plot};
use crate::report::{CalibrationFigures, ScopeGroup};
use crate::{Report, Result};

/// More pairs than these are in `report.json` only.
const PAIRS: usize = 200;

/// More suspected labels than these are in `report.json` only.
const SUSPECTED: usize = 500;

pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) chinese: &'static str,
    pub(super) text: Vec<String>,
    pub(super) plots: Vec<Plot>,
    pub(super) tables: Vec<Table>,
}

pub(super) struct Table {
    pub(super) caption: String,
    pub(super) open: bool,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) numeric: bool,
}

pub(super) struct Row {
    pub(super) cells: Vec<String>,
    pub(super) flagged: bool,
}

pub(super) fn of(report: &Report) -> Result<Vec<Section>> {
    let mut sections = vec![misclassification(report)?, selective(report)?, calibration(report)?];
    sections.extend(out_of_scope(report));
    sections.extend(retrieval(report));
    sections.push(slices(report));
    sections.push(label_errors(report));
    Ok(sections)
}

fn misclassification(report: &Report) -> Result<Section> {
    let Report { metrics, intervals, data, .. } = report;
    let mut text = vec![format!(
        "Of {} messages, {} were taken for something else than their label says ({}). Out of scope counts as a class of its own.",
        data.messages,
        percent(metrics.misclassification),
        interval(intervals.misclassification)
    )];
    if !data.unknown_intents.is_empty() {
        let ids: Vec<String> =
            data.unknown_intents.iter().map(|(id, count)| format!("{id} ({count})")).collect();
        text.push(format!(
            "The bundle does not know these labels, so their messages cannot be right: {}.",
            ids.join(", ")
        ));
    }
    let figures = table(
        "Figures",
        true,
        &["Figure", "#Value", "#95 % interval"],
        [
            ["accuracy".to_owned(), percent(metrics.accuracy), interval(intervals.accuracy)],
            [
                "accuracy of the likeliest intent, messages with an intent".to_owned(),
                optional(metrics.in_scope_accuracy),
                interval(intervals.in_scope_accuracy),
            ],
            ["macro F1".to_owned(), percent(metrics.macro_f1), interval(intervals.macro_f1)],
            ["weighted F1".to_owned(), percent(metrics.weighted_f1), interval(intervals.weighted_f1)],
            ["macro precision".to_owned(), percent(metrics.macro_precision), String::new()],
            ["macro recall".to_owned(), percent(metrics.macro_recall), String::new()],
        ],
    );
    let pairs = report.confused_pairs.iter().take(PAIRS).map(|pair| {
        [pair.expected.clone(), pair.predicted.clone(), counted(&pair.share), pair.examples.join(" ⁄ ")]
    });
    let pairs = table(
        "Confused pairs, the commonest first",
        true,
        &["Label", "Taken for", "#Share of the label", "Examples"],
        pairs,
    );
    let intents = report.intents.iter().map(|intent| {
        let id =
            if intent.known { intent.id.clone() } else { format!("{} (unknown to the bundle)", intent.id) };
        [
            id,
            intent.support.to_string(),
            share(&intent.precision),
            share(&intent.recall),
            optional(intent.f1),
            interval(intent.f1_interval),
        ]
    });
    let intents = table(
        "Intents, the weakest first",
        false,
        &["Intent", "#Messages", "#Precision", "#Recall", "#F1", "#F1, 95 % interval"],
        intents,
    );
    Ok(Section {
        id: "misclassification",
        title: "Misclassification",
        chinese: "分错了多少",
        text,
        plots: plots::confusion(report)?.into_iter().collect(),
        tables: vec![figures, pairs, intents],
    })
}

fn selective(report: &Report) -> Result<Section> {
    let (promise, automation, selective) = (&report.promise, &report.automation, &report.selective);
    let threshold =
        promise.threshold.map_or_else(|| "none".to_owned(), |threshold| threshold.get().to_string());
    let text = vec![
        format!(
            "The bundle promises that at most {} of its answers have the wrong intent, with {} confidence, and answers from a confidence of {threshold} on. Here it may answer {} of the messages, and {} of these {} are wrong: {}.",
            percent(promise.max_error),
            percent(promise.confidence),
            percent(promise.coverage),
            promise.wrong,
            promise.allowed,
            verdict(promise.verdict)
        ),
        format!(
            "With articles and hand-over rules, {} were answered, {} asked back and {} handed over; {:.1} wrong automatic answers in a thousand messages.",
            share(&automation.answered),
            share(&automation.clarified),
            share(&automation.escalated),
            automation.wrong_per_thousand
        ),
    ];
    let mut rows: Vec<[String; 2]> = selective
        .coverage_at_accuracy
        .iter()
        .map(|(accuracy, coverage)| {
            [format!("could be answered with an accuracy of {accuracy}"), percent(*coverage)]
        })
        .collect();
    rows.push(["area under the risk-coverage curve (AURC)".to_owned(), format!("{:.4}", selective.aurc)]);
    rows.push([
        "of which due to the order (excess AURC)".to_owned(),
        format!("{:.4}", selective.excess_aurc),
    ]);
    rows.push(["wrong among the automatic answers".to_owned(), counted(&automation.wrong)]);
    rows.push(["rightly handed over (precision)".to_owned(), counted(&automation.hand_over.precision)]);
    rows.push([
        "handed over of those that should be (recall)".to_owned(),
        counted(&automation.hand_over.recall),
    ]);
    rows.extend(automation.decision_accuracy.iter().map(|s| ["right decision".to_owned(), counted(s)]));
    rows.extend(automation.priority_accuracy.iter().map(|s| ["right priority".to_owned(), counted(s)]));
    rows.extend(
        automation
            .reasons
            .iter()
            .map(|(reason, count)| [format!("handed over: {reason}"), count.to_string()]),
    );
    let mut what_if = table(
        "What if the threshold were another",
        true,
        &[
            "#Threshold",
            "#Intent may be answered",
            "#Of these wrong",
            "#Answered with an article",
            "#Wrong in 1000 messages",
        ],
        automation.what_if.iter().map(|row| {
            [
                format!("{}{}", row.threshold, if row.current { " (now)" } else { "" }),
                share(&row.coverage),
                share(&row.error),
                share(&row.answered),
                format!("{:.1}", row.wrong_per_thousand),
            ]
        }),
    );
    for (row, figures) in what_if.rows.iter_mut().zip(&automation.what_if) {
        row.flagged = figures.error.or_zero() > promise.max_error;
    }
    let step = (selective.curve.len() / 20).max(1);
    let curve = selective
        .curve
        .iter()
        .step_by(step)
        .map(|point| [format!("{:.3}", point.threshold), percent(point.coverage), percent(point.risk)]);
    Ok(Section {
        id: "selective",
        title: "Selective answering",
        chinese: "只答有把握的",
        text,
        plots: vec![plots::risk_coverage(report)?],
        tables: vec![
            table("Figures", true, &["Figure", "#Value"], rows),
            what_if,
            table("The curve as a table", false, &["#Threshold", "#Answered", "#Of these wrong"], curve),
        ],
    })
}

fn calibration(report: &Report) -> Result<Section> {
    let Report { metrics, intervals, calibration, .. } = report;
    let text = vec![format!(
        "When the desk is 80 % sure, is it right 80 % of the time? On average, confidence and accuracy are {} apart (ECE, {}).",
        percent(metrics.ece),
        interval(intervals.ece)
    )];
    let row = |name: &str, figures: &CalibrationFigures| {
        [
            name.to_owned(),
            figures.messages.to_string(),
            percent(figures.ece),
            format!("{:.4}", figures.brier),
            format!("{:.4}", figures.log_loss),
        ]
    };
    let mut rows = vec![row("all messages", &calibration.all)];
    rows.extend(calibration.languages.iter().map(|(language, figures)| row(language, figures)));
    if let Some(before) = &calibration.before {
        rows.push(row("the likeliest intent, by scores alone", before));
        rows.push(row("the likeliest intent, calibrated", &calibration.after));
    }
    let columns = ["Messages", "#How many", "#ECE", "#Brier score", "#Log loss"];
    let bins = calibration
        .bins
        .iter()
        .map(|bin| [percent(bin.confidence), percent(bin.accuracy), bin.messages.to_string()]);
    let classes = [
        ["Brier score over all classes".to_owned(), number(metrics.brier), plain_interval(intervals.brier)],
        [
            "log loss over all classes".to_owned(),
            number(metrics.log_loss),
            plain_interval(intervals.log_loss),
        ],
        ["ECE, bins of equal mass".to_owned(), percent(metrics.ece_equal_mass), String::new()],
    ];
    Ok(Section {
        id: "calibration",
        title: "Calibration",
        chinese: "把握是否可信",
        text,
        plots: vec![plots::reliability(report)?],
        tables: vec![
            table("Was it as sure as it may be?", true, &columns, rows),
            table("Over all classes", true, &["Figure", "#Value", "#95 % interval"], classes),
            table("The diagram as a table", false, &["#Mean confidence", "#Accuracy", "#Messages"], bins),
        ],
    })
}

fn out_of_scope(report: &Report) -> Option<Section> {
    let scope = report.out_of_scope.as_ref()?;
    let row = |name: &str, group: &ScopeGroup| {
        [name.to_owned(), format!("{:.3}", group.auroc), percent(group.fpr_at_95_tpr), counted(&group.recall)]
    };
    let mut rows = vec![row("all", &scope.all)];
    rows.extend(scope.near.iter().map(|group| row("near", group)));
    rows.extend(scope.far.iter().map(|group| row("far", group)));
    Some(Section {
        id: "out-of-scope",
        title: "Out of scope",
        chinese: "超出范围的消息",
        text: vec![format!(
            "Of what was taken for out of scope, {} is. Taking messages for out of scope costs {} points of accuracy on those that have an intent.",
            share(&scope.precision),
            format_args!("{:.1}", scope.in_scope_loss * 100.0)
        )],
        plots: Vec::new(),
        tables: vec![table(
            "Messages that are none of the intents",
            true,
            &["Messages", "#AUROC", "#FPR at 95 % TPR", "#Taken for out of scope"],
            rows,
        )],
    })
}

fn retrieval(report: &Report) -> Option<Section> {
    let retrieval = report.retrieval.as_ref()?;
    let mut rows: Vec<[String; 2]> = retrieval
        .hit_at
        .iter()
        .map(|(k, hit)| [format!("a right article among the first {k}"), counted(hit)])
        .collect();
    rows.push(["mean reciprocal rank".to_owned(), format!("{:.3}", retrieval.mrr)]);
    rows.push(["nDCG of the first ten".to_owned(), format!("{:.3}", retrieval.ndcg_at_10)]);
    rows.push(["answered with a right article".to_owned(), counted(&retrieval.answered_right)]);
    rows.push([
        "answered although nothing fits".to_owned(),
        counted(&retrieval.answered_although_nothing_fits),
    ]);
    Some(Section {
        id: "retrieval",
        title: "Articles",
        chinese: "找到的文章",
        text: vec![format!("{} messages say which article answers them.", retrieval.messages)],
        plots: Vec::new(),
        tables: vec![table("Were the right articles found?", true, &["Figure", "#Value"], rows)],
    })
}

fn slices(report: &Report) -> Section {
    let rows = report.slices.iter().map(|row| {
        [
            row.column.clone(),
            row.value.clone(),
            row.accuracy.whole.to_string(),
            share(&row.accuracy),
            share(&row.coverage),
            share(&row.error),
            row.corrected_p_value.map_or_else(|| "–".to_owned(), |p| format!("{p:.4}")),
            if row.worse { "worse than the rest".to_owned() } else { String::new() },
        ]
    });
    let columns = [
        "Column",
        "Value",
        "#Messages",
        "#Accuracy",
        "#Intent may be answered",
        "#Of these wrong",
        "#Corrected p",
        "Verdict",
    ];
    let mut table = table("Parts of the messages", true, &columns, rows);
    for (row, slice) in table.rows.iter_mut().zip(&report.slices) {
        row.flagged = slice.worse;
    }
    Section {
        id: "slices",
        title: "Slices",
        chinese: "分组比较",
        text: vec![
            "Where is it worse than elsewhere? A part is flagged when its accuracy is lower than that of all other messages by more than chance would do (Fisher's exact test, corrected for looking at so many parts by Benjamini and Hochberg: of what is flagged, 5 % is flagged wrongly on average)."
                .to_owned(),
        ],
        plots: Vec::new(),
        tables: vec![table],
    }
}

fn label_errors(report: &Report) -> Section {
    let rows = report.label_errors.iter().take(SUSPECTED).map(|suspected| {
        [
            suspected.text.clone(),
            suspected.label.clone(),
            suspected.suggested.clone(),
            format!("{:.3}", suspected.margin),
        ]
    });
    Section {
        id: "labels",
        title: "Suspected label errors",
        chinese: "可疑的标注",
        text: vec![format!(
            "{} labels are probably wrong (confident learning): look at the first ones before you believe the figures above. The lower the margin, the surer the desk is of another class.",
            report.label_errors.len()
        )],
        plots: Vec::new(),
        tables: vec![table(
            "Labels to check, the most suspicious first",
            true,
            &["Message", "Label", "Suggested", "#Margin"],
            rows,
        )],
    }
}

/// Columns whose name starts with `#` are numbers.
fn table<const N: usize>(
    caption: &str,
    open: bool,
    columns: &[&'static str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Table {
    let column =
        |name: &&'static str| Column { name: name.trim_start_matches('#'), numeric: name.starts_with('#') };
    Table {
        caption: caption.to_owned(),
        open,
        columns: columns.iter().map(column).collect(),
        rows: rows.into_iter().map(|cells| Row { cells: cells.into(), flagged: false }).collect(),
    }
}
