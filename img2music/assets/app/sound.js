// What plays the music: who made this sound and what is heard in it, and what else could play the same notes.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text } = page;

  const labelled = (label, field) => h("div", { class: "field" }, h("label", { for: field.id }, label), field);

  const told = ({ lines = [], heard = [], told: words = [], sell }) => [
    lines.map((line, place) => h("p", { class: place === 1 && sell === false ? "warn" : place === 0 ? "lead" : "hint" }, line)),
    heard.length > 0 && [
      h("h3", { class: "heard-title" }, text("sound.heard")),
      h("dl", { class: "fact-rows", id: "img2music-heard" }, heard.map(([promise, found, state]) => [h("dt", {}, promise), h("dd", {}, h("span", { class: `promise ${state}` }, text(`takes.${state}`)), " ", found)])),
    ],
    words.length > 0 && h("details", {}, h("summary", { "data-key": "sound-told" }, text("sound.told")), h("ul", { class: "notes" }, words.map((line) => h("li", {}, line)))),
  ];

  page.define("sound", (place) => {
    const now = h("div", { class: "sound-now" });
    const sound = h("select", { id: "img2music-sound-name", "data-key": "sound-name", "aria-describedby": "img2music-sound-said" });
    const weights = h("select", { id: "img2music-sound-weights", "data-key": "sound-weights", "aria-describedby": "img2music-sound-said" });
    const path = h("input", { type: "text", id: "img2music-sound-path", maxlength: 200, placeholder: text("sound.path_hint"), "data-key": "sound-path" });
    const said = h("div", { id: "img2music-sound-said", class: "sound-said" });
    const make = h("button", { type: "button", class: "act small", "data-key": "sound-make", onclick: () => begin() });
    const remedies = h("ul", { class: "remedies" });
    const why = h("details", {}, h("summary", { "data-key": "sound-why" }, text("sound.why")), remedies);
    const fields = { sound: labelled(text("sound.sound"), sound), weights: labelled(text("sound.weights"), weights), path: labelled(text("sound.path"), path) };
    const chooser = h(
      "div",
      { class: "sound-choice" },
      h("h3", {}, text("sound.choose")),
      h("div", { class: "two-columns" }, h("div", {}, fields.sound, fields.weights, fields.path), said),
      h("div", { class: "line-up" }, make, h("span", { class: "hint" }, text("sound.beside"))),
      why,
    );
    let sounds = [];
    let wish = { name: "", weights: "", seed: 0 };
    let ownModels = false;
    let busy = false;
    let drawn = "";

    const chosen = () => sounds.find((one) => one.name === sound.value);
    const variant = () => chosen()?.variants.find((one) => one.weights === weights.value);
    const asked = () => ({ name: sound.value, weights: fields.path.hidden || !path.value.trim() ? weights.value : path.value.trim() });
    const same = () => asked().name === wish.name && asked().weights === wish.weights;
    const able = () => Boolean(chosen()) && !busy && (!same() || chosen().departs);
    const begin = () => { if (able()) page.work("sound", { sound: { ...asked(), seed: same() ? wish.seed + 1 : 0 } }); };

    const settle = () => {
      make.setAttribute("aria-disabled", String(!able()));
      make.textContent = text(same() && chosen()?.departs ? "sound.again" : "sound.make");
    };
    const tell = () => {
      const [about, how, ...rest] = variant()?.said || [];
      const own = !fields.path.hidden && path.value.trim();
      const lines = [about, how, ...(own ? [text("sound.own_licence")] : rest)].filter(Boolean);
      said.replaceChildren(...lines.map((line, at) => h("p", { class: !own && variant().sell === false && at === lines.length - 1 ? "warn" : "hint" }, line)));
      settle();
    };
    const offerWeights = () => {
      const there = chosen()?.variants || [];
      weights.replaceChildren(...there.map((one) => h("option", { value: one.weights, disabled: !one.usable }, one.usable ? one.label : text("sound.unusable", { name: one.label }))));
      weights.value = chosen()?.name === wish.name && there.some((one) => one.weights === wish.weights) ? wish.weights : there.find((one) => one.usable)?.weights || "";
      fields.weights.hidden = there.length < 2;
      fields.path.hidden = !ownModels || fields.weights.hidden;
      tell();
    };
    sound.addEventListener("change", offerWeights);
    weights.addEventListener("change", tell);
    path.addEventListener("input", tell);
    page.hear("working", (working) => { busy = working; settle(); });

    const offer = () => {
      const before = sound.value;
      sound.replaceChildren(...sounds.map((one) => h("option", { value: one.name, disabled: !one.usable }, one.usable ? one.name : text("sound.unusable", { name: one.name }))));
      sound.value = sounds.some((one) => one.name === before && one.usable) ? before : wish.name || sounds[0]?.name || "";
      remedies.replaceChildren(...sounds.filter((one) => !one.usable).map((one) => h("li", { class: "hint" }, one.remedy)));
      why.hidden = sounds.every((one) => one.usable);
      offerWeights();
    };
    return (value) => {
      if (!value.playing) {
        drawn = "";
        return place.replaceChildren();
      }
      page.put(now, told(value.playing));
      if (place.childElementCount === 0) place.replaceChildren(now, chooser);
      const signature = JSON.stringify([value.sounds, value.wish, value.own_models]);
      if (signature === drawn) return; // what somebody is just choosing stays
      drawn = signature;
      if (value.wish.name !== wish.name) sound.value = "";
      [sounds, wish, ownModels] = [value.sounds, value.wish, value.own_models];
      offer();
    };
  });
})();
