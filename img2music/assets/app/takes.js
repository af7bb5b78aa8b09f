// The takes side by side: choose one, compare it with another at the same place, keep one, keep some lines and throw the dice for the rest.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text } = page;

  const card = (take, several) =>
    h(
      "li",
      { class: `take ${take.current ? "current" : ""}` },
      h(
        "button",
        { type: "button", class: "take-choose", "aria-pressed": String(Boolean(take.current)), "data-key": `take-${take.number}`, onclick: () => page.send("instant", { action: "choose", number: take.number }) },
        h("strong", {}, text("takes.take", { number: take.number })),
        h("span", {}, take.words),
        h("small", {}, take.figures),
      ),
      several && h("div", { class: "line-up" },
        h("button", { type: "button", class: "plain small", "data-key": `keep-${take.number}`, "aria-label": text("takes.keep_label", { number: take.number }), onclick: () => page.send("instant", { action: "keep_only", number: take.number }) }, text("takes.keep")),
        h("button", { type: "button", class: "plain small", "data-key": `drop-${take.number}`, "aria-label": text("takes.drop_label", { number: take.number }), onclick: () => page.send("instant", { action: "drop", number: take.number }) }, text("takes.drop"))),
    );

  const promises = (rows) => {
    const state = ({ kept, unclear }) => (kept === null ? (unclear ? "unclear" : "unknown") : kept ? "kept" : "broken");
    const count = rows.filter(({ kept }) => kept !== null).length;
    return h(
      "details",
      {},
      h("summary", {}, text("takes.promises", { kept: rows.filter(({ kept }) => kept).length, count })),
      h("dl", { class: "fact-rows" }, rows.map((row) => [h("dt", {}, row.promise), h("dd", {}, h("span", { class: `promise ${state(row)}` }, text(`takes.${state(row)}`)), " ", row.found)])),
    );
  };

  page.define("takes", (place) => {
    const locked = new Set();
    return (value) => {
      const takes = value.takes || [];
      if (takes.length === 0) return place.replaceChildren();
      const lock = ({ craft, label }) =>
        h(
          "label",
          { class: "lock" },
          h("input", { type: "checkbox", checked: locked.has(craft), "data-key": `lock-${craft}`, onchange: (event) => (event.target.checked ? locked.add(craft) : locked.delete(craft)) }),
          label,
        );
      const step = (action, able) => h("button", { type: "button", class: "plain", "data-key": action, disabled: !able, onclick: () => page.send("instant", { action }) }, text(`takes.${action}`));
      const transpose = (semitones) => h("button", { type: "button", class: "plain", "data-key": `transpose${semitones}`, "aria-label": text(semitones > 0 ? "takes.up_label" : "takes.down_label"), onclick: () => page.work("edit", { edit: { kind: "transpose", semitones } }) }, text(semitones > 0 ? "takes.up" : "takes.down"));
      const other = takes.find((take) => take.number === value.compare);
      place.replaceChildren(
        h("p", { class: "lead caption" }, takes.find((take) => take.current)?.caption),
        h("ul", { class: "take-list" }, takes.map((take) => card(take, takes.length > 1))),
        h(
          "div",
          { class: "line-up" },
          other && h("button", { type: "button", class: "plain", "data-key": "compare", onclick: () => page.send("instant", { action: "choose", number: other.number, keep_place: true }) }, text("takes.compare", { number: other.number })),
          step("undo", value.can_undo),
          step("redo", value.can_redo),
          h("span", { class: "group", role: "group", "aria-label": text("takes.transpose") }, transpose(-1), h("span", { "aria-hidden": "true" }, text("takes.transpose")), transpose(1)),
        ),
        h(
          "fieldset",
          { class: "locks" },
          h("legend", {}, text("takes.locks")),
          h("div", { class: "line-up" }, (value.crafts || []).map(lock), h("button", { type: "button", class: "act small", "data-key": "reroll", onclick: () => page.work("reroll", { keep: [...locked] }) }, text("takes.reroll"))),
        ),
        value.promises.length > 0 ? promises(value.promises) : "",
      );
    };
  });
})();
