// What all parts of the player share: elements, drawings, times. The files of this folder are joined into one script in the order that
// img2music/report/page/player_mount.py names, and run in one scope.

const LEAD = 0.04; // seconds between the order to start and the start, so that all stems start together
const RAMP = 0.012; // seconds: how quickly a level changes without a click
const LEAST_DB = -40; // at the left end of a level there is silence
const MOST_DB = 6;
const WHOLE = -1; // what is repeated: the index of a section, or the whole piece
const EPSILON = 0.002; // seconds: a clock that was set to an onset may say a little less
const PARTS = 8; // colours
const MARGIN = 14; // pixels of an engraved page's empty edge, of 20, that a screen has no need of
const ROLES = { intro: "introduction", theme: "theme", contrast: "contrast", return: "the theme returns", outro: "ending" };
const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  loop: "M17 2l4 4-4 4M3 11V9a3 3 0 0 1 3-3h15M7 22l-4-4 4-4M21 13v2a3 3 0 0 1-3 3H3",
  back: "M15 5l-7 7 7 7",
  forth: "M9 5l7 7-7 7",
  follow: "M12 3v3M12 18v3M3 12h3M18 12h3M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
};
const DRAWING = new Set(["svg", "g", "path", "use", "defs", "symbol", "text", "tspan", "rect", "ellipse", "circle", "polygon", "polyline", "line", "title"]);
const ATTRIBUTES = new Set(["id", "class", "d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "width", "height", "points", "transform",
  "viewBox", "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "stroke-opacity",
  "opacity", "font-family", "font-size", "font-weight", "font-style", "text-anchor", "overflow", "color", "visibility", "xml:space"]);

// small helpers

const make = (tag, properties = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter(Boolean));
  return node;
};

const icon = (name) => {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
};

const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds + EPSILON));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** How many of `rows`, sorted by `key`, are at `value` or before. */
const countUntil = (rows, value, key) => {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(rows[middle]) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** The rows that sound at a time; `rows` are sorted by onset, `longest` is the longest of them. */
const soundingAt = (rows, seconds, on, off, longest) => {
  const found = [];
  for (let index = countUntil(rows, seconds + EPSILON, on) - 1; index >= 0 && on(rows[index]) >= seconds - longest - 1; index--) {
    if (off(rows[index]) > seconds + EPSILON) found.push(index);
  }
  return found;
};

const longestOf = (rows, on, off) => rows.reduce((most, row) => Math.max(most, off(row) - on(row)), 0);

const gainOf = (db) => (db <= LEAST_DB ? 0 : 10 ** (db / 20));
