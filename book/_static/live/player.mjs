/* Plays samples when a reader presses a button, never louder than half of what the device can do. */

export const LOUDEST = 0.5;
const TONE = 0.4, SECONDS = 1.2, FADE = 0.03; // of a tone: its height, its length, how long it comes and goes

/** A tone as samples. */
export function tone(hertz, rate) {
  return Float32Array.from({ length: SECONDS * rate }, (_, n) => {
    const t = n / rate;
    return TONE * Math.min(1, t / FADE, (SECONDS - t) / FADE) * Math.sin(2 * Math.PI * hertz * t);
  });
}

export class Player {
  #context = null;
  #gain = null;
  #source = null;
  #began = 0;
  volume = 0.5; // of LOUDEST

  /** Seconds since it began to play, or null. */
  get at() {
    return this.#source && this.#context.currentTime - this.#began;
  }

  get gain() {
    return LOUDEST * Math.min(1, Math.max(0, this.volume));
  }

  /** Set how loud; at once. */
  set loudness(share) {
    this.volume = share;
    if (this.#gain) this.#gain.gain.value = this.gain;
  }

  /** Play samples from -1 to 1; kept true when they have ended, false when they were stopped. */
  async play(samples, rate) {
    this.stop();
    const context = (this.#context ??= new AudioContext()), buffer = context.createBuffer(1, samples.length, rate), source = context.createBufferSource();
    buffer.copyToChannel(samples, 0);
    this.#gain ??= new GainNode(context);
    this.#gain.gain.value = this.gain;
    source.buffer = buffer;
    source.connect(this.#gain).connect(context.destination);
    this.#source = source;
    const ended = new Promise((done) => (source.onended = () => done(this.#source === source)));
    await context.resume();
    if (this.#source !== source) return false;
    this.#began = context.currentTime;
    source.start();
    const whole = await ended;
    if (whole) this.stop();
    return whole;
  }

  stop() {
    const source = this.#source;
    this.#source = null;
    if (!source) return;
    try {
      source.stop();
    } catch {
      // It had not begun.
    }
    source.disconnect();
    this.#context.suspend();
  }

  close() {
    this.stop();
    this.#context?.close();
    this.#context = this.#gain = null;
  }
}
