// The piano roll.

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
