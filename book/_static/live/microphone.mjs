/* The microphone, asked for only when a reader presses a button, and given back as soon as it is not needed.

   What it hears stays in the page. Whoever stops before the browser has asked, or answered, is never recorded. */

/** Why there is no recording: one sentence. */
export class MicrophoneError extends Error {}

const INSTEAD = "or choose a file instead.";
const WHY = {
  NotAllowedError: `The browser does not let this page use the microphone: allow it at the address bar and press again, ${INSTEAD}`,
  NotFoundError: `No microphone was found: connect one and press again, ${INSTEAD}`,
  NotReadableError: `The microphone cannot be used now, perhaps because another program has it: close that and press again, ${INSTEAD}`,
};
const PLAIN = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

export class Microphone {
  #stream = null;
  #context = null;
  #parts = [];
  #wished = 0;
  #count = 0;

  /** Whether tracks are open. */
  get open() {
    return this.#stream !== null;
  }

  /** Ask, and record from then on; tell(seconds, level) hears how it goes. False if it was stopped before it began. */
  async start(tell) {
    const wish = ++this.#wished;
    if (!navigator.mediaDevices?.getUserMedia || typeof AudioWorkletNode === "undefined")
      throw new MicrophoneError("This page cannot ask for a microphone: that takes a newer browser and an address with https. Choose a file instead.");
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: PLAIN });
      if (wish !== this.#wished) return stopped(stream);
      this.#stream = stream;
      const context = (this.#context = new AudioContext());
      await context.audioWorklet.addModule(new URL("sound-tap.mjs", import.meta.url));
      if (wish !== this.#wished) return false;
      const tap = new AudioWorkletNode(context, "sound-tap", { numberOfOutputs: 0 });
      [this.#parts, this.#count] = [[], 0];
      tap.port.onmessage = ({ data }) => {
        if (wish !== this.#wished) return;
        this.#parts.push(data);
        this.#count += data.length;
        tell(this.#count / context.sampleRate, data.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
      };
      // A microphone that is pulled out, or taken back at the address bar, ends the recording.
      stream.getTracks()[0].onended = () => tell(Infinity, 0);
      context.createMediaStreamSource(stream).connect(tap);
      context.resume().catch(() => {}); // a browser without a loudspeaker may take its time
      return true;
    } catch (error) {
      if (wish !== this.#wished) return false;
      this.stop();
      throw new MicrophoneError(WHY[error.name] ?? `The microphone could not be started: press again, ${INSTEAD}`);
    }
  }

  /** Let go of the microphone -> {channels, rate}, or null if nothing was recorded. */
  stop() {
    this.#wished++;
    const rate = this.#context?.sampleRate, parts = this.#parts, samples = new Float32Array(this.#count);
    parts.reduce((at, part) => (samples.set(part, at), at + part.length), 0);
    if (this.#stream) stopped(this.#stream);
    this.#context?.close();
    [this.#stream, this.#context, this.#parts, this.#count] = [null, null, [], 0];
    return samples.length ? { channels: [samples], rate } : null;
  }
}

function stopped(stream) {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
  return false;
}
