// Sound: one clock over an audio element, decoded buffers, or nothing at all.

class Sound {
  constructor(data, told) {
    this.data = data;
    this.told = told; // {ended, failed}
    this.seconds = data.seconds;
    this.playing = false;
    this.range = null; // [from, to] that goes round
    this.levels = data.stems.map(() => 1);
    this.base = data.stems.map((stem) => gainOf(stem.level_db || 0));
    this.mode = "silent";
    this.place = 0;
    this.started = 0;
    this.sources = [];
    this.layers = [];
    this.alive = true;
    this.stop = new AbortController();
    this.loading = new Map(); // what is being decoded, and the promise of it
    if (data.audio) {
      this.mode = "element";
      this.audio = new Audio();
      this.audio.preload = "auto";
      this.onEnded = () => this.mode === "element" && this.reachEnd();
      this.onError = () => this.mode === "element" && this.failElement();
      this.audio.addEventListener("ended", this.onEnded);
      this.audio.addEventListener("error", this.onError);
      this.onTime = () => this.tick(); // a page in the background draws nothing
      this.audio.addEventListener("timeupdate", this.onTime);
      this.audio.src = data.audio;
    }
  }

  /** Resolves when the sound can begin at once, or never will. */
  ready() {
    if (this.mode !== "element" || this.audio.readyState >= 3) return Promise.resolve();
    return new Promise((done) => {
      const events = ["canplay", "error"];
      const finish = () => {
        events.forEach((name) => this.audio.removeEventListener(name, finish));
        clearTimeout(late);
        done();
      };
      const late = setTimeout(finish, 4000);
      events.forEach((name) => this.audio.addEventListener(name, finish));
    });
  }

  position() {
    if (this.mode === "element") return clamp(this.audio.currentTime, 0, this.seconds);
    if (!this.playing) return this.place;
    let now = this.place;
    if (this.mode === "buffers") now += Math.max(0, context.currentTime - (context.outputLatency || 0) - this.started);
    else now += (performance.now() - this.started) / 1000;
    if (this.range && now >= this.range[1]) now = this.range[0] + ((now - this.range[0]) % (this.range[1] - this.range[0]));
    return clamp(now, 0, this.seconds);
  }

  play() {
    if (this.playing || !this.alive) return;
    if (this.position() >= this.seconds - 0.02) this.seek(0);
    this.playing = true;
    if (this.mode === "element") {
      const begun = this.audio.play();
      if (begun) begun.catch((error) => this.alive && this.mode === "element" && error.name !== "AbortError" && this.refused(error));
    } else if (this.mode === "buffers") this.startSources(this.place);
    else this.started = performance.now();
  }

  refused(error) {
    this.playing = false;
    if (error.name === "NotAllowedError") this.told.failed("The browser wants a press of the play button first.", true);
    else this.failElement();
  }

  pause() {
    if (!this.playing) return;
    const now = this.position();
    this.playing = false;
    this.place = now;
    if (this.mode === "element") this.audio.pause();
    else this.stopSources();
  }

  seek(seconds) {
    const target = clamp(seconds, 0, this.seconds);
    this.place = target;
    if (this.mode === "element") this.audio.currentTime = target;
    else if (this.playing && this.mode === "buffers") this.startSources(target);
    else this.started = performance.now();
  }

  reachEnd() {
    if (!this.alive) return;
    if (this.range) {
      this.seek(this.range[0]);
      if (this.mode === "element" && this.playing) this.audio.play().catch(() => {});
      return;
    }
    this.playing = false;
    this.place = this.seconds;
    this.stopSources();
    this.told.ended();
  }

  failElement() {
    const now = this.place;
    this.mode = "silent";
    this.started = performance.now();
    this.place = now;
    this.told.failed("The sound can't be played here. The score still runs; keep the sound's file beside this page.");
  }

  /** Keeps time where a clock does not itself: the end, and a loop of an audio element. */
  tick() {
    if (!this.playing) return;
    if (this.mode === "element") {
      if (this.range && this.audio.currentTime >= this.range[1] - 0.004) this.audio.currentTime = this.range[0];
    } else if (!this.range && this.position() >= this.seconds) this.reachEnd();
  }

  loop(range) {
    const now = this.position();
    this.range = range;
    if (this.mode === "buffers" && this.playing) {
      // Sources go round by themselves, to the sample; where the clock stood is counted anew.
      if (range && (now < range[0] || now >= range[1])) this.startSources(range[0]);
      else this.startSources(now);
    } else if (!this.playing || this.mode === "silent") {
      this.place = now;
      this.started = performance.now();
    }
    if (range && (now < range[0] - EPSILON || now >= range[1])) this.seek(range[0]);
  }

  /** Whether a script may read the sound at a URL: of a page that is a file, only what is inside it. */
  canRead(url) {
    return location.protocol !== "file:" || url.startsWith("data:");
  }

  /** Whether there are stems that may be read from here. */
  get canMix() {
    return this.data.stems.length > 0 && this.data.stems.every((stem) => this.canRead(stem.url));
  }

  /** Whether what is heard comes from decoded sound that serves for the stems, or for the mix. */
  holds(kind) {
    return this.mode === "buffers" && (kind === "mix" || this.kind === "stems");
  }

  /** Decodes the stems ("stems") or the mix ("mix") and goes on from them at the same place; true when that is so. */
  decode(kind) {
    if (this.holds(kind)) return Promise.resolve(true);
    if (this.loading.has(kind)) return this.loading.get(kind);
    const promise = this.decodeNow(kind).catch((error) => {
      if (this.alive) this.told.failed(`The ${kind === "mix" ? "sound" : "parts"} can't be loaded (${error.message}); the whole mix plays on.`);
      return false;
    }).finally(() => this.loading.delete(kind));
    this.loading.set(kind, promise);
    return promise;
  }

  async decodeNow(kind) {
    const sounding = audioContext();
    const urls = kind === "mix" ? [this.data.audio] : this.data.stems.map((stem) => stem.url);
    const buffers = await Promise.all(urls.map(async (url) => sounding.decodeAudioData(await bytesOf(url, this.stop.signal))));
    if (!this.alive) return false;
    if (this.holds(kind)) return true; // the stems were quicker than the mix
    const now = this.position();
    const was = this.mode;
    const playing = this.playing;
    if (was === "buffers") this.dropLayers();
    this.bus = softCeiling();
    this.bus.connect(sounding.destination);
    this.layers = buffers.map((buffer) => {
      const gain = sounding.createGain();
      gain.connect(this.bus);
      return { buffer, gain };
    });
    this.kind = kind;
    this.mode = "buffers";
    this.applyLevels(true);
    if (!playing) this.place = was === "element" ? this.audio.currentTime : now;
    else {
      // The element plays on until the buffers have begun where it will be by then.
      this.startSources(was === "element" ? this.audio.currentTime + LEAD : now + LEAD);
    }
    if (was === "element") setTimeout(() => this.audio.pause(), playing ? LEAD * 1000 : 0);
    return true;
  }

  startSources(seconds) {
    this.stopSources();
    const at = context.currentTime + LEAD;
    this.place = seconds;
    this.started = at;
    this.sources = this.layers.map(({ buffer, gain }) => {
      const source = context.createBufferSource();
      source.buffer = buffer;
      if (this.range) {
        source.loop = true;
        source.loopStart = this.range[0];
        source.loopEnd = Math.min(this.range[1], buffer.duration);
      }
      source.connect(gain);
      source.start(at, Math.min(seconds, buffer.duration));
      return source;
    });
    if (this.sources[0]) this.sources[0].onended = () => this.playing && !this.range && this.mode === "buffers" && this.position() >= this.seconds - 0.1 && this.reachEnd();
  }

  stopSources() {
    for (const source of this.sources) {
      source.onended = null;
      try { source.stop(); } catch { /* it had ended */ }
      source.disconnect();
    }
    this.sources = [];
  }

  dropLayers() {
    this.stopSources();
    this.layers.forEach(({ gain }) => gain.disconnect());
    if (this.bus) this.bus.disconnect();
    this.layers = [];
    this.bus = null;
  }

  /** Sets the level of each part, 1 as it is in the mix. */
  setLevels(levels) {
    this.levels = levels;
    this.applyLevels(false);
  }

  applyLevels(atOnce) {
    if (this.mode !== "buffers") return;
    this.layers.forEach(({ gain }, index) => {
      const level = this.kind === "stems" ? this.levels[index] * this.base[index] : 1;
      if (atOnce) gain.gain.value = level;
      else gain.gain.setTargetAtTime(level, context.currentTime, RAMP);
    });
  }

  destroy() {
    this.alive = false;
    this.playing = false;
    this.stop.abort();
    this.dropLayers();
    if (this.audio) {
      this.audio.removeEventListener("ended", this.onEnded);
      this.audio.removeEventListener("error", this.onError);
      this.audio.removeEventListener("timeupdate", this.onTime);
      this.audio.pause();
      this.audio.removeAttribute("src");
      this.audio.load();
    }
  }
}
