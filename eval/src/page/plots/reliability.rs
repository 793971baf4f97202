//! Whether confidence is accuracy.

use plotters::element::{Circle, PathElement, Rectangle};
use plotters::prelude::ChartBuilder;
use plotters::style::{Color as _, IntoFont as _};

use super::{ACCENT, INK, LINE, Plot, SOFT, svg};
use crate::{Report, Result};

pub(in crate::page) fn reliability(report: &Report) -> Result<Plot> {
    let bins = &report.calibration.bins;
    let most = bins.iter().map(|bin| bin.messages).max().unwrap_or(1) as f64;
    let svg = svg("reliability", "Accuracy against confidence", (560, 460), |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(60)
            .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
        let percent = |share: &f64| format!("{:.0} %", share * 100.0);
        chart
            .configure_mesh()
            .bold_line_style(LINE)
            .light_line_style(LINE.mix(0.0))
            .axis_style(SOFT)
            .label_style(("sans-serif", 13).into_font().color(&INK))
            .axis_desc_style(("sans-serif", 14).into_font().color(&INK))
            .x_desc("confidence")
            .y_desc("accuracy")
            .x_label_formatter(&percent)
            .y_label_formatter(&percent)
            .draw()?;
        // Bars from below: how many messages are in each bin.
        let bars = bins.iter().map(|bin| {
            let height = 0.25 * bin.messages as f64 / most;
            Rectangle::new(
                [(bin.confidence - 0.012, 0.0), (bin.confidence + 0.012, height)],
                SOFT.mix(0.5).filled(),
            )
        });
        chart.draw_series(bars)?;
        chart.draw_series([PathElement::new(vec![(0.0, 0.0), (1.0, 1.0)], SOFT.stroke_width(1))])?;
        let points: Vec<(f64, f64)> = bins.iter().map(|bin| (bin.confidence, bin.accuracy)).collect();
        chart.draw_series([PathElement::new(points.clone(), ACCENT.stroke_width(2))])?;
        chart.draw_series(points.into_iter().map(|point| Circle::new(point, 5, ACCENT.filled())))?;
        Ok(())
    })?;
    let caption = "Points on the diagonal mean that, of the messages with that confidence, just that share is right; points above it, that the desk is better than it believes. Grey bars: how many messages there are."
        .to_owned();
    Ok(Plot { svg, caption })
}
