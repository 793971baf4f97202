// The shop's colour, made readable: contrast as WCAG 2 defines it, at least 4.5:1 for every text.

const DEFAULT = [11, 110, 79];
const BLACK = [0, 0, 0];
const WHITE = [255, 255, 255];
const READABLE = 4.5;

/** The palette for one accent on a surface: `accent`, the text `onAccent`, and `accentText` for text on the surface. */
export function palette(hex, surfaceHex) {
  const accent = parse(hex) ?? DEFAULT;
  const surface = parse(surfaceHex);
  const onAccent = contrast(accent, WHITE) >= READABLE ? WHITE : BLACK;
  return { accent: css(accent), onAccent: css(onAccent), accentText: css(readable(accent, surface)) };
}

export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** `#rgb` or `#rrggbb`; `null` for anything else. */
export function parse(hex) {
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(hex?.trim() ?? "")?.[1];
  if (!digits) return null;
  const long = digits.length === 3 ? digits.replace(/./g, "$&$&") : digits;
  return [0, 2, 4].map((start) => parseInt(long.slice(start, start + 2), 16));
}

// Moves the colour towards black or white, away from the surface, until it can be read.
function readable(colour, surface) {
  const goal = luminance(surface) > 0.18 ? BLACK : WHITE;
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = colour.map((value, index) => Math.round(value + (goal[index] - value) * share));
    // A little more than needed, because hovered surfaces are tinted.
    if (contrast(mixed, surface) >= READABLE + 0.7) return mixed;
  }
  return goal;
}

function luminance(colour) {
  const [red, green, blue] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function css(colour) {
  return `rgb(${colour.join(" ")})`;
}
