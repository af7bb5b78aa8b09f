// The plan: what was chosen and why, the form, the chords, the band, and all of it as text.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text } = page;

  page.define("plan", (place) => {
    const open = new Set();
    const fold = (key, title, content) => {
      const whole = h("details", { open: open.has(key) }, h("summary", {}, title), content);
      whole.addEventListener("toggle", () => (whole.open ? open.add(key) : open.delete(key)));
      return whole;
    };
    page.hear("section", (name) => {
      for (const one of place.querySelectorAll("[data-section]")) one.classList.toggle("current", one.dataset.section === name);
    });
    return (plan) => {
      if (!plan.sections) return place.replaceChildren();
      place.replaceChildren(
        h("p", { class: "piece-title" }, plan.title),
        h("p", { class: "lead" }, plan.idea),
        page.timeline(plan.sections),
        h("div", { class: "choices" }, plan.choices.map(page.choiceRow)),
        plan.conflicts.length > 0 ? h("ul", { class: "notes" }, plan.conflicts.map((line) => h("li", {}, line))) : "",
        fold("band", text("plan.band", { count: plan.parts.length }), page.parts(plan.parts)),
        fold("chords", text("plan.chords", { count: plan.bars }), page.chords(plan.sections)),
        page.planText(plan),
      );
    };
  });
})();
