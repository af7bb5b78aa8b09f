// The plan as text, for whoever likes to write it; a mistake is marked at its line.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text } = page;

  page.planText = ({ text: source, error = null }) => {
    const area = h("textarea", { id: "img2music-plan-text", class: "code", spellcheck: "false", value: error?.text ?? source, "data-key": "plan-text", wrap: "off" });
    const lines = h("pre", { class: "lines", "aria-hidden": "true" });
    const number = () => {
      lines.replaceChildren(...area.value.split("\n").map((_, index) => h("span", { class: error?.line === index + 1 ? "at-fault" : "" }, `${index + 1}\n`)));
    };
    number();
    area.addEventListener("input", number);
    area.addEventListener("scroll", () => { lines.scrollTop = area.scrollTop; });
    const apply = h("button", { type: "button", class: "plain", "data-key": "plan-apply", onclick: () => page.work("edit", { edit: { kind: "text", text: area.value } }) }, text("plan.apply"));
    const fault = h("p", { class: "wrong", role: "alert" }, error ? error.message : "");
    const whole = h("details", { class: "plan-text", open: Boolean(error) }, h("summary", {}, text("plan.as_text")), h("label", { class: "unseen", for: area.id }, text("plan.as_text")), h("div", { class: "editor" }, lines, area), fault, apply);
    if (error?.line) {
      requestAnimationFrame(() => {
        const height = parseFloat(getComputedStyle(area).lineHeight) || 20;
        area.scrollTop = lines.scrollTop = Math.max(0, (error.line - 5) * height);
      });
    }
    return whole;
  };
})();
