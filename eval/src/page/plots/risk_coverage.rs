//! How many answers would be wrong if only the surest were given.

use plotters::element::{Circle, PathElement, Text, TriangleMarker};
use plotters::prelude::ChartBuilder;
use plotters::style::{Color as _, IntoFont as _};

use super::{ACCENT, BAD, INK, LINE, Plot, SOFT, svg};
use crate::{Report, Result};

pub(in crate::page) fn risk_coverage(report: &Report) -> Result<Plot> {
    let curve = &report.selective.curve;
    let promise = &report.promise;
    let highest =
        curve.iter().map(|point| point.risk).fold(promise.max_error * 2.0, f64::max).clamp(0.02, 1.0);
    let title = "Share of wrong answers against the share of messages that are answered";
    let svg = svg("risk-coverage", title, (760, 380), |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(60)
            .build_cartesian_2d(0.0..1.0, 0.0..highest * 1.05)?;
        let percent = |share: &f64| format!("{:.0} %", share * 100.0);
        chart
            .configure_mesh()
            .bold_line_style(LINE)
            .light_line_style(LINE.mix(0.0))
            .axis_style(SOFT)
            .label_style(("sans-serif", 13).into_font().color(&INK))
            .axis_desc_style(("sans-serif", 14).into_font().color(&INK))
            .x_desc("messages that are answered")
            .y_desc("answers that are wrong")
            .x_label_formatter(&percent)
            .y_label_formatter(&|share| format!("{:.1} %", share * 100.0))
            .draw()?;
        let line: Vec<(f64, f64)> = curve.iter().map(|point| (point.coverage, point.risk)).collect();
        chart.draw_series([PathElement::new(line, ACCENT.stroke_width(2))])?;
        // Dashes: the promise.
        let dashes = (0..50).map(|dash| {
            let from = f64::from(dash) / 50.0;
            PathElement::new(
                vec![(from, promise.max_error), (from + 0.012, promise.max_error)],
                BAD.stroke_width(2),
            )
        });
        chart.draw_series(dashes)?;
        let small = ("sans-serif", 13).into_font();
        let label = format!("promised: at most {:.1} %", promise.max_error * 100.0);
        let above = promise.max_error + highest * 0.06;
        chart.draw_series([Text::new(label, (0.01, above), small.color(&BAD))])?;
        if promise.allowed > 0 {
            let here = (promise.coverage, promise.error);
            chart.draw_series([TriangleMarker::new(here, 9, INK.filled())])?;
            let text = (promise.coverage + 0.015, promise.error + highest * 0.03);
            chart.draw_series([Text::new("now", text, small.color(&INK))])?;
        }
        for (accuracy, &coverage) in &report.selective.coverage_at_accuracy {
            let risk = 1.0 - accuracy.parse::<f64>()?;
            if coverage > 0.0 {
                chart.draw_series([Circle::new((coverage, risk), 4, INK.stroke_width(2))])?;
            }
        }
        Ok(())
    })?;
    let caption = "The line goes through every threshold. Triangle: where the bundle's thresholds are now; dashes: the promise; circles: 95, 98 and 99 % accuracy. The lower the line, the better."
        .to_owned();
    Ok(Plot { svg, caption })
}
