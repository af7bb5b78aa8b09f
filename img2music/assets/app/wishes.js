// What may be asked before the music is made, and the one button that makes it.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text } = page;

  page.define("wishes", (place) => {
    let ready = false;
    let busy = false;
    let made = false;
    const words = h("textarea", { id: "img2music-words", rows: 2, maxlength: 2000, placeholder: text("wishes.words_hint"), "data-key": "words" });
    const seconds = h("select", { id: "img2music-seconds", "data-key": "seconds" });
    const make = h("button", { type: "button", class: "act make", "data-key": "make", onclick: () => begin() }, text("wishes.make"));
    const more = h("div", { class: "examples" });
    const note = h("p", { class: "hint", id: "img2music-make-hint" }, text("wishes.no_picture"));
    make.setAttribute("aria-describedby", note.id);
    const earlier = h("div", { class: "earlier" }, h("span", { class: "hint" }, text("wishes.earlier")), page.manifestOpener("open-earlier"));
    words.addEventListener("input", () => { page.choices = { ...page.choices, words: words.value }; });
    seconds.addEventListener("change", () => { page.choices = { ...page.choices, seconds: Number(seconds.value) }; });
    words.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) begin(); });

    const begin = () => { if (ready && !busy) page.work("compose"); };
    const settle = () => {
      make.setAttribute("aria-disabled", String(!ready || busy));
      make.textContent = text(made ? "wishes.again" : "wishes.make");
      note.hidden = ready;
      earlier.hidden = made;
    };
    const how = page.howFold();
    page.hear("picture", (there) => { ready = there; settle(); });
    page.hear("working", (now) => { busy = now; settle(); });
    page.hear("made", (now) => { made = now; settle(); });

    const example = ({ name, url, label }) =>
      h("button", { type: "button", class: "example", "data-key": `example-${name}`, onclick: () => page.send("example", { name }) }, h("img", { src: url, alt: "" }), h("span", {}, label));

    place.replaceChildren(
      more,
      h("div", { class: "field" }, h("label", { for: words.id }, text("wishes.words")), words),
      h("div", { class: "make-row" }, h("label", { class: "unseen", for: seconds.id }, text("wishes.length")), seconds, make),
      how.element,
      note,
      earlier,
    );
    settle();
    let offered = "";
    return ({ lengths = [], seconds: chosen = 60, examples = [], ...others }) => {
      how.offer(others);
      const signature = JSON.stringify([lengths, examples]);
      if (signature === offered) return; // what somebody is just about to press stays where it is
      offered = signature;
      seconds.replaceChildren(...lengths.map((length) => h("option", { value: length }, text("wishes.long", { length: page.clock(length) }))));
      seconds.value = String(page.choices.seconds || chosen);
      page.choices = { ...page.choices, seconds: Number(seconds.value) };
      more.replaceChildren(h("p", { class: "examples-title" }, text("wishes.examples")), h("div", { class: "examples-row" }, examples.map(example)));
    };
  });
})();
