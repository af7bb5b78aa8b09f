// The music: the player that follows the score. What it plays lies in a file of this visit, which is fetched when it is ready.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text } = page;

  const absolute = (url) => (url ? new URL(url, document.baseURI).href : url);
  const located = (data) => ({ ...data, audio: absolute(data.audio), stems: (data.stems || []).map((stem) => ({ ...stem, url: absolute(stem.url) })) });

  page.define("hear", (place) => {
    let player = null;
    let element = null;
    let number = null;
    let at = 0;
    const stop = () => { player?.destroy?.(); player = null; };
    const show = async (value) => {
      const answer = await fetch(absolute(value.url));
      if (!answer.ok) throw new Error(String(answer.status));
      const data = located(await answer.json());
      if (player && number === value.number) {
        player.update(data);
        return;
      }
      const before = at;
      stop();
      element = h("div", { class: "player-place" });
      place.replaceChildren(element);
      element.addEventListener("player:time", (event) => { at = event.detail?.seconds ?? at; page.say("time", at); });
      element.addEventListener("player:section", (event) => page.say("section", event.detail?.name));
      element.addEventListener("player:state", (event) => page.say("playing", Boolean(event.detail?.playing)));
      player = window.Img2MusicPlayer.mount(element, data, { texts: page.table("player") });
      number = value.number;
      if (value.keep_place && before) player.seek(before);
    };
    page.player = () => player;
    return (value) => {
      page.say("made", Boolean(value.url));
      if (!value.url) {
        stop();
        return place.replaceChildren();
      }
      show(value).catch(() => place.replaceChildren(h("p", { class: "wrong", role: "alert" }, text("hear.lost"))));
    };
  });
})();
