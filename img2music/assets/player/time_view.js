// Waveform and sections.

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
