// How it is made: who does the work, and what may be settled before the first music; all of it can stay with the picture.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text } = page;

  const labelled = (label, field, ...others) => h("div", { class: "field" }, h("label", { for: field.id }, label), field, others);
  /** Keeps a wish for the next music; what is empty stays with the picture. */
  const wish = (name, value) => {
    const { [name]: _, ...others } = page.choices;
    page.choices = value === "" || value === null ? others : { ...others, [name]: value };
  };

  const menu = (name, label) => {
    const field = h("select", { id: `img2music-wish-${name}`, "data-key": `wish-${name}` });
    field.addEventListener("change", () => wish(name, field.value));
    const offer = (options) => {
      const all = [{ value: "", label: text("wishes.from_picture") }, ...options.map((one) => (typeof one === "string" ? { value: one, label: one } : one))];
      field.replaceChildren(...all.map((one) => h("option", { value: one.value }, one.label)));
      field.value = page.choices[name] || "";
    };
    return { element: labelled(label, field), offer };
  };

  const figure = (name, label, low, high, hint) => {
    const field = h("input", { type: "number", id: `img2music-wish-${name}`, min: low, max: high, step: 1, placeholder: hint, "data-key": `wish-${name}` });
    field.addEventListener("change", () => {
      const value = field.value === "" || !Number.isFinite(Number(field.value)) ? null : Math.round(page.limit(Number(field.value), low, high));
      field.value = value === null ? "" : value;
      wish(name, value);
    });
    return labelled(label, field);
  };

  /** The fold under the wishes; `offer` says what there is to choose from. */
  page.howFold = () => {
    const pipeline = h("select", { id: "img2music-wish-pipeline", "data-key": "wish-pipeline", "aria-describedby": "img2music-pipeline-said" });
    const said = h("div", { id: "img2music-pipeline-said" });
    const remedies = h("ul", { class: "remedies" });
    const why = h("details", {}, h("summary", {}, text("wishes.why")), remedies);
    const model = h("input", { type: "text", id: "img2music-wish-model", maxlength: 200, placeholder: text("wishes.model_hint"), "data-key": "wish-model" });
    const modelField = labelled(text("wishes.model"), model);
    const menus = { style: menu("style", text("plan.names.style")), key: menu("key", text("plan.names.key")), mode: menu("mode", text("plan.names.mode")) };
    const work = h("div", {}, labelled(text("wishes.pipeline"), pipeline, said), modelField, why);
    let pipelines = [];
    let ownModels = false;

    const tell = () => {
      const chosen = pipelines.find((one) => one.name === pipeline.value);
      said.replaceChildren(...(chosen ? chosen.said : []).map((line, place) => h("p", { class: !chosen.stays && place === chosen.said.length - 1 ? "warn" : "hint" }, line)));
      modelField.hidden = !ownModels || !chosen?.asks;
      wish("pipeline", chosen ? chosen.name : "");
      wish("model", modelField.hidden ? "" : model.value.trim());
    };
    pipeline.addEventListener("change", tell);
    model.addEventListener("change", tell);

    const element = h(
      "details",
      { class: "how" },
      h("summary", { "data-key": "how" }, text("wishes.how")),
      h("div", { class: "how-grid" }, menus.style.element, figure("tempo", text("plan.names.tempo"), 40, 208, text("wishes.from_picture")), menus.key.element, menus.mode.element, figure("seed", text("plan.names.seed"), 0, 2 ** 31 - 1, "0")),
      work,
    );
    const offer = ({ pipelines: there = [], own_models: own = false, styles = [], keys = [], modes = [] }) => {
      const before = page.choices.pipeline;
      [pipelines, ownModels] = [there, own];
      pipeline.replaceChildren(...there.map((one) => h("option", { value: one.name, disabled: !one.usable }, one.usable ? one.name : text("wishes.unusable", { name: one.name }))));
      const kept = there.find((one) => one.name === before && one.usable) || there.find((one) => one.usable);
      if (kept) pipeline.value = kept.name;
      why.hidden = there.every((one) => one.usable);
      work.hidden = there.length === 0;
      remedies.replaceChildren(...there.filter((one) => !one.usable).map((one) => h("li", { class: "hint" }, one.remedy)));
      menus.style.offer(styles);
      menus.key.offer(keys);
      menus.mode.offer(modes);
      tell();
    };
    return { element, offer };
  };
})();
