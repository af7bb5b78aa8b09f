// The band: who plays what, each with a menu of instruments that can take the part's role, and how loud it is.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text } = page;

  const part = (one) => {
    const menu = h("select", { "aria-label": text("plan.instrument_of", { part: one.name }), value: one.instrument, "data-key": `part-${one.id}` });
    const groups = one.options || [];
    for (const group of groups) menu.append(h("optgroup", { label: group.label }, group.names.map((name) => h("option", { value: name }, name))));
    if (![...menu.options].some((option) => option.value === one.instrument)) menu.prepend(h("option", { value: one.instrument }, one.instrument));
    menu.value = one.instrument;
    menu.addEventListener("change", () => page.work("edit", { edit: { kind: "instrument", part: one.id, instrument: menu.value } }));
    const level = h("input", { type: "range", min: -24, max: 6, step: 1, value: one.level_db, "aria-label": text("plan.level_of", { part: one.name }), "data-key": `level-${one.id}` });
    const figure = h("output", {}, text("plan.decibels", { level: one.level_db }));
    level.addEventListener("input", () => { figure.textContent = text("plan.decibels", { level: level.value }); });
    level.addEventListener("change", () => page.work("edit", { edit: { kind: "level", part: one.id, level_db: Number(level.value) } }));
    return h(
      "li",
      { class: "part" },
      h("span", { class: "dot", style: { "background-color": one.colour } }),
      h("div", { class: "part-name" }, h("strong", {}, one.name), h("small", {}, one.job)),
      menu,
      h("div", { class: "level" }, level, figure),
    );
  };

  page.parts = (parts) => h("ul", { class: "parts", "aria-label": text("plan.parts") }, parts.map(part));
})();
