// The score.

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
