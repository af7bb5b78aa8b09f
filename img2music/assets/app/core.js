// The page's small base: texts, elements, and views that draw what the server says. No library, no HTML from strings.
//
// A view is `define(name, (place) => draw)`: `place` is its element, `draw(value)` is called with plain JSON whenever the server sends some.
// What people do goes out through `send(event, data)`; the bus (`bus.js`) carries it.
(() => {
  "use strict";
  const page = (window.Img2MusicPage = {});
  const makers = {};
  const SVG = "http://www.w3.org/2000/svg";
  const node = document.getElementById("img2music-texts");
  const texts = node ? JSON.parse(node.textContent) : {};

  /** The text of that key ("plan.tempo"), with {name}s filled in. */
  page.text = (key, values = {}) => {
    const found = key.split(".").reduce((tree, name) => (tree === undefined ? tree : tree[name]), texts);
    if (typeof found !== "string") return key;
    return found.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  };

  /** A table of texts, such as those of the stages; {} where there is none. */
  page.table = (key) => key.split(".").reduce((tree, name) => (tree || {})[name], texts) || {};

  const assign = (element, attributes) => {
    for (const [name, given] of Object.entries(attributes)) {
      if (given === undefined || given === null || given === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), given);
      else if (name === "style") for (const [property, value] of Object.entries(given)) element.style.setProperty(property, value);
      else if (name === "value" || name === "checked") element[name] = given;
      else element.setAttribute(name, given === true ? "" : given);
    }
  };

  const fill = (element, children) => {
    for (const child of children.flat(Infinity)) {
      if (child === undefined || child === null || child === false) continue;
      element.append(child instanceof Node ? child : String(child));
    }
    return element;
  };

  /** An element: h("button", {class: "quiet", onclick: f}, "text"). Strings become text, never markup. */
  page.h = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    const later = {};
    for (const name of ["value", "checked"]) if (name in attributes) later[name] = attributes[name];
    assign(element, Object.fromEntries(Object.entries(attributes).filter(([name]) => !(name in later))));
    fill(element, children);
    assign(element, later); // a select takes its value when its options are there
    return element;
  };

  /** Puts children into a place instead of what was there; what is not there (`false`, `null`) is left out. */
  page.put = (place, ...children) => {
    place.replaceChildren();
    return fill(place, children);
  };

  page.svg = (tag, attributes = {}, ...children) => {
    const element = document.createElementNS(SVG, tag);
    assign(element, attributes);
    return fill(element, children);
  };

  /** A drawing of 24 x 24 from paths; said to nobody, so a button with one needs a label. */
  page.icon = (...paths) =>
    page.svg(
      "svg",
      { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" },
      paths.map((d) => page.svg("path", { d })),
    );

  page.define = (name, make) => {
    makers[name] = make;
  };

  /** Makes the part of the page that holds `place` a landmark of that name. */
  page.landmark = (place, id, label) => {
    const region = place.closest(`#${id}`);
    region?.setAttribute("role", "region");
    region?.setAttribute("aria-label", label);
  };

  const plain = (value) => (value === undefined || value === null ? {} : JSON.parse(JSON.stringify(value)));

  /** Puts a view into a component of the server; whoever had the focus has it again after a drawing. */
  page.mount = (name, { element, props, watch }) => {
    const place = element.querySelector(".view") || element;
    const draw = makers[name](place);
    const redraw = () => {
      const active = document.activeElement;
      const key = place.contains(active) ? active.dataset.key : undefined;
      draw(plain(props.value));
      if (key) place.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
    };
    watch("value", redraw);
    redraw();
  };

  const heard = {};
  /** What happens on the page between views: `hear("lit", f)`, `say("lit", data)`. */
  page.hear = (what, listener) => (heard[what] ||= new Set()).add(listener);
  page.say = (what, data) => heard[what]?.forEach((listener) => listener(data));

  page.clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  page.limit = (value, low, high) => Math.min(high, Math.max(low, value));
})();
