// One context for all players of the page, made on the first press that needs it.

let context = null;
let users = 0;

const audioContext = () => {
  if (!context) {
    const Context = window.AudioContext || window.webkitAudioContext;
    if (!Context) throw new Error("this browser has no Web Audio");
    context = new Context({ latencyHint: "interactive" });
  }
  if (context.state === "suspended") context.resume().catch(() => {});
  return context;
};

const bytesOf = async (url, signal) => {
  const found = /^data:[^,]*;base64,/.exec(url);
  if (found) {
    const text = atob(url.slice(found[0].length));
    const bytes = new Uint8Array(text.length);
    for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
    return bytes.buffer;
  }
  const answer = await fetch(url, { credentials: "same-origin", signal });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.arrayBuffer();
};

/** Straight up to .9 of full scale, bent above it: a part that is turned up doesn't crack, and what is not turned up is not touched. */
const softCeiling = () => {
  const shaper = context.createWaveShaper();
  const points = 4097;
  const curve = new Float32Array(points);
  for (let index = 0; index < points; index++) {
    const value = (2 * index) / (points - 1) - 1;
    const size = Math.abs(value);
    curve[index] = size <= 0.9 ? value : Math.sign(value) * (0.9 + 0.1 * Math.tanh((size - 0.9) / 0.1));
  }
  shaper.curve = curve;
  return shaper;
};
