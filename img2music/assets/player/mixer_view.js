// The mixer.

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
    this.hint.hidden = canMix || !(data.stems.length || data.stems_words);
    this.hint.textContent = data.stems_words || "Open this page through a web server to mix the parts: a browser does not read them from a folder.";
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
