// The plane of valence and arousal (Russell 1980) with one point that can be dragged or moved by the arrow keys.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, svg, text } = page;
  const STEP = 0.05;
  const toPercent = (value) => 50 + 50 * value;

  /** A plane for {valence, arousal} in -1..1; `changed(valence, arousal)` when the point was let go somewhere else. */
  page.affectPlane = ({ valence, arousal, seen, axes }, changed) => {
    const point = h("button", { type: "button", class: "point", "data-key": "affect-point" });
    const lines = svg(
      "svg",
      { viewBox: "0 0 100 100", class: "plane-lines", "aria-hidden": "true" },
      svg("circle", { cx: 50, cy: 50, r: 48 }),
      svg("circle", { cx: 50, cy: 50, r: 24 }),
      svg("path", { d: "M50 2V98M2 50H98" }),
      seen && svg("circle", { class: "was", cx: toPercent(seen.valence), cy: 100 - toPercent(seen.arousal), r: 2.2 }),
    );
    const label = (words, place) => h("span", { class: `axis ${place}`, "aria-hidden": "true" }, words);
    const area = h(
      "div",
      { class: "plane" },
      lines,
      label(axes.arousal[1], "top"),
      label(axes.arousal[0], "bottom"),
      label(axes.valence[0], "left"),
      label(axes.valence[1], "right"),
      point,
    );
    let [x, y] = [valence, arousal];
    const put = () => {
      point.style.setProperty("left", `${toPercent(x)}%`);
      point.style.setProperty("top", `${100 - toPercent(y)}%`);
      point.setAttribute("aria-label", text("see.point", { valence: x.toFixed(2), arousal: y.toFixed(2) }));
    };
    put();
    page.draggable(point, area, {
      move: (right, up) => { x = 2 * right - 1; y = 2 * up - 1; put(); },
      nudge: (dx, dy) => { x = page.limit(x + STEP * dx, -1, 1); y = page.limit(y + STEP * dy, -1, 1); put(); },
      end: () => { if (Math.abs(x - valence) + Math.abs(y - arousal) > 0.01) changed(x, y); },
    });
    return area;
  };
})();
