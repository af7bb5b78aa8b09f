// Files to take away: one button each; what can't be made here says what to install.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text } = page;

  const fetchFile = ({ url, name }) => {
    const link = h("a", { href: new URL(url, document.baseURI).href, download: name });
    document.body.append(link);
    link.click();
    link.remove();
  };

  page.define("away", (place) => {
    let fetched = null;
    let offered = "";
    const options = { shape: "wide", shows: "picture" };
    const menu = (name, values) => {
      const field = h("select", { "aria-label": text(`away.${name}`), value: options[name], "data-key": `away-${name}` }, values.map((value) => h("option", { value }, text(`away.${name}_${value}`))));
      field.addEventListener("change", () => { options[name] = field.value; });
      return field;
    };
    const file = (one) => {
      const hint = one.missing ? h("small", { id: `img2music-away-${one.what}` }, one.missing) : h("small", {}, one.words);
      const button = h(
        "button",
        { type: "button", class: "file", "data-key": `file-${one.what}`, "aria-disabled": one.missing ? "true" : undefined, "aria-describedby": one.missing ? hint.id : undefined, onclick: () => { if (!one.missing) page.send("download", { what: one.what, ...(one.what === "video" ? options : {}) }); } },
        h("strong", {}, one.label),
        hint,
      );
      return h("li", { class: one.missing ? "missing" : "" }, button, one.what === "video" && !one.missing ? h("div", { class: "line-up" }, menu("shape", ["wide", "square", "tall"]), menu("shows", ["picture", "score"])) : null);
    };
    const draw = (value) => {
      const groups = value.groups || [];
      const signature = JSON.stringify(groups);
      if (groups.length === 0) {
        offered = "";
        place.replaceChildren();
        return;
      }
      if (signature !== offered) {
        offered = signature;
        const earlier = h("section", { class: "files" }, h("h3", {}, text("away.again")), h("div", { class: "line-up" }, page.manifestOpener("open-manifest"), h("p", { class: "hint" }, text("away.open_manifest_hint"))));
        place.replaceChildren(
          ...groups.map((group) => h("section", { class: "files", "aria-label": group.label }, h("h3", {}, group.label), h("ul", {}, group.files.map(file)))),
          earlier,
        );
      }
      if (value.ready && value.ready.token !== fetched) {
        fetched = value.ready.token;
        fetchFile(value.ready);
      }
    };
    return draw;
  });
})();
