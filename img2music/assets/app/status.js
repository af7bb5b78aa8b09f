// How far the work is, what is being done, and what went wrong: a slim bar, its words, and a message that stays.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text } = page;

  page.define("status", (place) => {
    const words = h("p", { class: "status-words", role: "status", "aria-live": "polite" });
    const fill = h("div", { class: "bar-fill" });
    const bar = h("div", { class: "bar", role: "progressbar", "aria-label": text("status.progress"), "aria-valuemin": 0, "aria-valuemax": 100 }, fill);
    const stop = h("button", { type: "button", class: "plain", onclick: () => page.send("stop") }, text("status.cancel"));
    const alert = h("div", { class: "alert", role: "alert" });
    const working = h("div", { class: "working" }, bar, stop);
    place.replaceChildren(working, words, alert);
    let said = "";
    let shown = "";
    const draw = ({ working: busy = false, fraction = 0, message = "", error = "", notes = [] }) => {
      working.hidden = !busy;
      document.body.classList.toggle("is-working", busy);
      fill.style.setProperty("width", `${Math.round(100 * fraction)}%`);
      bar.setAttribute("aria-valuenow", Math.round(100 * fraction));
      if (message !== said) words.textContent = said = message;
      words.classList.toggle("quiet", !busy);
      const all = [error, ...notes].filter(Boolean);
      if (all.join("\n") !== shown) {
        shown = all.join("\n");
        alert.replaceChildren(...all.map((line, index) => h("p", { class: index === 0 && error ? "wrong" : "note" }, line)));
      }
      page.say("working", busy);
    };
    page.hear("opening", () => draw({ working: true, fraction: 0.3, message: text("status.opening") }));
    page.hear("refused", (error) => draw({ error }));
    page.lost = () => draw({ error: text("errors.lost") });
    page.hear("asked", () => draw({ working: true, fraction: 0.01, message: text("status.asked") }));
    return draw;
  });
})();
