/* Chapter 12 in numbers: from samples to the picture that its network gets, and one filter of the Fourier bank.

   All sums are done in double precision, as NumPy does them. A recording is the mean of its channels, resampled to
   16,000 Hz as scipy.signal.resample_poly does it. A power is that of 512 samples under a Hann window,
   moved on by 256; it is found by the fast transform, which agrees with the filters written out (answerOf). */

export const RATE = 16000, SIZE = 512, HOP = 256, LINES = SIZE / 2 + 1, BANDS = 40, FLOOR = -80;
export const HALF = RATE / 2; // samples that the network hears at a time: half a second
export const COLUMNS = Math.floor((HALF - SIZE) / HOP) + 1; // 30
export const STEP = 2 * HOP; // samples between two answers along a recording
export const BLOCK = 5, SPAN = 10; // bands and columns of a block that is covered
const LARGEST = 1e30; // of a sample: the squares of larger ones are no numbers any more
const STARTS = 0.02; // of its peak: there a sound begins

/** What is wrong with a recording, in one sentence. */
export class SoundError extends Error {}

export const mel = (hertz) => 2595 * Math.log10(1 + hertz / 700);
export const hertz = (mels) => 700 * (10 ** (mels / 2595) - 1);

export const hann = Float64Array.from({ length: SIZE }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / SIZE));

/** The largest magnitude. */
export function peakOf(samples, from = 0, to = samples.length) {
  let most = 0;
  for (let n = from; n < to; n++) most = Math.max(most, Math.abs(samples[n]));
  return most;
}

/* ---- One filter, written out ------------------------------------------------------------ */

/** Cosine and minus sine of so many turns in 512 samples, faded by the window. */
export function filterOf(line) {
  const angle = (n) => (2 * Math.PI * ((n * line) % SIZE)) / SIZE;
  return [hann.map((fade, n) => fade * Math.cos(angle(n))), hann.map((fade, n) => -fade * Math.sin(angle(n)))];
}

/** The power of one filter at each of its places, by sums. */
export function answerOf(samples, line) {
  const [cosine, sine] = filterOf(line);
  return Float64Array.from({ length: Math.floor((samples.length - SIZE) / HOP) + 1 }, (_, column) => {
    let one = 0, other = 0;
    for (let n = 0, at = column * HOP; n < SIZE; n++, at++) {
      one += samples[at] * cosine[n];
      other += samples[at] * sine[n];
    }
    return one * one + other * other;
  });
}

/** What one filter makes of a sound, a sum at every sample; its peak becomes 1. Null where nothing gets through. */
export function through(samples, line) {
  const [cosine] = filterOf(line), out = new Float32Array(samples.length - SIZE + 1);
  for (let at = 0; at < out.length; at++) {
    let sum = 0;
    for (let n = 0; n < SIZE; n++) sum += samples[at + n] * cosine[n];
    out[at] = sum;
  }
  const most = peakOf(out);
  return most > 1e-4 ? out.map((value) => value / most) : null;
}

/* ---- All filters: the fast Fourier transform ---------------------------------------------- */

const TURNED = Uint16Array.from({ length: SIZE }, (_, n) => {
  let back = 0;
  for (let bit = 1, top = SIZE / 2; bit < SIZE; bit *= 2, top /= 2) if (n & bit) back += top;
  return back;
});
const COS = Float64Array.from({ length: SIZE / 2 }, (_, n) => Math.cos((2 * Math.PI * n) / SIZE));
const SIN = Float64Array.from({ length: SIZE / 2 }, (_, n) => -Math.sin((2 * Math.PI * n) / SIZE));
const real = new Float64Array(SIZE), imaginary = new Float64Array(SIZE);

/** Powers of all lines of 512 samples from a place on, into `out`. */
function powersAt(samples, at, out, to) {
  for (let n = 0; n < SIZE; n++) {
    const from = TURNED[n];
    real[n] = samples[at + from] * hann[from];
  }
  imaginary.fill(0);
  for (let half = 1; half < SIZE; half *= 2)
    for (let begin = 0, step = SIZE / (2 * half); begin < SIZE; begin += 2 * half)
      for (let k = 0; k < half; k++) {
        const a = begin + k, b = a + half, c = COS[k * step], s = SIN[k * step];
        const x = real[b] * c - imaginary[b] * s, y = real[b] * s + imaginary[b] * c;
        real[b] = real[a] - x;
        imaginary[b] = imaginary[a] - y;
        real[a] += x;
        imaginary[a] += y;
      }
  for (let k = 0; k < LINES; k++) out[to + k] = real[k] * real[k] + imaginary[k] * imaginary[k];
}

/** The spectrogram: powers, column after column, 257 lines each. */
export function spectrogram(samples) {
  const columns = Math.floor((samples.length - SIZE) / HOP) + 1, powers = new Float64Array(columns * LINES);
  for (let column = 0; column < columns; column++) powersAt(samples, column * HOP, powers, column * LINES);
  return powers;
}

// Triangles, evenly spaced in mel: for each band its first line and the weights from there on.
const corners = Array.from({ length: BANDS + 2 }, (_, n) => hertz((n * mel(RATE / 2)) / (BANDS + 1)));
const TRIANGLES = Array.from({ length: BANDS }, (_, band) => {
  const [left, centre, right] = corners.slice(band, band + 3), weights = [];
  let first = -1;
  for (let line = 0; line < LINES; line++) {
    const f = (line * RATE) / SIZE, weight = Math.min((f - left) / (centre - left), (right - f) / (right - centre));
    if (!(weight > 0)) continue;
    if (first < 0) first = line;
    weights.push(weight);
  }
  return { first, weights };
});

/** Powers of lines -> powers of mel bands. */
function banded(powers) {
  const columns = powers.length / LINES, out = new Float64Array(columns * BANDS);
  for (let column = 0; column < columns; column++)
    TRIANGLES.forEach(({ first, weights }, band) => {
      let sum = 0;
      for (let k = 0, at = column * LINES + first; k < weights.length; k++, at++) sum += weights[k] * powers[at];
      out[column * BANDS + band] = sum;
    });
  return out;
}

/** Powers as decibels below the largest, from 0 (the floor of -80) to 1. */
function levels(powers) {
  const most = powers.reduce((a, b) => (b > a ? b : a), 0), least = 10 ** (FLOOR / 10);
  if (!most) return new Float32Array(powers.length); // no window sees a sound: all of it is the floor
  return Float32Array.from(powers, (power) => 1 - (10 * Math.log10(Math.max(power / most, least))) / FLOOR);
}

/** The chapter's log_mel of one sound: columns x bands. */
export const logMel = (samples) => levels(banded(spectrogram(samples)));

/** A whole recording in pictures: all lines, and mel bands. */
export function pictures(samples) {
  const powers = spectrogram(samples);
  return { columns: powers.length / LINES, lines: levels(powers), bands: levels(banded(powers)) };
}

/* ---- Half a second, as the data are stored --------------------------------------------------- */

// A byte of the mu-law -> a sample.
const STORED = Float32Array.from({ length: 256 }, (_, byte) => {
  const bent = Math.fround((byte - 128) / 127);
  return (Math.sign(bent) * (256 ** Math.abs(bent) - 1)) / 255;
});

/** Round as NumPy does: a half goes to the even number. */
const rint = (value) => {
  const down = Math.floor(value), rest = value - down;
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
};

/** Half a second from a place on, scaled to a peak of 1 and stored with a byte a sample; null where it is silent. */
export function stored(samples, start) {
  const end = Math.min(start + HALF, samples.length), most = peakOf(samples, start, end), out = new Float64Array(HALF);
  if (!most) return null;
  for (let n = start; n < end; n++) {
    const value = samples[n] / most;
    out[n - start] = STORED[rint(128 + (127 * Math.sign(value) * Math.log1p(255 * Math.abs(value))) / Math.log(256))];
  }
  return out;
}

/* ---- From a file's samples to a recording ------------------------------------------------------ */

/** Say so if a sampling rate is none that can be read. */
export function checkRate(rate) {
  if (!(rate >= 4000 && rate <= 400_000)) throw new SoundError(`has a sampling rate of ${rate.toLocaleString("en")} Hz; 4,000 to 400,000 can be read.`);
}

const gcd = (a, b) => (b ? gcd(b, a % b) : a);

/** The modified Bessel function that shapes Kaiser's window. */
function bessel(x) {
  let sum = 1, term = 1;
  for (let k = 1; term > 1e-18 * sum; k++) sum += term *= (x / (2 * k)) ** 2;
  return sum;
}

/** scipy.signal.resample_poly with its usual filter: Kaiser's window, 5, ten zeros to either side. */
export function resampled(samples, rate, to = RATE) {
  const common = gcd(to, rate), up = to / common, down = rate / common;
  if (up === down) return Float64Array.from(samples);
  const longest = Math.max(up, down), half = 10 * longest, scale = bessel(5), filter = new Float64Array(2 * half + 1);
  let total = 0;
  for (let n = -half; n <= half; n++) {
    const x = (Math.PI * n) / longest, value = ((n ? Math.sin(x) / x : 1) * bessel(5 * Math.sqrt(1 - (n / half) ** 2))) / scale;
    total += filter[n + half] = value;
  }
  const out = new Float64Array(Math.ceil((samples.length * up) / down)), gain = up / total;
  for (let m = 0; m < out.length; m++) {
    const at = m * down, last = Math.min(samples.length - 1, Math.floor((at + half) / up));
    let sum = 0;
    for (let n = Math.max(0, Math.ceil((at - half) / up)); n <= last; n++) sum += samples[n] * filter[half + at - n * up];
    out[m] = sum * gain;
  }
  return out;
}

function median(samples) {
  const sorted = Float64Array.from(samples).sort(), half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Whether peaks are cut off: three times four samples at the limit. */
function isClipped(samples) {
  for (const sign of [1, -1]) {
    let most = -Infinity, runs = 0, row = 0;
    for (const value of samples) most = Math.max(most, sign * value);
    if (!(most > 0.1)) continue;
    for (const value of samples) {
      row = sign * value >= most ? row + 1 : 0;
      if (row === 4) runs++;
    }
    if (runs >= 3) return true;
  }
  return false;
}

/** Channels of a file -> {samples, said}: one channel at 16,000 Hz, half a second at least, and remarks. */
export function recording(given, rate) {
  const said = [], channels = given.map((samples) => Float64Array.from(samples));
  checkRate(rate);
  if (channels[0].length < rate / 50) throw new SoundError("is shorter than a fiftieth of a second; choose a longer one.");
  if (!channels.every((samples) => samples.every((value) => Math.abs(value) < LARGEST))) throw new SoundError("holds values that are no numbers, or far too large ones; save it anew.");
  if (channels.some(isClipped)) said.push("is clipped: its peaks are cut off");
  const loudest = channels.map((samples) => {
    const middle = median(samples); // a constant is no sound
    for (let n = 0; n < samples.length; n++) samples[n] -= middle;
    return peakOf(samples);
  });
  if (Math.max(...loudest) < 0.001) throw new SoundError("is silent; choose another, or move closer to the microphone.");
  let mean = Float64Array.from(channels[0], (_, n) => channels.reduce((sum, samples) => sum + samples[n], 0) / channels.length);
  if (peakOf(mean) < loudest.reduce((a, b) => a + b, 0) / channels.length / 10) {
    mean = channels[loudest.indexOf(Math.max(...loudest))];
    said.push("has channels that cancel each other; the loudest one was taken");
  }
  if (rate < RATE) said.push(`holds nothing above ${Math.floor(rate / 2).toLocaleString("en")} Hz`);
  const found = resampled(mean, rate), samples = new Float64Array(Math.max(HALF, found.length));
  samples.set(found);
  return { samples, said };
}

/** Where the first hit begins: 2 milliseconds before the sound reaches 2 % of its peak. */
export function firstHit(samples) {
  const least = STARTS * peakOf(samples);
  return Math.max(0, samples.findIndex((value) => Math.abs(value) >= least) - RATE / 500);
}

/** Whether anything in half a second is as loud as where a sound begins. */
export const isHeard = (samples, start, most) => peakOf(samples, start, Math.min(start + HALF, samples.length)) >= STARTS * most;

/** The sound that the figure begins with: a tone that rises from 100 to 7,000 Hz in two seconds, and three clicks. */
export function rising() {
  const seconds = 2, samples = new Float64Array(seconds * RATE);
  for (let n = 0; n < samples.length; n++) {
    const t = n / RATE, fade = Math.min(1, 20 * t, 20 * (seconds - t));
    samples[n] = 0.3 * fade * Math.sin(2 * Math.PI * (100 * t + ((7000 - 100) * t * t) / (2 * seconds)));
  }
  for (const at of [0.5, 1, 1.5]) samples[at * RATE] = 0.9;
  return samples;
}
