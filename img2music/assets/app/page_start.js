// What belongs to the whole page: the picture's colours as its accents, keys, and where one is.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const sheet = document.createElement("style");
  document.head.append(sheet);
  const safe = /^#[0-9a-f]{6}$/;

  const rule = (selector, colours) => {
    const lines = Object.entries(colours).filter(([name, value]) => /^[a-z0-9-]+$/.test(name) && safe.test(value)).map(([name, value]) => `--${name}:${value}`);
    return `${selector}{${lines.join(";")}}`;
  };

  page.define("colours", () => ({ light, dark }) => {
    if (light && dark) sheet.textContent = `${rule(":root:root", light)}${rule(":root:root:has(body.dark)", dark)}${rule("html body.dark", dark)}`;
  });

  document.documentElement.lang = page.text("page.language");
})();
