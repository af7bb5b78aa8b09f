// What was seen: sentences, cues that light up on the picture, the colours, the feeling as a point, and the subject, which can be put right.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text } = page;

  const chip = (cue) => {
    const element = h(
      "button",
      { type: "button", class: cue.number ? "chip" : "chip unplaced", "data-key": `cue-${cue.name}`, "data-cue": cue.name, title: cue.figure || "" },
      cue.number && h("span", { class: "badge" }, cue.number),
      cue.text,
    );
    for (const [event, on] of [["pointerenter", true], ["pointerleave", false], ["focus", true], ["blur", false]]) {
      element.addEventListener(event, () => page.say("lit", { name: cue.name, on }));
    }
    return h("li", {}, element);
  };

  const subjectField = (subject) => {
    const field = h("input", { type: "text", id: "img2music-subject", maxlength: 200, value: subject.value, "data-key": "subject", list: "img2music-subjects" });
    const change = () => { if (field.value.trim() && field.value !== subject.value) page.work("edit", { edit: { kind: "subject", text: field.value.trim() } }); };
    field.addEventListener("change", change);
    return h(
      "div",
      { class: "field" },
      h("label", { for: field.id }, text("see.subject")),
      field,
      h("datalist", { id: "img2music-subjects" }, (subject.known || []).map((name) => h("option", { value: name }))),
      h("p", { class: "hint" }, subject.text ? text("see.subject_seen", { words: subject.text }) : text("see.subject_hint")),
    );
  };

  const strip = (colours) =>
    h(
      "ul",
      { class: "palette", "aria-label": text("see.colours") },
      colours.map((colour) => h("li", { style: { "background-color": colour.hex, "flex-grow": colour.share }, title: colour.words }, h("span", { class: "unseen" }, colour.words))),
    );

  page.define("see", (place) => {
    page.hear("lit", ({ name, on }) => {
      for (const one of place.querySelectorAll("[data-cue]")) one.classList.toggle("lit", on && one.dataset.cue === name);
    });
    return (seen) => {
      if (!seen.cues) return place.replaceChildren();
      const change = (valence, arousal) => page.work("edit", { edit: { kind: "affect", valence, arousal } });
      place.replaceChildren(
        h(
          "div",
          { class: "two-columns" },
          h(
            "div",
            {},
            h("p", { class: "lead" }, seen.sentence),
            h("ul", { class: "chips", "aria-label": text("see.cues") }, seen.cues.map(chip)),
            subjectField(seen.subject),
            strip(seen.colours),
            h(
              "details",
              {},
              h("summary", {}, text("see.everything", { count: seen.rows.length })),
              h("dl", { class: "fact-rows" }, seen.rows.map(([name, words]) => [h("dt", {}, name), h("dd", {}, words)])),
            ),
          ),
          h(
            "div",
            { class: "feeling" },
            h("h3", {}, text("see.feeling")),
            page.affectPlane(seen.affect, change),
            h("p", { class: "hint" }, seen.affect.words.join(", "), ". ", text("see.plane_hint")),
          ),
        ),
      );
    };
  });
})();
