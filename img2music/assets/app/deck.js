// Play and pause where the picture is, and links to what came of it; on a phone a bar at the lower edge.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text, icon } = page;
  const PLAY = "M8 5v14l11-7z";
  const PAUSE = "M7 5h4v14H7zM13 5h4v14h-4z";
  const STAGES = ["see", "plan", "hear", "takes", "away"];

  page.define("deck", (place) => {
    const button = h("button", { type: "button", class: "deck-play", "data-key": "deck-play" });
    const title = h("strong", {});
    const time = h("span", {});
    const jump = (stage) =>
      h("a", { href: `#img2music-${stage}`, onclick: (event) => {
        event.preventDefault();
        const target = document.getElementById(`img2music-${stage}`);
        target?.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth", block: "start" });
        const heading = target?.querySelector("h2");
        heading?.setAttribute("tabindex", "-1");
        heading?.focus({ preventScroll: true });
      } }, text(`titles.${stage}`));
    const deck = h("div", { class: "deck" }, button, h("div", { class: "deck-words" }, title, time), h("nav", { class: "jump", "aria-label": text("deck.jump") }, STAGES.map(jump)));
    let playing = false;
    let seconds = 0;
    const draw = () => {
      button.replaceChildren(icon(playing ? PAUSE : PLAY));
      button.setAttribute("aria-label", text(playing ? "deck.pause" : "deck.play"));
    };
    const tell = (at) => { time.textContent = `${page.clock(at)} / ${page.clock(seconds)}`; };
    button.addEventListener("click", () => { const player = page.player(); if (player) { if (playing) player.pause(); else player.play(); } });
    page.hear("playing", (now) => { playing = now; draw(); });
    page.hear("time", tell);
    page.hear("loaded", (data) => { title.textContent = data.title; seconds = data.seconds; tell(0); });
    page.hear("made", (there) => { deck.hidden = !there; });
    deck.hidden = true;
    draw();
    place.replaceChildren(deck);
    return () => {};
  });
})();
