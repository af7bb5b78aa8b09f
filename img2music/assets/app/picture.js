// The picture: dropped, pasted, chosen, photographed or one of the examples; then with marks where something was seen.
//
// A file goes to the server's own upload field, which checks it; nothing is decoded here but what the browser shows.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text, icon } = page;
  const PICTURE_FIELD = "img2music-picture-field";
  const MANIFEST_FIELD = "img2music-manifest-field";
  const LARGEST_BYTES = 20_000_000;
  const WAIT_MS = 100;

  /** Gives a file to an upload field of the server. */
  const handOver = (file, to = PICTURE_FIELD) => {
    if (!file) return;
    if (file.size > LARGEST_BYTES) {
      page.say("refused", text("picture.too_large"));
      return;
    }
    const field = document.querySelector(`#${to} input[type=file]`);
    if (!field) {
      setTimeout(() => handOver(file, to), WAIT_MS); // the server's fields appear a moment after ours
      return;
    }
    const files = new DataTransfer();
    files.items.add(file);
    field.files = files.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    page.say("opening", file);
  };
  page.handOver = handOver;

  /** A button that asks for the piece.json of an earlier download, and the field behind it. */
  page.manifestOpener = (key) => {
    const field = h("input", { type: "file", class: "unseen", tabindex: -1, "aria-label": text("away.open_manifest"), accept: ".json,application/json", onchange: (event) => { handOver(event.target.files[0], MANIFEST_FIELD); event.target.value = ""; } });
    const button = h("button", { type: "button", class: "plain", "data-key": key, onclick: () => field.click() }, text("away.open_manifest"));
    return [button, field];
  };

  const firstFile = (data) => [...(data?.files || [])].find(Boolean);

  /** Whether this tab is the one that is looked at: files dropped on another are not ours. */
  const isShown = () => document.getElementById("img2music-picture")?.offsetParent != null;

  document.addEventListener("paste", (event) => {
    const file = firstFile(event.clipboardData);
    if (file && isShown()) {
      event.preventDefault();
      handOver(file);
    }
  });

  const mark = (cue, number) => {
    const { x, y, width, height } = cue.box;
    const button = h(
      "button",
      {
        type: "button",
        class: "mark",
        "data-cue": cue.name,
        "data-key": `mark-${cue.name}`,
        "aria-label": text("see.mark", { number, words: cue.text }),
        style: { left: `${100 * x}%`, top: `${100 * y}%`, width: `${100 * width}%`, height: `${100 * height}%` },
      },
      h("span", { class: "badge", "aria-hidden": "true" }, number),
    );
    const light = (on) => () => page.say("lit", { name: cue.name, on });
    for (const [event, on] of [["pointerenter", true], ["pointerleave", false], ["focus", true], ["blur", false]]) {
      button.addEventListener(event, light(on));
    }
    return button;
  };

  page.define("picture", (place) => {
    const choose = h("input", { type: "file", id: "img2music-choose", class: "unseen", tabindex: -1, "aria-label": text("picture.field"), accept: "image/*,.heic,.heif,.svg,.tif,.tiff,.avif", onchange: (event) => { handOver(event.target.files[0]); event.target.value = ""; } });
    const stage = h("div", { class: "stage" });
    const tools = h("div", { class: "tools" });
    place.replaceChildren(choose, stage, tools);
    page.landmark(place, "img2music-left", text("page.picture_region"));
    let value = {};

    const openDialog = () => choose.click();
    const camera = () => page.openCamera(handOver);
    const tool = (key, action, ...paths) =>
      h("button", { type: "button", class: "plain", "data-key": `tool-${key}`, onclick: action }, icon(...paths), text(`picture.${key}`));
    const CAMERA = ["M4 8h3l2-3h6l2 3h3v11H4z", "M12 17a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z"];
    const FOLDER = ["M12 15V4", "M8 8l4-4 4 4", "M4 15v5h16v-5"];

    const empty = () => {
      stage.replaceChildren(
        h(
          "button",
          { type: "button", class: "drop", "data-key": "drop", onclick: openDialog },
          icon("M4 5h16v14H4z", "M4 16l5-5 4 4 3-3 4 4", "M15.5 9.5h.01"),
          h("strong", {}, text("picture.drop")),
          h("span", {}, text("picture.drop_hint")),
        ),
      );
      tools.replaceChildren(tool("choose", openDialog, ...FOLDER), tool("camera", camera, ...CAMERA));
    };

    const shown = () => {
      const image = h("img", { src: value.url, alt: value.alt || text("picture.alt") });
      const marks = (value.cues || []).filter((cue) => cue.box).map((cue) => mark(cue, cue.number));
      stage.replaceChildren(h("div", { class: "frame" }, image, h("div", { class: "marks" }, marks)));
      page.put(
        tools,
        tool("another", openDialog, ...FOLDER),
        tool("camera", camera, ...CAMERA),
        marks.length > 0 &&
          h("label", { class: "switch" }, h("input", { type: "checkbox", checked: !stage.classList.contains("unmarked"), onchange: (event) => stage.classList.toggle("unmarked", !event.target.checked) }), text("picture.marks")),
      );
    };

    const draw = (given) => {
      value = given;
      if (value.url) shown();
      else empty();
      document.body.classList.toggle("has-picture", Boolean(value.url));
      page.say("picture", Boolean(value.url));
    };

    const over = (on) => (event) => { if (isShown()) { event.preventDefault(); document.body.classList.toggle("is-dropping", on); } };
    document.addEventListener("dragover", over(true));
    document.addEventListener("dragleave", over(false));
    document.addEventListener("drop", (event) => { over(false)(event); if (isShown()) handOver(firstFile(event.dataTransfer)); });
    page.hear("lit", ({ name, on }) => {
      for (const one of stage.querySelectorAll(".mark")) one.classList.toggle("lit", on && one.dataset.cue === name);
    });
    return draw;
  });
})();
