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
