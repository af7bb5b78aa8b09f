// The player: a piece is heard, and its score, its piano roll and its mixer follow. No library, nothing fetched but the sounds that the data name.
//
//   const player = Img2MusicPlayer.mount(element, data, options)
//   player.play(); player.pause(); player.seek(seconds); player.loop(section | -1 for all | null); player.update(data); player.state(); player.destroy()
//
// `data` is made by img2music/report/music_data.py. `options`: {theme: "auto" | "light" | "dark" | "host", panels: ["score", "roll", "mixer"],
// heading: level of the panels' headings, fetches: false where the page's policy lets nothing be fetched}. Events bubble from `element`: player:play, player:pause, player:ended, player:time {seconds, bar,
// section}, player:bar {bar}, player:section {section, name}, player:error {message}.
//
// Texts of the data are set as text, never as HTML; pages of the score are parsed, and only plain drawing is taken from them. Styles that depend
// on data are set by script, so that a strict content security policy may refuse style attributes.
(() => {
  "use strict";

  const LEAD = 0.04; // seconds between the order to start and the start, so that all stems start together
  const RAMP = 0.012; // seconds: how quickly a level changes without a click
  const LEAST_DB = -40; // at the left end of a level there is silence
  const MOST_DB = 6;
  const WHOLE = -1; // what is repeated: the index of a section, or the whole piece
  const EPSILON = 0.002; // seconds: a clock that was set to an onset may say a little less
  const PARTS = 8; // colours
  const MARGIN = 14; // pixels of an engraved page's empty edge, of 20, that a screen has no need of
  const ROLES = { intro: "introduction", theme: "theme", contrast: "contrast", return: "the theme returns", outro: "ending" };
  const ICONS = {
    play: "M8 5v14l11-7z",
    pause: "M7 5h4v14H7zM13 5h4v14h-4z",
    loop: "M17 2l4 4-4 4M3 11V9a3 3 0 0 1 3-3h15M7 22l-4-4 4-4M21 13v2a3 3 0 0 1-3 3H3",
    back: "M15 5l-7 7 7 7",
    forth: "M9 5l7 7-7 7",
    follow: "M12 3v3M12 18v3M3 12h3M18 12h3M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
  };
  const DRAWING = new Set(["svg", "g", "path", "use", "defs", "symbol", "text", "tspan", "rect", "ellipse", "circle", "polygon", "polyline", "line", "title"]);
  const ATTRIBUTES = new Set(["id", "class", "d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "width", "height", "points", "transform",
    "viewBox", "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "stroke-opacity",
    "opacity", "font-family", "font-size", "font-weight", "font-style", "text-anchor", "overflow", "color", "visibility", "xml:space"]);

  /* ---- small helpers ---- */

  const make = (tag, properties = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (value === undefined || value === null) continue;
      if (name === "class") node.className = value;
      else if (name === "text") node.textContent = value;
      else node.setAttribute(name, value);
    }
    node.append(...children.filter(Boolean));
    return node;
  };

  const icon = (name) => {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("focusable", "false");
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  };

  const clock = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds + EPSILON));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  };

  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

  /** How many of `rows`, sorted by `key`, are at `value` or before. */
  const countUntil = (rows, value, key) => {
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (key(rows[middle]) <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  /** The rows that sound at a time; `rows` are sorted by onset, `longest` is the longest of them. */
  const soundingAt = (rows, seconds, on, off, longest) => {
    const found = [];
    for (let index = countUntil(rows, seconds + EPSILON, on) - 1; index >= 0 && on(rows[index]) >= seconds - longest - 1; index--) {
      if (off(rows[index]) > seconds + EPSILON) found.push(index);
    }
    return found;
  };

  const longestOf = (rows, on, off) => rows.reduce((most, row) => Math.max(most, off(row) - on(row)), 0);

  const gainOf = (db) => (db <= LEAST_DB ? 0 : 10 ** (db / 20));

  /* ---- one context for all players of the page, made on the first press that needs it ---- */

  let context = null;
  let users = 0;

  const audioContext = () => {
    if (!context) {
      const Context = window.AudioContext || window.webkitAudioContext;
      if (!Context) throw new Error("this browser has no Web Audio");
      context = new Context({ latencyHint: "interactive" });
    }
    if (context.state === "suspended") context.resume().catch(() => {});
    return context;
  };

  const bytesOf = async (url, signal) => {
    const found = /^data:[^,]*;base64,/.exec(url);
    if (found) {
      const text = atob(url.slice(found[0].length));
      const bytes = new Uint8Array(text.length);
      for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
      return bytes.buffer;
    }
    const answer = await fetch(url, { credentials: "same-origin", signal });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return answer.arrayBuffer();
  };

  /** Straight up to .9 of full scale, bent above it: a part that is turned up doesn't crack, and what is not turned up is not touched. */
  const softCeiling = () => {
    const shaper = context.createWaveShaper();
    const points = 4097;
    const curve = new Float32Array(points);
    for (let index = 0; index < points; index++) {
      const value = (2 * index) / (points - 1) - 1;
      const size = Math.abs(value);
      curve[index] = size <= 0.9 ? value : Math.sign(value) * (0.9 + 0.1 * Math.tanh((size - 0.9) / 0.1));
    }
    shaper.curve = curve;
    return shaper;
  };

  /* ---- sound: one clock over an audio element, decoded buffers, or nothing at all ---- */

  class Sound {
    constructor(data, told) {
      this.data = data;
      this.told = told; // {ended, failed}
      this.seconds = data.seconds;
      this.playing = false;
      this.range = null; // [from, to] that goes round
      this.levels = data.stems.map(() => 1);
      this.base = data.stems.map((stem) => gainOf(stem.level_db || 0));
      this.mode = "silent";
      this.place = 0;
      this.started = 0;
      this.sources = [];
      this.layers = [];
      this.alive = true;
      this.stop = new AbortController();
      this.loading = new Map(); // what is being decoded, and the promise of it
      if (data.audio) {
        this.mode = "element";
        this.audio = new Audio();
        this.audio.preload = "auto";
        this.onEnded = () => this.mode === "element" && this.reachEnd();
        this.onError = () => this.mode === "element" && this.failElement();
        this.audio.addEventListener("ended", this.onEnded);
        this.audio.addEventListener("error", this.onError);
        this.onTime = () => this.tick(); // a page in the background draws nothing
        this.audio.addEventListener("timeupdate", this.onTime);
        this.audio.src = data.audio;
      }
    }

    /** Resolves when the sound can begin at once, or never will. */
    ready() {
      if (this.mode !== "element" || this.audio.readyState >= 3) return Promise.resolve();
      return new Promise((done) => {
        const events = ["canplay", "error"];
        const finish = () => {
          events.forEach((name) => this.audio.removeEventListener(name, finish));
          clearTimeout(late);
          done();
        };
        const late = setTimeout(finish, 4000);
        events.forEach((name) => this.audio.addEventListener(name, finish));
      });
    }

    position() {
      if (this.mode === "element") return clamp(this.audio.currentTime, 0, this.seconds);
      if (!this.playing) return this.place;
      let now = this.place;
      if (this.mode === "buffers") now += Math.max(0, context.currentTime - (context.outputLatency || 0) - this.started);
      else now += (performance.now() - this.started) / 1000;
      if (this.range && now >= this.range[1]) now = this.range[0] + ((now - this.range[0]) % (this.range[1] - this.range[0]));
      return clamp(now, 0, this.seconds);
    }

    play() {
      if (this.playing || !this.alive) return;
      if (this.position() >= this.seconds - 0.02) this.seek(0);
      this.playing = true;
      if (this.mode === "element") {
        const begun = this.audio.play();
        if (begun) begun.catch((error) => this.alive && this.mode === "element" && error.name !== "AbortError" && this.refused(error));
      } else if (this.mode === "buffers") this.startSources(this.place);
      else this.started = performance.now();
    }

    refused(error) {
      this.playing = false;
      if (error.name === "NotAllowedError") this.told.failed("The browser wants a press of the play button first.", true);
      else this.failElement();
    }

    pause() {
      if (!this.playing) return;
      const now = this.position();
      this.playing = false;
      this.place = now;
      if (this.mode === "element") this.audio.pause();
      else this.stopSources();
    }

    seek(seconds) {
      const target = clamp(seconds, 0, this.seconds);
      this.place = target;
      if (this.mode === "element") this.audio.currentTime = target;
      else if (this.playing && this.mode === "buffers") this.startSources(target);
      else this.started = performance.now();
    }

    reachEnd() {
      if (!this.alive) return;
      if (this.range) {
        this.seek(this.range[0]);
        if (this.mode === "element" && this.playing) this.audio.play().catch(() => {});
        return;
      }
      this.playing = false;
      this.place = this.seconds;
      this.stopSources();
      this.told.ended();
    }

    failElement() {
      const now = this.place;
      this.mode = "silent";
      this.started = performance.now();
      this.place = now;
      this.told.failed("The sound can't be played here. The score still runs; keep the sound's file beside this page.");
    }

    /** Keeps time where a clock does not itself: the end, and a loop of an audio element. */
    tick() {
      if (!this.playing) return;
      if (this.mode === "element") {
        if (this.range && this.audio.currentTime >= this.range[1] - 0.004) this.audio.currentTime = this.range[0];
      } else if (!this.range && this.position() >= this.seconds) this.reachEnd();
    }

    loop(range) {
      const now = this.position();
      this.range = range;
      if (this.mode === "buffers" && this.playing) {
        // Sources go round by themselves, to the sample; where the clock stood is counted anew.
        if (range && (now < range[0] || now >= range[1])) this.startSources(range[0]);
        else this.startSources(now);
      } else if (!this.playing || this.mode === "silent") {
        this.place = now;
        this.started = performance.now();
      }
      if (range && (now < range[0] - EPSILON || now >= range[1])) this.seek(range[0]);
    }

    /** Whether a script may read the sound at a URL: of a page that is a file, only what is inside it. */
    canRead(url) {
      return location.protocol !== "file:" || url.startsWith("data:");
    }

    /** Whether there are stems that may be read from here. */
    get canMix() {
      return this.data.stems.length > 0 && this.data.stems.every((stem) => this.canRead(stem.url));
    }

    /** Whether what is heard comes from decoded sound that serves for the stems, or for the mix. */
    holds(kind) {
      return this.mode === "buffers" && (kind === "mix" || this.kind === "stems");
    }

    /** Decodes the stems ("stems") or the mix ("mix") and goes on from them at the same place; true when that is so. */
    decode(kind) {
      if (this.holds(kind)) return Promise.resolve(true);
      if (this.loading.has(kind)) return this.loading.get(kind);
      const promise = this.decodeNow(kind).catch((error) => {
        if (this.alive) this.told.failed(`The ${kind === "mix" ? "sound" : "parts"} can't be loaded (${error.message}); the whole mix plays on.`);
        return false;
      }).finally(() => this.loading.delete(kind));
      this.loading.set(kind, promise);
      return promise;
    }

    async decodeNow(kind) {
      const sounding = audioContext();
      const urls = kind === "mix" ? [this.data.audio] : this.data.stems.map((stem) => stem.url);
      const buffers = await Promise.all(urls.map(async (url) => sounding.decodeAudioData(await bytesOf(url, this.stop.signal))));
      if (!this.alive) return false;
      if (this.holds(kind)) return true; // the stems were quicker than the mix
      const now = this.position();
      const was = this.mode;
      const playing = this.playing;
      if (was === "buffers") this.dropLayers();
      this.bus = softCeiling();
      this.bus.connect(sounding.destination);
      this.layers = buffers.map((buffer) => {
        const gain = sounding.createGain();
        gain.connect(this.bus);
        return { buffer, gain };
      });
      this.kind = kind;
      this.mode = "buffers";
      this.applyLevels(true);
      if (!playing) this.place = was === "element" ? this.audio.currentTime : now;
      else {
        // The element plays on until the buffers have begun where it will be by then.
        this.startSources(was === "element" ? this.audio.currentTime + LEAD : now + LEAD);
      }
      if (was === "element") setTimeout(() => this.audio.pause(), playing ? LEAD * 1000 : 0);
      return true;
    }

    startSources(seconds) {
      this.stopSources();
      const at = context.currentTime + LEAD;
      this.place = seconds;
      this.started = at;
      this.sources = this.layers.map(({ buffer, gain }) => {
        const source = context.createBufferSource();
        source.buffer = buffer;
        if (this.range) {
          source.loop = true;
          source.loopStart = this.range[0];
          source.loopEnd = Math.min(this.range[1], buffer.duration);
        }
        source.connect(gain);
        source.start(at, Math.min(seconds, buffer.duration));
        return source;
      });
      if (this.sources[0]) this.sources[0].onended = () => this.playing && !this.range && this.mode === "buffers" && this.position() >= this.seconds - 0.1 && this.reachEnd();
    }

    stopSources() {
      for (const source of this.sources) {
        source.onended = null;
        try { source.stop(); } catch { /* it had ended */ }
        source.disconnect();
      }
      this.sources = [];
    }

    dropLayers() {
      this.stopSources();
      this.layers.forEach(({ gain }) => gain.disconnect());
      if (this.bus) this.bus.disconnect();
      this.layers = [];
      this.bus = null;
    }

    /** Sets the level of each part, 1 as it is in the mix. */
    setLevels(levels) {
      this.levels = levels;
      this.applyLevels(false);
    }

    applyLevels(atOnce) {
      if (this.mode !== "buffers") return;
      this.layers.forEach(({ gain }, index) => {
        const level = this.kind === "stems" ? this.levels[index] * this.base[index] : 1;
        if (atOnce) gain.gain.value = level;
        else gain.gain.setTargetAtTime(level, context.currentTime, RAMP);
      });
    }

    destroy() {
      this.alive = false;
      this.playing = false;
      this.stop.abort();
      this.dropLayers();
      if (this.audio) {
        this.audio.removeEventListener("ended", this.onEnded);
        this.audio.removeEventListener("error", this.onError);
        this.audio.removeEventListener("timeupdate", this.onTime);
        this.audio.pause();
        this.audio.removeAttribute("src");
        this.audio.load();
      }
    }
  }

  /* ---- the score ---- */

  /** A page of the score as an element: plain drawing only, without scripts, links and styles. */
  const parsePage = (text) => {
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    const root = parsed.documentElement;
    if (!root || root.nodeName !== "svg" || parsed.querySelector("parsererror")) return null;
    for (const node of [...root.querySelectorAll("*"), root]) {
      if (!DRAWING.has(node.nodeName)) {
        node.remove();
        continue;
      }
      for (const { name, value } of [...node.attributes]) {
        const link = (name === "href" || name === "xlink:href") && node.nodeName === "use" && value.startsWith("#");
        if (!link && !name.startsWith("xmlns") && (!ATTRIBUTES.has(name) || /url\(/i.test(value))) node.removeAttribute(name);
      }
    }
    const width = parseFloat(root.getAttribute("width")) || 0;
    const height = parseFloat(root.getAttribute("height")) || 0;
    if (!root.hasAttribute("viewBox") && width > 0 && height > 0) root.setAttribute("viewBox", `${MARGIN} ${MARGIN} ${width - 2 * MARGIN} ${height - 2 * MARGIN}`);
    root.removeAttribute("width");
    root.removeAttribute("height");
    return document.importNode(root, true);
  };

  /** Where the staves of a bar stand, as a rectangle behind them. */
  const barGround = (measure) => {
    const lines = [];
    for (const staff of measure.children) {
      if (!staff.classList.contains("staff")) continue;
      for (const line of staff.children) {
        const found = line.nodeName === "path" && /^M(-?[\d.]+) (-?[\d.]+) L(-?[\d.]+) (-?[\d.]+)$/.exec(line.getAttribute("d") || "");
        if (found && found[2] === found[4]) lines.push(found.slice(1).map(Number));
      }
    }
    if (!lines.length) return null;
    const left = Math.min(...lines.map((line) => line[0]));
    const right = Math.max(...lines.map((line) => line[2]));
    const top = Math.min(...lines.map((line) => line[1])) - 260;
    const bottom = Math.max(...lines.map((line) => line[1])) + 260;
    const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const sides = { x: left, y: top, width: right - left, height: bottom - top, rx: 90 };
    for (const [name, value] of Object.entries(sides)) ground.setAttribute(name, String(value));
    ground.setAttribute("class", "i2m-bar");
    return ground;
  };

  class ScoreView {
    constructor(player, heading) {
      this.player = player;
      this.count = make("span");
      this.back = player.button("", "Previous page", "back", () => this.turn(-1));
      this.forth = player.button("", "Next page", "forth", () => this.turn(1));
      this.follow = player.button("Follow", "Turn pages with the music", "follow", () => {
        this.setFollowing(!this.following);
        player.draw();
      });
      this.pages = make("div", { class: "i2m-pages", tabindex: "0", role: "group", "aria-label": "Score; left and right arrows go from bar to bar, page up and page down turn pages" });
      const tools = make("div", { class: "i2m-bar-of-tools" }, make(heading, { text: "Score" }), make("div", { class: "i2m-turn" }, this.back, this.count, this.forth, this.follow));
      this.root = make("section", { class: "i2m-panel", "aria-label": "Score" }, tools, this.pages);
      this.pages.addEventListener("click", (event) => this.press(event));
      this.setFollowing(true);
    }

    setData(data) {
      this.data = data;
      this.root.hidden = !data.pages.length;
      this.parsed = new Map();
      this.shown = "";
      this.first = 0;
      this.lit = new Map();
      this.here = null;
      this.longest = longestOf(data.notes, (note) => note[2], (note) => note[3]);
      this.noteOf = new Map(data.notes.map((note, index) => [note[0], index]));
      this.barOf = new Map(data.bars.map((bar, index) => [bar[0], index]));
      // All pages take the room of the tallest, so that nothing below jumps when one turns.
      this.shape = data.pages.reduce((widest, page) => {
        const size = /^<svg[^>]*? width="([\d.]+)px" height="([\d.]+)px"/.exec(page);
        return size ? Math.min(widest, (size[1] - 2 * MARGIN) / (size[2] - 2 * MARGIN)) : widest;
      }, 9);
      this.pages.replaceChildren();
    }

    setFollowing(on) {
      this.following = on;
      this.follow.setAttribute("aria-pressed", String(on));
    }

    /** How many pages stand side by side or below each other. */
    get room() {
      return Math.min(2, this.data.pages.length);
    }

    page(number) {
      if (!this.parsed.has(number)) {
        const frame = make("div", { class: "i2m-page", role: "img", "aria-label": `Page ${number + 1} of the score` });
        if (this.shape > 0) frame.style.aspectRatio = String(this.shape);
        const svg = parsePage(this.data.pages[number]);
        const elements = new Map();
        if (svg) {
          for (const node of svg.querySelectorAll("[id]")) elements.set(node.id, node);
          for (const measure of svg.querySelectorAll("g.measure")) {
            const ground = barGround(measure);
            if (ground) measure.prepend(ground);
          }
          frame.append(svg);
        } else frame.append(make("p", { class: "i2m-note", text: "This page can't be shown." }));
        this.parsed.set(number, { frame, elements });
      }
      return this.parsed.get(number);
    }

    turn(step) {
      this.setFollowing(false);
      this.first = clamp(this.first + step, 0, Math.max(0, this.data.pages.length - 1));
      this.show();
    }

    show() {
      const total = this.data.pages.length;
      const last = Math.min(total, this.first + this.room) - 1;
      const shown = `${this.first}-${last}`;
      if (shown === this.shown) return;
      this.shown = shown;
      const frames = [];
      for (let number = this.first; number <= last; number++) frames.push(this.page(number).frame);
      this.pages.classList.toggle("i2m-one", total === 1);
      this.pages.replaceChildren(...frames);
      this.count.textContent = this.first === last ? `Page ${last + 1} of ${total}` : `Pages ${this.first + 1}–${last + 1} of ${total}`;
      this.back.disabled = this.first <= 0;
      this.forth.disabled = this.first >= total - 1;
    }

    element(id, page) {
      return page >= this.first && page < this.first + this.room ? this.page(page).elements.get(id) : undefined;
    }

    draw(seconds, barIndex) {
      if (!this.data.pages.length) return;
      const bar = this.data.bars[barIndex];
      if (this.following && bar && (bar[3] < this.first || bar[3] >= this.first + this.room || (bar[3] > this.first && this.player.playing))) {
        this.first = bar[3];
      }
      if (this.first + this.room > this.data.pages.length) this.first = Math.max(0, this.data.pages.length - this.room);
      this.show();
      const here = bar && this.element(bar[0], bar[3]);
      if (here !== this.here) {
        if (this.here) this.here.classList.remove("i2m-here");
        if (here) here.classList.add("i2m-here");
        this.here = here;
      }
      const now = new Map();
      for (const index of soundingAt(this.data.notes, seconds, (note) => note[2], (note) => note[3], this.longest)) {
        const [id, part, , , page] = this.data.notes[index];
        const element = this.element(id, page);
        if (element) now.set(element, part);
      }
      for (const element of this.lit.keys()) if (!now.has(element)) element.classList.remove("i2m-on");
      for (const [element, part] of now) {
        if (this.lit.has(element)) continue;
        element.style.setProperty("--i2m-part", this.player.colour(part));
        element.classList.add("i2m-on");
      }
      this.lit = now;
    }

    press(event) {
      const note = event.target.closest("g.note");
      const measure = event.target.closest("g.measure");
      if (note && this.noteOf.has(note.id)) this.player.go(this.data.notes[this.noteOf.get(note.id)][2]);
      else if (measure && this.barOf.has(measure.id)) this.player.go(this.data.bars[this.barOf.get(measure.id)][2]);
    }
  }

  /* ---- the piano roll ---- */

  const BLACK = new Set([1, 3, 6, 8, 10]);
  const GUTTER = 38;
  const LANE = 11;

  class RollView {
    constructor(player, heading) {
      this.player = player;
      this.canvas = make("canvas", { role: "img" });
      this.tip = make("div", { class: "i2m-tip", hidden: "" });
      this.frame = make("div", { class: "i2m-roll" }, this.canvas, this.tip);
      this.root = make("section", { class: "i2m-panel", "aria-label": "Piano roll" }, make(heading, { text: "Piano roll" }), this.frame);
      this.still = document.createElement("canvas");
      this.from = 0;
      this.frame.addEventListener("pointermove", (event) => this.hover(event));
      this.frame.addEventListener("pointerleave", () => { this.tip.hidden = true; });
      this.frame.addEventListener("click", (event) => {
        const { left } = this.canvas.getBoundingClientRect();
        const x = event.clientX - left;
        if (x < GUTTER) return;
        player.go(this.secondsAt(x));
        player.play();
      });
    }

    setData(data) {
      this.data = data;
      this.root.hidden = !data.roll.length;
      this.longest = longestOf(data.roll, (note) => note[2], (note) => note[3]);
      const pitched = data.roll.filter((note) => !data.parts[note[0]].drums).map((note) => note[1]);
      const low = pitched.length ? pitched.reduce((one, other) => Math.min(one, other)) : 60;
      const high = pitched.length ? pitched.reduce((one, other) => Math.max(one, other)) : 60;
      const spare = Math.max(1, Math.ceil((20 - (high - low)) / 2));
      this.low = low - spare;
      this.high = high + spare;
      this.pitched = pitched.length > 0;
      this.drums = [...new Set(data.roll.filter((note) => data.parts[note[0]].drums).map((note) => note[1]))].sort((one, other) => other - one);
      this.from = 0;
      this.stale = true;
      const notes = data.roll.length;
      this.canvas.setAttribute("aria-label", `Piano roll: ${notes} notes of ${data.parts.map((part) => part.name).join(", ")}; time runs to the right, pitch upwards`);
      this.resize();
    }

    resize() {
      const width = this.frame.clientWidth;
      if (!this.data || !width) return;
      const rows = this.pitched ? this.high - this.low + 1 : 0;
      this.row = clamp(Math.floor(300 / Math.max(1, rows)), 4, 9);
      this.floor = 8 + rows * this.row;
      this.height = this.floor + (this.drums.length ? 8 + this.drums.length * LANE : 0) + 6;
      this.width = width;
      this.ratio = Math.min(3, window.devicePixelRatio || 1);
      for (const canvas of [this.canvas, this.still]) {
        canvas.width = Math.round(width * this.ratio);
        canvas.height = Math.round(this.height * this.ratio);
      }
      this.canvas.style.height = `${this.height}px`;
      const room = width - GUTTER - 6;
      this.span = this.data.seconds * 16 <= room ? this.data.seconds : Math.min(this.data.seconds, room / 30);
      this.stale = true;
    }

    x(seconds) {
      return GUTTER + ((seconds - this.from) / this.span) * (this.width - GUTTER - 6);
    }

    secondsAt(x) {
      return clamp(this.from + ((x - GUTTER) / (this.width - GUTTER - 6)) * this.span, 0, this.data.seconds);
    }

    box(note) {
      const [part, pitch, on, off] = note;
      const left = this.x(on);
      if (this.data.parts[part].drums) return [left - 2, this.floor + 8 + this.drums.indexOf(pitch) * LANE + 2, 5, LANE - 4];
      return [left, 8 + (this.high - pitch) * this.row + 0.5, Math.max(2, this.x(off) - left - 0.6), this.row - 1];
    }

    drawStill() {
      const brush = this.still.getContext("2d");
      const { line, soft, card, paper } = this.player.inks;
      brush.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      brush.fillStyle = paper;
      brush.fillRect(0, 0, this.width, this.height);
      brush.font = "10px ui-sans-serif, system-ui, sans-serif";
      brush.textAlign = "right";
      brush.textBaseline = "middle";
      if (this.pitched) {
        for (let pitch = this.low; pitch <= this.high; pitch++) {
          const y = 8 + (this.high - pitch) * this.row;
          brush.fillStyle = card;
          if (BLACK.has(((pitch % 12) + 12) % 12)) brush.fillRect(GUTTER, y, this.width, this.row);
          if (pitch % 12 === 0) {
            brush.fillStyle = line;
            brush.fillRect(GUTTER, y + this.row - 0.5, this.width, 1);
            brush.fillStyle = soft;
            brush.fillText(`C${pitch / 12 - 1}`, GUTTER - 6, y + this.row / 2);
          }
        }
      }
      this.drums.forEach((pitch, lane) => {
        const y = this.floor + 8 + lane * LANE;
        brush.fillStyle = card;
        if (lane % 2 === 0) brush.fillRect(GUTTER, y, this.width, LANE);
      });
      if (this.drums.length) {
        brush.fillStyle = soft;
        brush.fillText("drums", GUTTER - 6, this.floor + 8 + (this.drums.length * LANE) / 2);
      }
      brush.textAlign = "left";
      let free = 0;
      this.data.bars.forEach(([, bar, seconds], index) => {
        const x = this.x(seconds);
        const next = this.data.bars[index + 1];
        if (x < GUTTER - 1 || x > this.width || (next && this.x(next[2]) - x < 5 && bar % 4)) return;
        brush.fillStyle = line;
        brush.fillRect(x, 0, 1, this.height);
        if (x >= free) {
          brush.fillStyle = soft;
          brush.font = "9px ui-sans-serif, system-ui, sans-serif";
          brush.fillText(String(bar + 1), x + 3, 6);
          free = x + 28;
        }
      });
      for (const section of this.data.sections) {
        const x = this.x(section.from);
        brush.fillStyle = soft;
        if (x >= GUTTER - 1) brush.fillRect(x, 0, 1.5, this.height);
      }
      const end = this.from + this.span;
      for (let index = this.data.roll.length - 1; index >= 0; index--) {
        const note = this.data.roll[index];
        if (note[2] > end || note[3] < this.from) continue;
        brush.globalAlpha = 0.35 + (0.45 * note[4]) / 127;
        this.paint(brush, note);
      }
      brush.globalAlpha = 1;
      brush.fillStyle = paper;
      brush.fillRect(this.width - 5, 0, 5, this.height);
    }

    paint(brush, note) {
      const [left, top, width, height] = this.box(note);
      const begin = Math.max(GUTTER, left);
      brush.fillStyle = this.player.inks.parts[note[0] % PARTS];
      if (width - (begin - left) > 0) brush.fillRect(begin, top, width - (begin - left), height);
    }

    draw(seconds) {
      if (!this.data.roll.length || !this.width) return;
      if (seconds < this.from - EPSILON || seconds > this.from + this.span - 0.02 * this.span) {
        const target = clamp(seconds - 0.04 * this.span, 0, Math.max(0, this.data.seconds - this.span));
        if (Math.abs(target - this.from) > 1e-6) {
          this.from = target;
          this.stale = true;
        }
      }
      if (this.stale) {
        this.drawStill();
        this.stale = false;
      }
      const brush = this.canvas.getContext("2d");
      brush.setTransform(1, 0, 0, 1, 0, 0);
      brush.drawImage(this.still, 0, 0);
      brush.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      for (const index of soundingAt(this.data.roll, seconds, (note) => note[2], (note) => note[3], this.longest)) {
        const note = this.data.roll[index];
        const [left, top, width, height] = this.box(note);
        this.paint(brush, note);
        brush.strokeStyle = this.player.inks.ink;
        brush.lineWidth = 1.2;
        if (left >= GUTTER - 2) brush.strokeRect(left - 0.6, top - 0.6, width + 1.2, height + 1.2);
      }
      brush.fillStyle = this.player.inks.accent;
      brush.fillRect(this.x(seconds) - 0.75, 0, 1.5, this.height);
    }

    hover(event) {
      const { left, top } = this.canvas.getBoundingClientRect();
      const x = event.clientX - left;
      const y = event.clientY - top;
      const seconds = this.secondsAt(x);
      let best = null;
      for (const note of this.data.roll) {
        if (note[2] > seconds + 0.5) break;
        if (note[3] < seconds - 0.5) continue;
        const [boxLeft, boxTop, width, height] = this.box(note);
        if (x >= boxLeft - 2 && x <= boxLeft + width + 2 && y >= boxTop - 1.5 && y <= boxTop + height + 1.5) best = note;
      }
      this.tip.hidden = !best;
      if (!best) return;
      const part = this.data.parts[best[0]];
      this.tip.textContent = `${part.names[best[1]] || best[1]} · ${part.name}`;
      this.tip.style.left = `${clamp(x + 12, 4, Math.max(4, this.width - this.tip.offsetWidth - 4))}px`;
      this.tip.style.top = `${y > 40 ? y - 32 : y + 16}px`;
    }
  }

  /* ---- waveform and sections ---- */

  class TimeView {
    constructor(player) {
      this.player = player;
      this.canvas = make("canvas", { "aria-hidden": "true" });
      this.wave = make("div", { class: "i2m-wave", role: "slider", tabindex: "0", "aria-label": "Position", "aria-valuemin": "0" }, this.canvas);
      this.list = make("ol", { class: "i2m-sections", "aria-label": "Sections" });
      this.root = make("div", { class: "i2m-time" }, this.wave, this.list);
      this.dragging = false;
      this.wave.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        this.dragging = true;
        try { this.wave.setPointerCapture(event.pointerId); } catch { /* the pointer is gone */ }
        this.drag(event);
      });
      this.wave.addEventListener("pointermove", (event) => this.dragging && this.drag(event));
      for (const name of ["pointerup", "pointercancel"]) this.wave.addEventListener(name, () => { this.dragging = false; });
    }

    drag(event) {
      const { left, width } = this.wave.getBoundingClientRect();
      if (width) this.player.go(clamp((event.clientX - left) / width, 0, 1) * this.player.data.seconds);
    }

    setData(data) {
      this.data = data;
      this.wave.setAttribute("aria-valuemax", data.seconds.toFixed(1));
      this.buttons = data.sections.map((section, index) => {
        const fill = make("i", { "aria-hidden": "true" });
        fill.style.setProperty("--i2m-energy", `${Math.round(section.energy * 100)}%`);
        const bars = `bars ${section.first_bar + 1} to ${section.first_bar + section.bars}`;
        const words = `${section.name}, ${ROLES[section.role] || section.role}, ${bars}, from ${clock(section.from)}, energy ${Math.round(section.energy * 100)}%`;
        const button = make("button", { type: "button", title: words, "aria-label": words }, make("span", { text: section.name }), fill);
        button.addEventListener("click", () => this.player.goSection(index));
        return button;
      });
      this.list.hidden = !data.sections.length;
      this.list.replaceChildren(...this.buttons.map((button, index) => {
        const item = make("li", {}, button);
        item.style.flexGrow = String(Math.max(0.01, data.sections[index].to - data.sections[index].from));
        return item;
      }));
      this.resize();
    }

    resize() {
      this.width = this.wave.clientWidth;
      this.height = this.wave.clientHeight;
      this.ratio = Math.min(3, window.devicePixelRatio || 1);
      this.canvas.width = Math.round(this.width * this.ratio);
      this.canvas.height = Math.round(this.height * this.ratio);
    }

    draw(seconds, section, range) {
      const { data, width, height } = this;
      if (!width) return;
      const { wave, accent, line, shade, ink } = this.player.inks;
      const brush = this.canvas.getContext("2d");
      brush.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      brush.clearRect(0, 0, width, height);
      const x = (time) => (time / data.seconds) * width;
      if (range) {
        brush.fillStyle = shade;
        brush.fillRect(x(range[0]), 0, x(range[1]) - x(range[0]), height);
      }
      brush.fillStyle = line;
      for (const { from } of data.sections) if (from > 0) brush.fillRect(x(from) - 0.5, 0, 1, height);
      const peaks = data.peaks;
      const step = 3;
      const now = x(seconds);
      for (let left = 0; left < width; left += step) {
        let high = 0;
        if (peaks.length) {
          const begin = Math.floor((left / width) * peaks.length);
          const end = Math.max(begin + 1, Math.floor(((left + step) / width) * peaks.length));
          for (let index = begin; index < end && index < peaks.length; index++) high = Math.max(high, peaks[index]);
        }
        const tall = Math.max(2, high * (height - 10));
        brush.fillStyle = left < now ? accent : wave;
        brush.fillRect(left, (height - tall) / 2, step - 1, tall);
      }
      brush.fillStyle = ink;
      brush.fillRect(clamp(now - 1, 0, width - 2), 0, 2, height);
      if (section !== this.section || this.sectionsOf !== data) {
        this.buttons.forEach((button, index) => {
          if (index === section) button.setAttribute("aria-current", "true");
          else button.removeAttribute("aria-current");
        });
        this.section = section;
        this.sectionsOf = data;
      }
      const tenth = Math.round(seconds * 10) / 10;
      if (tenth !== this.said) {
        this.said = tenth;
        this.wave.setAttribute("aria-valuenow", tenth.toFixed(1));
        this.wave.setAttribute("aria-valuetext", `${clock(seconds)} of ${clock(data.seconds)}`);
      }
    }
  }

  /* ---- the mixer ---- */

  class MixerView {
    constructor(player, heading) {
      this.player = player;
      this.settings = new Map(); // by part id: {muted, solo, db}
      this.reset = player.button("As made", "Take back mutes, solos and levels", null, () => {
        this.settings.clear();
        this.show();
        player.applyMix();
      });
      this.title = make(heading, { text: "Parts" });
      this.tools = make("div", { class: "i2m-bar-of-tools" }, this.title, this.reset);
      this.list = make("div", { class: "i2m-strips" });
      this.hint = make("p", { class: "i2m-note" });
      this.root = make("section", { class: "i2m-panel", "aria-label": "Mixer" }, this.tools, this.list, this.hint);
    }

    setting(index) {
      return this.settings.get(this.data.parts[index].id) || { muted: false, solo: false, db: 0 };
    }

    setData(data, canMix) {
      this.data = data;
      this.canMix = canMix;
      this.title.textContent = canMix ? "Mixer" : "Parts";
      this.reset.hidden = !canMix;
      this.list.classList.toggle("i2m-legend", !canMix);
      this.hint.hidden = canMix || !data.stems.length;
      this.hint.textContent = "Open this page through a web server to mix the parts: a browser does not read them from a folder.";
      this.strips = data.parts.map((part, index) => this.strip(part, index, canMix));
      this.list.replaceChildren(...this.strips.map((strip) => strip.root));
      this.show();
    }

    strip(part, index, canMix) {
      const swatch = make("span", { class: "i2m-swatch", "aria-hidden": "true" });
      const name = make("span", { class: "i2m-name", text: part.name, title: part.name });
      const root = make("div", { class: "i2m-strip" }, swatch, name);
      root.style.setProperty("--i2m-part", this.player.colour(index));
      if (!canMix) return { root };
      root.tabIndex = 0;
      root.setAttribute("role", "group");
      root.setAttribute("aria-label", `${part.name}; M mutes, S plays it alone`);
      const mute = make("button", { type: "button", text: "M", title: `Mute ${part.name}`, "aria-label": `Mute ${part.name}` });
      const solo = make("button", { type: "button", text: "S", title: `${part.name} alone`, "aria-label": `Solo ${part.name}` });
      const level = make("input", { type: "range", min: LEAST_DB, max: MOST_DB, step: "0.5", "aria-label": `Level of ${part.name}` });
      const output = make("output");
      mute.addEventListener("click", () => this.change(index, { muted: !this.setting(index).muted }));
      solo.addEventListener("click", () => this.change(index, { solo: !this.setting(index).solo }));
      level.addEventListener("input", () => this.change(index, { db: Number(level.value) }));
      root.append(mute, solo, level, output);
      root.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const key = event.key.toLowerCase();
        if (key !== "m" && key !== "s") return;
        event.preventDefault();
        event.stopPropagation();
        const setting = this.setting(index);
        this.change(index, key === "m" ? { muted: !setting.muted } : { solo: !setting.solo });
      });
      return { root, mute, solo, level, output };
    }

    change(index, some) {
      this.settings.set(this.data.parts[index].id, { ...this.setting(index), ...some });
      this.show();
      this.player.applyMix();
    }

    get touched() {
      return this.data.parts.some((_, index) => {
        const { muted, solo, db } = this.setting(index);
        return muted || solo || db !== 0;
      });
    }

    /** The level of each part, 1 as in the mix. */
    levels() {
      const alone = this.data.parts.some((_, index) => this.setting(index).solo);
      return this.data.parts.map((_, index) => {
        const { muted, solo, db } = this.setting(index);
        return muted || (alone && !solo) ? 0 : gainOf(db);
      });
    }

    show() {
      if (!this.canMix) return;
      const levels = this.levels();
      this.strips.forEach(({ root, mute, solo, level, output }, index) => {
        const setting = this.setting(index);
        mute.setAttribute("aria-pressed", String(setting.muted));
        solo.setAttribute("aria-pressed", String(setting.solo));
        level.value = String(setting.db);
        const words = setting.db <= LEAST_DB ? "silent" : `${setting.db > 0 ? "+" : setting.db < 0 ? "−" : ""}${Math.abs(setting.db)} dB`;
        output.textContent = words;
        level.setAttribute("aria-valuetext", words);
        root.classList.toggle("i2m-silenced", levels[index] === 0);
      });
      this.reset.disabled = !this.touched;
    }

    draw(sounding) {
      this.strips.forEach(({ root }, index) => {
        const on = sounding.has(index) && !root.classList.contains("i2m-silenced");
        if (on !== root.classList.contains("i2m-sounding")) root.classList.toggle("i2m-sounding", on);
      });
    }
  }

  /* ---- the player ---- */

  class Player {
    constructor(element, data, options) {
      this.element = element;
      this.options = options;
      this.alive = true;
      this.loopIndex = null;
      this.version = 0;
      users++;
      const heading = `h${clamp(Number(options.heading) || 3, 2, 6)}`;
      const panels = options.panels || ["score", "roll", "mixer"];
      this.root = make("div", { class: "i2m-player", "data-theme": ["light", "dark", "host"].includes(options.theme) ? options.theme : "auto", role: "group" });
      this.probe = make("span", { class: "i2m-unseen", "aria-hidden": "true" });
      this.toggle = make("button", { type: "button", class: "i2m-play", "aria-label": "Play" }, icon("play"));
      this.toggle.addEventListener("click", () => (this.playing ? this.pause() : this.play()));
      this.caption = make("p", { class: "i2m-caption" });
      this.clockText = make("p", { class: "i2m-clock" });
      this.looper = this.button("Loop section", "Repeat the section that is playing", "loop", () => this.loop(this.loopIndex >= 0 && this.loopIndex !== null ? null : this.sectionAt(this.position())));
      this.looper.setAttribute("aria-pressed", "false");
      this.rounder = this.button("Go round", "Repeat the whole piece, whose end leads into its beginning", "loop", () => this.loop(this.loopIndex === WHOLE ? null : WHOLE));
      this.rounder.setAttribute("aria-pressed", "false");
      this.status = make("p", { class: "i2m-status", role: "status", hidden: "" });
      const deck = make("div", { class: "i2m-deck", role: "group", "aria-label": "Transport" }, this.toggle, make("div", { class: "i2m-now" }, this.caption, this.clockText), make("div", { class: "i2m-tools" }, this.rounder, this.looper));
      this.time = new TimeView(this);
      this.score = panels.includes("score") ? new ScoreView(this, heading) : null;
      this.roll = panels.includes("roll") ? new RollView(this, heading) : null;
      this.mixer = panels.includes("mixer") ? new MixerView(this, heading) : null;
      const views = { score: this.score, roll: this.roll, mixer: this.mixer };
      const frame = make("div", { class: "i2m-frame" }, deck, this.status, this.time.root, ...panels.map((name) => views[name] && views[name].root));
      this.root.append(this.probe, frame);
      element.append(this.root);

      this.onKey = (event) => this.key(event);
      this.root.addEventListener("keydown", this.onKey);
      this.dark = window.matchMedia("(prefers-color-scheme: dark)");
      this.onTheme = () => this.restyle();
      this.dark.addEventListener("change", this.onTheme);
      this.themed = new MutationObserver(this.onTheme);
      for (const node of [document.documentElement, document.body]) this.themed.observe(node, { attributes: true, attributeFilter: ["class", "data-theme", "style"] });
      this.sized = new ResizeObserver(() => this.resize());
      this.sized.observe(this.root);
      this.readInks();
      this.setData(data, new Sound(data, this.hearing()));
      this.draw();
    }

    hearing() {
      return {
        ended: () => {
          this.showPlaying();
          this.emit("ended", {});
          this.draw();
        },
        failed: (message, quiet) => {
          this.say(message, !quiet);
          this.showPlaying();
          if (!quiet) this.emit("error", { message });
        },
      };
    }

    setData(data, sound) {
      this.data = data;
      this.sound = sound;
      this.root.setAttribute("aria-label", `Player: ${data.title}`);
      this.bar = this.section = this.chord = -2;
      this.longest = longestOf(data.roll, (note) => note[2], (note) => note[3]);
      this.looper.hidden = !data.sections.length;
      this.rounder.hidden = !data.loop;
      this.time.setData(data);
      if (this.score) this.score.setData(data);
      if (this.roll) this.roll.setData(data);
      if (this.mixer) this.mixer.setData(data, sound.canMix);
    }

    /** A button; its label is what it is called where it shows no text, else a tip. */
    button(text, label, picture, press) {
      const node = make("button", { type: "button", title: label, "aria-label": text ? null : label }, picture && icon(picture), text && make("span", { text }));
      node.addEventListener("click", press);
      return node;
    }

    colour(part) {
      const own = this.data.parts[part] && this.data.parts[part].colour;
      return `var(--_part-${part % PARTS}, ${/^#[0-9a-f]{3,8}$/i.test(own || "") ? own : "currentColor"})`;
    }

    /** Colours as a canvas needs them. */
    readInks() {
      const read = (name) => {
        this.probe.style.color = `var(--_${name})`;
        return getComputedStyle(this.probe).color;
      };
      this.inks = { parts: Array.from({ length: PARTS }, (_, index) => read(`part-${index}`)) };
      for (const name of ["paper", "card", "ink", "soft", "line", "accent", "shade", "wave"]) this.inks[name] = read(name);
    }

    restyle() {
      if (!this.alive) return;
      this.readInks();
      if (this.roll) this.roll.stale = true;
      this.draw();
    }

    resize() {
      if (!this.alive) return;
      this.time.resize();
      if (this.roll) this.roll.resize();
      this.readInks();
      this.draw();
    }

    get playing() {
      return this.sound.playing;
    }

    position() {
      return this.sound.position();
    }

    emit(name, detail) {
      this.element.dispatchEvent(new CustomEvent(`player:${name}`, { bubbles: true, detail }));
    }

    say(message, wrong = false) {
      this.status.textContent = message;
      this.status.hidden = !message;
      this.status.classList.toggle("i2m-wrong", wrong);
    }

    play() {
      if (this.playing) return;
      if (context && context.state === "suspended") context.resume().catch(() => {});
      this.say("");
      this.sound.play();
      this.showPlaying();
      this.emit("play", {});
      this.run();
    }

    pause() {
      if (!this.playing) return;
      this.sound.pause();
      this.showPlaying();
      this.emit("pause", {});
      this.draw();
    }

    showPlaying() {
      this.toggle.setAttribute("aria-label", this.playing ? "Pause" : "Play");
      this.toggle.replaceChildren(icon(this.playing ? "pause" : "play"));
    }

    run() {
      if (this.frame) return;
      const step = () => {
        this.frame = 0;
        if (!this.alive) return;
        this.sound.tick();
        this.draw();
        if (this.playing) this.frame = requestAnimationFrame(step);
      };
      this.frame = requestAnimationFrame(step);
    }

    /** Goes to a place; where a section is repeated and the place lies outside, the section there is repeated. */
    go(seconds) {
      const target = clamp(seconds, 0, this.data.seconds);
      this.sound.seek(target);
      if (this.loopIndex >= 0 && this.loopIndex !== null && this.sectionAt(target) !== this.loopIndex) this.loop(this.sectionAt(target));
      if (this.score) this.score.setFollowing(true);
      this.draw();
    }

    goSection(index) {
      this.go(this.data.sections[index].from);
    }

    barAt(seconds) {
      return Math.max(0, countUntil(this.data.bars, seconds + EPSILON, (bar) => bar[2]) - 1);
    }

    sectionAt(seconds) {
      const index = countUntil(this.data.sections, seconds + EPSILON, (section) => section.from) - 1;
      return this.data.sections.length ? Math.max(0, index) : null;
    }

    goBar(step) {
      const now = this.position();
      const bar = this.barAt(now);
      const target = step < 0 && now - this.data.bars[bar][2] > 0.6 ? bar : bar + step;
      if (target < 0) this.go(0);
      else if (target < this.data.bars.length) this.go(this.data.bars[target][2]);
    }

    /** Repeats a section, by its index, or the whole piece (-1); null goes on. */
    loop(index) {
      const section = this.data.sections[index];
      const whole = index === WHOLE;
      this.loopIndex = section || whole ? index : null;
      this.looper.setAttribute("aria-pressed", String(Boolean(section)));
      this.looper.lastChild.textContent = section ? `Looping ${section.name}` : "Loop section";
      this.rounder.setAttribute("aria-pressed", String(whole));
      const range = section ? [section.from, Math.min(section.to, this.data.seconds)] : whole ? [0, this.data.seconds] : null;
      this.sound.loop(range);
      // A decoded sound goes round to the sample; an element is sent back, with a breath between.
      const { sound } = this;
      const readable = range && sound.mode === "element" && sound.canRead(this.data.audio);
      if (readable && (this.options.fetches !== false || this.data.audio.startsWith("data:"))) sound.decode("mix");
      this.draw();
    }

    /** Brings the mixer's settings to the sound: the first time the stems are loaded while the mix plays on. */
    async applyMix() {
      const sound = this.sound;
      if (!this.mixer || !sound.canMix) return;
      sound.setLevels(this.mixer.levels());
      if (!this.mixer.touched || (sound.mode === "buffers" && sound.kind === "stems")) return;
      this.say(`Loading ${this.data.stems.length} parts …`);
      const done = await sound.decode("stems");
      if (sound !== this.sound || !this.alive) return;
      if (done) {
        this.say("");
        sound.setLevels(this.mixer.levels());
      }
      this.draw();
    }

    /** Another take or an edit of the piece: goes on at the same place, playing or not. */
    async update(data) {
      const version = ++this.version;
      const before = this.sound;
      const sound = new Sound(data, this.hearing());
      const whole = this.loopIndex === WHOLE && data.loop;
      const named = this.loopIndex >= 0 && this.loopIndex !== null ? this.data.sections[this.loopIndex].name : null;
      await sound.ready();
      const mixing = this.mixer && sound.canMix && before.mode === "buffers" && before.kind === "stems";
      if (mixing) await sound.decode("stems");
      if (!this.alive || version !== this.version) {
        sound.destroy();
        return;
      }
      const place = Math.min(this.position(), Math.max(0, data.seconds - 0.05));
      const playing = this.playing;
      this.setData(data, sound);
      sound.seek(place);
      if (this.mixer) sound.setLevels(this.mixer.levels());
      if (playing) sound.play();
      before.destroy();
      const again = named === null ? -1 : data.sections.findIndex((section) => section.name === named);
      this.loop(whole ? WHOLE : again >= 0 ? again : null);
      if (this.mixer && this.mixer.touched && !mixing) this.applyMix();
      this.showPlaying();
      if (playing) this.run();
      this.draw();
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const kind = event.target.nodeName;
      if (kind === "INPUT" || kind === "SELECT" || kind === "TEXTAREA") return;
      const actions = {
        ArrowLeft: () => (event.shiftKey ? this.stepSection(-1) : this.goBar(-1)),
        ArrowRight: () => (event.shiftKey ? this.stepSection(1) : this.goBar(1)),
        Home: () => this.go(0),
        End: () => this.data.bars.length && this.go(this.data.bars[this.data.bars.length - 1][2]),
        PageUp: () => this.score && this.score.turn(-1),
        PageDown: () => this.score && this.score.turn(1),
        l: () => this.looper.hidden || this.looper.click(),
        " ": () => (this.playing ? this.pause() : this.play()),
      };
      if (event.key === " " && kind === "BUTTON") return; // it presses the button
      const action = actions[event.key] || actions[event.key.toLowerCase()];
      if (!action) return;
      event.preventDefault();
      action();
    }

    stepSection(step) {
      const index = this.sectionAt(this.position());
      if (index !== null) this.goSection(clamp(index + step, 0, this.data.sections.length - 1));
    }

    draw() {
      if (!this.alive) return;
      const seconds = this.position();
      const { data } = this;
      const bar = this.barAt(seconds);
      const section = this.sectionAt(seconds);
      const chord = countUntil(data.chords || [], seconds + EPSILON, (one) => one[0]) - 1;
      if (bar !== this.bar || section !== this.section || chord !== this.chord) {
        const words = [];
        if (section !== null) words.push(data.sections[section].name);
        if (data.bars.length) words.push(`bar ${bar + 1} of ${data.bars.length}`);
        if (chord >= 0) words.push(data.chords[chord][1]);
        this.caption.textContent = words.join(" · ");
        if (bar !== this.bar) this.emit("bar", { bar });
        if (section !== this.section && section !== null) this.emit("section", { section, name: data.sections[section].name });
        Object.assign(this, { bar, section, chord });
      }
      const role = section === null ? "" : ROLES[data.sections[section].role] || "";
      const time = `${clock(seconds)} / ${clock(data.seconds)}${role ? ` · ${role}` : ""}`;
      if (this.clockText.textContent !== time) this.clockText.textContent = time;
      this.time.draw(seconds, section, this.sound.range);
      if (this.score) this.score.draw(seconds, bar);
      if (this.roll) this.roll.draw(seconds);
      if (this.mixer) {
        const on = this.playing ? soundingAt(data.roll, seconds, (note) => note[2], (note) => note[3], this.longest) : [];
        this.mixer.draw(new Set(on.map((index) => data.roll[index][0])));
      }
      const now = performance.now();
      if (!this.told || now - this.told > 200 || !this.playing) {
        this.told = now;
        this.emit("time", { seconds, bar, section });
      }
    }

    state() {
      return {
        seconds: this.position(),
        length: this.data.seconds,
        playing: this.playing,
        source: this.sound.mode === "buffers" ? this.sound.kind : this.sound.mode,
        bar: this.bar,
        section: this.section,
        loop: this.loopIndex,
        levels: this.sound.mode === "buffers" && this.sound.kind === "stems" ? this.sound.layers.map(({ gain }) => gain.gain.value) : [],
        lit: this.score ? [...this.score.lit.keys()].map((element) => element.id) : [],
        pages: this.score && this.data.pages.length ? [this.score.first, Math.min(this.data.pages.length, this.score.first + this.score.room) - 1] : null,
      };
    }

    destroy() {
      if (!this.alive) return;
      this.alive = false;
      cancelAnimationFrame(this.frame);
      this.sound.destroy();
      this.sized.disconnect();
      this.themed.disconnect();
      this.dark.removeEventListener("change", this.onTheme);
      this.root.remove();
      users--;
      if (users === 0 && context) {
        context.close().catch(() => {});
        context = null;
      }
    }
  }

  window.Img2MusicPlayer = Object.freeze({
    mount(element, data, options = {}) {
      const player = new Player(element, data, options || {});
      return Object.freeze({
        play: () => player.play(),
        pause: () => player.pause(),
        seek: (seconds) => player.go(Number(seconds) || 0),
        loop: (section) => player.loop(section),
        update: (next) => player.update(next),
        state: () => player.state(),
        destroy: () => player.destroy(),
      });
    },
  });
})();
