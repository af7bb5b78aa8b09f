// The form as a coloured timeline: a column a section, as high as its energy, which can be dragged; its chords below, edited in place.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text } = page;
  const STEP = 0.05;

  const column = (section) => {
    const fill = h("div", { class: "energy-fill" });
    const handle = h("div", {
      class: "energy",
      role: "slider",
      tabindex: 0,
      "data-key": `energy-${section.name}`,
      "aria-label": text("plan.energy_of", { section: section.name }),
      "aria-orientation": "vertical",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
    });
    const area = h("div", { class: "energy-column" }, fill, handle);
    let energy = section.energy;
    const put = () => {
      fill.style.setProperty("height", `${100 * energy}%`);
      handle.style.setProperty("bottom", `${100 * energy}%`);
      handle.setAttribute("aria-valuenow", Math.round(100 * energy));
    };
    put();
    page.draggable(handle, area, {
      move: (_, up) => { energy = up; put(); },
      nudge: (dx, dy) => { energy = page.limit(energy + STEP * (dx + dy), 0, 1); put(); },
      end: () => {
        if (Math.abs(energy - section.energy) > 0.005) page.work("edit", { edit: { kind: "energy", section: section.name, energy: Math.round(1000 * energy) / 1000 } });
      },
    });
    return area;
  };

  const bar = (section, { bar: number, in_section: place, numerals, symbols }) => {
    const field = h("input", {
      type: "text",
      class: "chord",
      value: numerals,
      maxlength: 60,
      spellcheck: "false",
      autocomplete: "off",
      "data-key": `chord-${section.name}-${place}`,
      "aria-label": text("plan.chord_of", { section: section.name, bar: place }),
    });
    field.addEventListener("change", () => {
      if (field.value.trim() && field.value !== numerals) page.work("edit", { edit: { kind: "chord", section: section.name, bar: place, numerals: field.value.trim() } });
    });
    return h("li", {}, field, h("small", {}, h("span", { class: "bar-number" }, number), " ", symbols.join("  ")));
  };

  /** The whole timeline. Sections are as wide as they are long. */
  page.timeline = (sections) =>
    h(
      "ol",
      { class: "form-line", style: { "--columns": sections.map((section) => `minmax(4.2rem, ${section.bars.length}fr)`).join(" ") } },
      sections.map((section) =>
        h(
          "li",
          { class: `form-section ${section.tone}`, "data-section": section.name },
          column(section),
          h("strong", {}, section.name),
          h("small", {}, section.words),
          h("span", { class: "when" }, section.clock),
        ),
      ),
    );

  /** The chords of every section, a field a bar. */
  page.chords = (sections) =>
    h(
      "div",
      { class: "harmony" },
      sections.map((section) =>
        h(
          "div",
          { class: `phrase ${section.tone}` },
          h("h3", {}, section.name, section.moves ? h("small", {}, section.moves) : null),
          h("ol", { class: "bars" }, section.bars.map((one) => bar(section, one))),
        ),
      ),
    );
})();
