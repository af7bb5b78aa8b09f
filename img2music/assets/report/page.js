"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const root = document.documentElement;

  // Marks: whatever carries data-cue lights up its place on the picture; away from the picture a small copy shows it.
  const picture = byId("picture"), peek = byId("peek"), skyline = document.querySelector(".skyline");
  let thumb = null, region = null, words = null;
  const clear = () => {
    all(".lit").forEach((item) => item.classList.remove("lit"));
    peek.hidden = true;
  };
  const light = (source) => {
    clear();
    const mark = source.dataset.mark === undefined ? null : byId("mark-" + source.dataset.mark);
    source.classList.add("lit");
    if (mark) mark.classList.add("lit");
    if (skyline && source.textContent.includes("skyline")) skyline.classList.add("lit");
    if (!source.closest(".picture") && source.dataset.text) show(source, mark);
  };
  const show = (source, mark) => {
    if (!words) {
      words = document.createElement("p");
      if (picture) {
        const frame = document.createElement("div");
        thumb = new Image();
        thumb.src = picture.src;
        thumb.alt = "";
        region = document.createElement("i");
        frame.append(thumb, region);
        peek.append(frame);
      }
      peek.append(words);
    }
    words.textContent = source.dataset.text;
    if (thumb) {
      thumb.parentElement.hidden = !mark;
      if (mark) {
        const frame = mark.offsetParent;
        for (const [side, part, whole] of [["left", mark.offsetLeft, frame.offsetWidth], ["width", mark.offsetWidth, frame.offsetWidth],
          ["top", mark.offsetTop, frame.offsetHeight], ["height", mark.offsetHeight, frame.offsetHeight]]) {
          region.style[side] = 100 * part / (whole || 1) + "%";
        }
      }
    }
    peek.hidden = false;
    const at = source.getBoundingClientRect(), size = peek.getBoundingClientRect();
    const above = at.bottom + size.height + 16 > innerHeight && at.top > size.height + 8;
    peek.style.left = Math.max(8, Math.min(innerWidth - size.width - 8, at.left)) + "px";
    peek.style.top = (above ? at.top - size.height - 8 : at.bottom + 8) + "px";
  };
  const near = (event) => event.target instanceof Element ? event.target.closest("[data-cue]") : null;
  for (const kind of ["pointerover", "focusin"]) {
    document.addEventListener(kind, (event) => { const source = near(event); if (source) light(source); else if (kind === "pointerover") clear(); });
  }
  document.addEventListener("focusout", clear);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") clear(); });
  addEventListener("scroll", () => { peek.hidden = true; }, { passive: true });
  const reveal = (hash) => {
    const target = hash.length > 1 ? byId(decodeURIComponent(hash.slice(1))) : null;
    const fold = target && target.closest("details");
    if (fold) fold.open = true;
  };
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href^='#']") : null;
    if (!link) return;
    if (link.dataset.cue !== undefined && event.pointerType === "touch") { event.preventDefault(); light(link); return; }
    reveal(link.hash);
  });
  const marks = byId("marks");
  if (marks) marks.addEventListener("change", () => marks.closest("figure").classList.toggle("unmarked", !marks.checked));

  // Paper shows what the screen folds away.
  let folded = [];
  addEventListener("beforeprint", () => { folded = all("details:not([open])"); folded.forEach((fold) => { fold.open = true; }); });
  addEventListener("afterprint", () => folded.forEach((fold) => { fold.open = false; }));

  // The player: it takes the pages and the sound from the page, where they stand for whoever reads without scripts. The deck is its remote control.
  const stage = byId("stage"), music = byId("music");
  if (!stage || !music || !window.Img2MusicPlayer) return;
  const data = JSON.parse(music.textContent), audio = byId("audio"), deck = byId("deck");
  if (data.notes.length) data.pages = all("img.sheet").map((image) => decodeURIComponent(image.src.slice(image.src.indexOf(",") + 1)).replace(/<style[^>]*>[^]*?<\/style>/g, ""));
  if (audio) {
    data.audio = audio.getAttribute("src");
    audio.remove();
  }
  // The page's policy lets nothing be fetched.
  const player = window.Img2MusicPlayer.mount(stage, data, { panels: ["score", "roll", "mixer"], heading: 3, fetches: false });
  root.classList.add("mounted");
  if (data.pages.length) root.classList.add("followed");
  const blocks = all("#form a"), cells = all("[id^='bar-']");
  const jump = (time) => { root.classList.add("started"); player.seek(time); };
  const mark = (items, index) => items.forEach((item, place) => item.classList.toggle("current", place === index));
  stage.addEventListener("player:bar", (event) => { if (root.classList.contains("started")) mark(cells, event.detail.bar); });
  stage.addEventListener("player:section", (event) => {
    if (root.classList.contains("started")) mark(blocks.map((block) => block.parentElement), event.detail.section);
  });
  blocks.forEach((block, place) => block.addEventListener("click", (event) => {
    event.preventDefault();
    byId("harmony-" + place).open = true;
    jump(Number(block.dataset.from));
  }));
  cells.forEach((cell) => cell.addEventListener("click", () => jump(Number(cell.dataset.from))));
  stage.addEventListener("player:play", () => root.classList.add("started"));
  if (!deck) return;

  const play = byId("play"), seek = byId("seek"), at = byId("at"), now = byId("now"), length = data.seconds;
  const icon = play.querySelector("path"), shapes = { play: icon.getAttribute("d"), pause: "M6 5h4v14H6zM14 5h4v14h-4z" };
  const clock = (time) => Math.floor(time / 60) + ":" + String(Math.floor(time % 60)).padStart(2, "0");
  const toggle = () => { if (player.state().playing) player.pause(); else player.play(); };
  deck.hidden = false;
  root.classList.add("sound");
  play.addEventListener("click", toggle);
  seek.addEventListener("input", () => jump(Number(seek.value)));
  const draw = ({ seconds, bar, section }) => {
    at.textContent = clock(seconds);
    seek.value = String(seconds);
    seek.style.setProperty("--past", 100 * Math.min(1, seconds / length) + "%");
    seek.setAttribute("aria-valuetext", clock(seconds) + " of " + clock(length));
    if (!root.classList.contains("started")) return;
    const name = document.createElement("b"), symbols = cells[bar] && cells[bar].querySelector(".symbols");
    name.textContent = data.sections[section] ? data.sections[section].name : "";
    now.replaceChildren(name, " · bar " + (bar + 1) + " of " + data.bars.length + (symbols ? " · " + symbols.textContent : ""));
  };
  stage.addEventListener("player:time", (event) => draw(event.detail));
  for (const kind of ["play", "pause", "ended", "error"]) {
    stage.addEventListener("player:" + kind, () => {
      const { playing } = player.state();
      root.classList.toggle("playing", playing);
      icon.setAttribute("d", playing ? shapes.pause : shapes.play);
      play.setAttribute("aria-label", playing ? "Pause" : "Play");
    });
  }
  stage.addEventListener("player:error", () => { byId("trouble").hidden = false; });
  document.addEventListener("keydown", (event) => {
    const free = event.target === document.body || event.target === document.documentElement;
    if (event.key === " " && free) { event.preventDefault(); toggle(); }
  });
  if ("IntersectionObserver" in window) {
    const seen = new Map(), home = byId("player"), near = stage.querySelector(".i2m-deck");
    const watch = new IntersectionObserver((entries) => {
      entries.forEach((entry) => seen.set(entry.target, entry.isIntersecting));
      const away = ![...seen.values()].some(Boolean) && root.classList.contains("started");
      if (away) home.style.minHeight = home.offsetHeight + "px";
      deck.classList.toggle("floating", away);
    });
    [home, near].forEach((item) => watch.observe(item));
  }
})();
