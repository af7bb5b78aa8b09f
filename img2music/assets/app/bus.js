// What people do on the page, on its way to the server: one component carries all of it.
//
// `send("work", {...})` asks for something that takes a while; what runs is stopped first, because the newest wish counts.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  let trigger;
  const waiting = [];

  page.send = (event, data = {}) => {
    if (trigger) trigger(event, data);
    else waiting.push([event, data]);
  };

  /** The wishes beside the picture, kept by `wishes.js`; sent with whatever makes music. */
  page.choices = {};

  page.work = (action, data = {}) => {
    page.say("asked", { action });
    page.send("work", { action, choices: page.choices, ...data });
  };

  page.openBus = (given) => {
    trigger = given;
    while (waiting.length) trigger(...waiting.shift());
  };
})();
