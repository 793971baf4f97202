//! What was taken for what, so that it can be read at 150 classes: what is confused stands together, the diagonal is
//! faded, and only cells that are not empty are drawn.

use plotters::element::{PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontTransform, IntoFont as _};

use super::{ACCENT, BAD, INK, LINE, Plot, svg};
use crate::{Report, Result};

/// Room for the names, in pixels.
const NAMES: i32 = 190;

/// Above this many classes, numbers do not fit into the cells.
const NUMBERED: usize = 40;

/// Above this many classes, the picture would be larger than a screen can show.
const MOST: usize = 300;

/// Nothing when there are too many classes.
pub(in crate::page) fn confusion(report: &Report) -> Result<Option<Plot>> {
    let confusion = &report.confusion;
    let count = confusion.classes.len();
    if count == 0 || count > MOST {
        return Ok(None);
    }
    let side = (900 / i32::try_from(count).unwrap_or(1)).clamp(11, 30);
    let length = side * i32::try_from(count).unwrap_or(0);
    let size = u32::try_from(NAMES + length + 10).unwrap_or(100);
    let mut rows = vec![0; count];
    for &(expected, _, messages) in &confusion.cells {
        rows[expected] += messages;
    }
    let place = |class: usize| NAMES + side * i32::try_from(class).unwrap_or(0);
    let title = "Confusion matrix: rows are labels, columns what the messages were taken for";
    let svg = svg("confusion", title, (size, size), |area| {
        let font = ("sans-serif", side.min(13)).into_font();
        let name = font.color(&INK);
        for (class, id) in confusion.classes.iter().enumerate() {
            let (at, shown) = (place(class) + side / 2, shortened(id));
            area.draw(&PathElement::new(
                vec![(NAMES, place(class)), (NAMES + length, place(class))],
                LINE.mix(0.5),
            ))?;
            area.draw(&PathElement::new(
                vec![(place(class), NAMES), (place(class), NAMES + length)],
                LINE.mix(0.5),
            ))?;
            let right = name.pos(Pos::new(HPos::Right, VPos::Center));
            area.draw(&Text::new(shown.clone(), (NAMES - 4, at), right))?;
            let upwards =
                font.transform(FontTransform::Rotate270).color(&INK).pos(Pos::new(HPos::Left, VPos::Center));
            area.draw(&Text::new(shown, (at, NAMES - 4), upwards))?;
        }
        for &(expected, predicted, messages) in &confusion.cells {
            let share = messages as f64 / rows[expected].max(1) as f64;
            let corners = [
                (place(predicted) + 1, place(expected) + 1),
                (place(predicted) + side - 1, place(expected) + side - 1),
            ];
            let right = expected == predicted;
            // The diagonal is faded: what is right is not what the eye looks for. What is wrong is dark from the first message on.
            let fill =
                if right { ACCENT.mix(0.12 + 0.18 * share) } else { BAD.mix((0.35 + 1.3 * share).min(1.0)) };
            area.draw(&Rectangle::new(corners, fill.filled()))?;
            if count <= NUMBERED && side >= 16 {
                let centre = (place(predicted) + side / 2, place(expected) + side / 2);
                let number = font.color(&INK).pos(Pos::new(HPos::Center, VPos::Center));
                area.draw(&Text::new(messages.to_string(), centre, number))?;
            }
        }
        Ok(())
    })?;
    let caption = "Rows: what the label says; columns: what the message was taken for. What is confused stands side by side (average-linkage clustering). The stronger the colour of a cell off the diagonal, the larger its share of the row; the diagonal is faded. The pairs are in the table below."
        .to_owned();
    Ok(Some(Plot { svg, caption }))
}

fn shortened(id: &str) -> String {
    const LONGEST: usize = 28;
    match id.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &id[..end]),
        None => id.to_owned(),
    }
}
