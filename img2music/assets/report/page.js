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

  // The player.
  const audio = byId("audio");
  if (!audio) return;
  const deck = byId("deck"), play = byId("play"), seek = byId("seek"), at = byId("at"), now = byId("now"), roll = byId("roll"), timeline = byId("timeline");
  const playhead = roll && roll.querySelector(".playhead"), length = Number(seek.max);
  const blocks = all("#form a"), starts = blocks.map((block) => Number(block.dataset.from));
  const harmony = document.querySelector("[data-bar]"), bar = harmony ? Number(harmony.dataset.bar) : 0;
  const bars = all("[id^='bar-']").length;
  const icon = play.querySelector("path"), shapes = { play: icon.getAttribute("d"), pause: "M6 5h4v14H6zM14 5h4v14h-4z" };
  const clock = (time) => Math.floor(time / 60) + ":" + String(Math.floor(time % 60)).padStart(2, "0");
  const duration = () => Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : length;
  const soon = 0.01; // seconds: a jump lands a little before its aim
  let section = -1, cell = null;

  const draw = () => {
    const time = audio.currentTime;
    at.textContent = clock(time);
    seek.value = String(time);
    seek.style.setProperty("--past", 100 * Math.min(1, time / duration()) + "%");
    seek.setAttribute("aria-valuetext", clock(time) + " of " + clock(duration()));
    if (playhead) {
      const left = Number(roll.dataset.left), span = Number(roll.dataset.right) - left;
      const x = (left + span * Math.min(1, time / length)) * roll.clientWidth;
      playhead.style.transform = "translateX(" + x + "px)";
      if (!audio.paused && timeline.scrollWidth > timeline.clientWidth) timeline.scrollLeft = x - timeline.clientWidth / 2;
    }
    const index = bar ? Math.min(Math.floor((time + soon) / bar), bars - 1) : -1;
    const next = byId("bar-" + index);
    if (next === cell && section >= 0) return;
    if (cell) cell.classList.remove("current");
    cell = next;
    if (cell) cell.classList.add("current");
    section = Math.max(0, starts.filter((start) => start <= time + soon).length - 1);
    blocks.forEach((block, place) => block.parentElement.classList.toggle("current", place === section));
    const name = document.createElement("b");
    name.textContent = blocks[section] ? blocks[section].querySelector("strong").textContent : "";
    const chord = cell ? cell.querySelector(".symbols").textContent : "";
    now.replaceChildren(name, " · bar " + (index + 1) + " of " + bars + (chord ? " · " + chord : ""));
  };
  const run = () => { draw(); if (!audio.paused) requestAnimationFrame(run); };
  const jump = (time) => { audio.currentTime = Math.max(0, Math.min(duration() - 0.05, time)); root.classList.add("started"); draw(); };
  const toggle = () => { if (audio.paused) audio.play().catch(() => {}); else audio.pause(); };

  audio.controls = false;
  deck.hidden = false;
  root.classList.add("sound");
  play.addEventListener("click", toggle);
  seek.addEventListener("input", () => jump(Number(seek.value)));
  audio.addEventListener("loadedmetadata", () => { seek.max = String(duration()); });
  audio.addEventListener("seeked", () => { if (audio.currentTime > 0) draw(); });
  for (const kind of ["play", "pause", "ended"]) {
    audio.addEventListener(kind, () => {
      const playing = !audio.paused && !audio.ended;
      root.classList.toggle("playing", playing);
      if (playing) root.classList.add("started");
      icon.setAttribute("d", playing ? shapes.pause : shapes.play);
      play.setAttribute("aria-label", playing ? "Pause" : "Play");
      if (playing) run();
    });
  }
  const broken = () => { deck.hidden = true; now.hidden = true; byId("trouble").hidden = false; root.classList.remove("sound"); };
  audio.addEventListener("error", broken);
  if (audio.error) broken();
  if (roll) {
    roll.addEventListener("click", (event) => {
      const frame = roll.getBoundingClientRect(), left = Number(roll.dataset.left), right = Number(roll.dataset.right);
      jump(length * ((event.clientX - frame.left) / frame.width - left) / (right - left));
    });
  }
  blocks.forEach((block, place) => block.addEventListener("click", (event) => { event.preventDefault(); reveal(block.hash + ""); byId("harmony-" + place).open = true; jump(starts[place]); }));
  all("[id^='bar-']").forEach((item) => item.addEventListener("click", () => jump(Number(item.dataset.from))));
  document.addEventListener("keydown", (event) => {
    const free = event.target === document.body || event.target === document.documentElement;
    if (event.key === " " && free) { event.preventDefault(); toggle(); }
  });
  if ("IntersectionObserver" in window) {
    const player = byId("player");
    new IntersectionObserver(([entry]) => {
      const away = !entry.isIntersecting && (root.classList.contains("started"));
      if (away) player.style.minHeight = player.offsetHeight + "px";
      deck.classList.toggle("floating", away);
    }).observe(player);
  }
})();
