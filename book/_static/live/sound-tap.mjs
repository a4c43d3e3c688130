/* In the browser's audio thread: hands on what a microphone gives, 2,048 samples at a time. */

const AT_ONCE = 2048;

class Tap extends AudioWorkletProcessor {
  #kept = new Float32Array(AT_ONCE);
  #count = 0;

  process([input]) {
    const [samples] = input;
    for (const value of samples ?? []) {
      this.#kept[this.#count++] = value;
      if (this.#count < AT_ONCE) continue;
      this.port.postMessage(this.#kept);
      this.#count = 0;
    }
    return true;
  }
}

registerProcessor("sound-tap", Tap);
