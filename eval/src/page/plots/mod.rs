//! Plots as SVG. Their few colours are names: the page's style sheet turns each into one for light or dark, and lines differ by form
//! too, so that nothing hangs on a colour.

mod confusion;
mod reliability;
mod risk_coverage;

pub(super) use confusion::confusion;
pub(super) use reliability::reliability;
pub(super) use risk_coverage::risk_coverage;

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea as _, RGBColor, SVGBackend};

use crate::{Error, Result};

pub(super) const INK: RGBColor = RGBColor(0x11, 0x11, 0x11);
pub(super) const SOFT: RGBColor = RGBColor(0x77, 0x77, 0x77);
pub(super) const LINE: RGBColor = RGBColor(0xcc, 0xcc, 0xcc);
pub(super) const ACCENT: RGBColor = RGBColor(0x00, 0x55, 0xaa);
pub(super) const BAD: RGBColor = RGBColor(0xaa, 0x33, 0x00);

/// A plot, and the words under it.
pub(super) struct Plot {
    pub(super) svg: String,
    pub(super) caption: String,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws, and names the picture for those who do not see it.
fn svg(
    id: &str,
    title: &str,
    size: (u32, u32),
    draw: impl FnOnce(&Area<'_>) -> Result<(), Box<dyn std::error::Error>>,
) -> Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        draw(&area).map_err(|error| Error::Plot(error.to_string()))?;
        area.present().map_err(|error| Error::Plot(error.to_string()))?;
    }
    let opening = format!("<svg role=\"img\" aria-labelledby=\"{id}-title\" ");
    let named = svg.replacen("<svg ", &opening, 1);
    Ok(named.replacen('>', &format!("><title id=\"{id}-title\">{title}</title>"), 1))
}
