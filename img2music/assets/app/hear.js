// The music: the player that follows the score. What it plays lies in a file of this visit, which is fetched when it is ready.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text } = page;

  const absolute = (url) => (url ? new URL(url, document.baseURI).href : url);
  const located = (data) => ({ ...data, audio: absolute(data.audio), stems: (data.stems || []).map((stem) => ({ ...stem, url: absolute(stem.url) })) });

  page.define("hear", (place) => {
    const element = h("div", { class: "player-place" });
    page.landmark(place, "img2music-right", text("page.music_region"));
    let player = null;
    let playing = false;
    let wanted = 0;

    const tell = (now) => { playing = now; page.say("playing", now); };
    element.addEventListener("player:play", () => tell(true));
    element.addEventListener("player:pause", () => tell(false));
    element.addEventListener("player:ended", () => tell(false));
    element.addEventListener("player:time", (event) => page.say("time", event.detail.seconds));
    element.addEventListener("player:section", (event) => page.say("section", event.detail.name));
    page.player = () => player;
    page.isPlaying = () => playing;

    const remove = () => {
      player?.destroy();
      player = null;
      tell(false);
      place.replaceChildren();
    };
    const put = async (value) => {
      const turn = ++wanted;
      const answer = await fetch(absolute(value.url));
      if (!answer.ok) throw new Error(String(answer.status));
      const data = located(await answer.json());
      if (turn !== wanted) return; // something newer has come meanwhile
      place.replaceChildren(element);
      page.say("loaded", data);
      if (player) {
        player.update(data); // it keeps the place and goes on playing, so that two takes can be compared
      } else {
        player = window.Img2MusicPlayer.mount(element, data, { theme: "host", heading: 3 });
      }
    };
    return (value) => {
      page.say("made", Boolean(value.url));
      if (!value.url) {
        wanted += 1;
        remove();
        return;
      }
      put(value).catch(() => place.replaceChildren(h("p", { class: "wrong", role: "alert" }, text("hear.lost"))));
    };
  });
})();
