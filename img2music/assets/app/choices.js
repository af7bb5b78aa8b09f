// The plan's choices, each with its control and its reason.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text } = page;

  const wish = (name, value) => page.work("edit", { edit: { kind: "wishes", wishes: { [name]: value } } });

  const select = (choice, id) => {
    const options = choice.options.map((option) => (typeof option === "string" ? { value: option, label: option } : option));
    if (!options.some((option) => option.value === choice.value)) options.unshift({ value: choice.value, label: choice.shown });
    const field = h("select", { id, value: choice.value, "data-key": id }, options.map((option) => h("option", { value: option.value }, option.label)));
    field.addEventListener("change", () => wish(choice.name, field.value));
    return field;
  };

  const number = (choice, id) => {
    const { low, high, step = 1 } = choice.range;
    const field = h("input", { type: "range", id, min: low, max: high, step, value: choice.value, "data-key": id });
    const exact = h("input", { type: "number", class: "exact", min: low, max: high, step, value: choice.value, "aria-label": choice.label, "data-key": `${id}-exact` });
    const settle = (value) => { field.value = value; exact.value = value; };
    let later;
    const ask = (value) => { clearTimeout(later); later = setTimeout(() => wish(choice.name, Number(value)), 350); };
    field.addEventListener("input", () => settle(field.value));
    field.addEventListener("change", () => ask(field.value));
    exact.addEventListener("change", () => {
      const value = page.limit(Number(exact.value) || choice.value, low, high);
      settle(value);
      clearTimeout(later);
      wish(choice.name, value); // a number that is written and confirmed waits for no more
    });
    return h("div", { class: "number-field" }, field, exact, h("span", { class: "unit" }, choice.unit));
  };

  const figure = (choice, id) => {
    const field = h("input", { type: "number", id, min: choice.figure.low, max: choice.figure.high, step: 1, value: choice.value, "data-key": id });
    field.addEventListener("change", () => wish(choice.name, Math.round(page.limit(Number(field.value) || 0, choice.figure.low, choice.figure.high))));
    const dice = h("button", { type: "button", class: "plain small", "data-key": `${id}-dice`, onclick: () => wish(choice.name, Math.floor(Math.random() * 1e6)) }, text("plan.dice"));
    return h("div", { class: "number-field" }, field, dice);
  };

  const line = (choice, id) => {
    const field = h("input", { type: "text", id, value: choice.value, maxlength: choice.longest || 400, placeholder: choice.hint || "", "data-key": id });
    field.addEventListener("change", () => { if (field.value !== choice.value) wish(choice.name, field.value); });
    return field;
  };

  const control = (choice, id) => (choice.options ? select(choice, id) : choice.range ? number(choice, id) : choice.figure ? figure(choice, id) : line(choice, id));

  const cited = (cue) => h("button", { type: "button", class: "cue-link", onfocus: () => page.say("lit", { name: cue.name, on: true }), onblur: () => page.say("lit", { name: cue.name, on: false }), onpointerenter: () => page.say("lit", { name: cue.name, on: true }), onpointerleave: () => page.say("lit", { name: cue.name, on: false }) }, cue.label, cue.share ? h("small", {}, ` ${Math.round(100 * cue.share)}%`) : null);

  /** One choice as a row: its name, its control, why it is so; a choice that was asked for can be given back to the picture. */
  page.choiceRow = (choice) => {
    const id = `img2music-choice-${choice.name}`;
    return h(
      "div",
      { class: `choice ${choice.asked ? "asked" : ""}` },
      h("label", { for: id }, choice.label),
      h("div", { class: "control" }, control(choice, id), choice.asked && h("button", { type: "button", class: "plain small", "data-key": `${id}-free`, onclick: () => wish(choice.name, null) }, text("plan.let_picture"))),
      h("p", { class: "why" }, choice.reason, " ", (choice.because || []).map((cue) => [cited(cue), " "])),
    );
  };
})();
