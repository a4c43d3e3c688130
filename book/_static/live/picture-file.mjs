/* What a file is, by its first bytes, and how large the picture in it is, before it is decoded.

   A file's name and the kind that the system gives it may be wrong or missing, and a few
   kilobytes can unpack to hundreds of millions of pixels. Both are told by the first bytes. */

export const PNG = "\x89PNG\r\n\x1a\n";
const NETWORK = "P2PNET1\n";
const HEAD = 2 ** 18; // bytes that are looked at, nearly always enough

export const u16 = (bytes, at) => 256 * bytes[at] + bytes[at + 1];
export const u32 = (bytes, at) => 65536 * u16(bytes, at) + u16(bytes, at + 2);
const low16 = (bytes, at) => bytes[at] + 256 * bytes[at + 1];
const low24 = (bytes, at) => low16(bytes, at) + 65536 * bytes[at + 2];
const low32 = (bytes, at) => low16(bytes, at) + 65536 * low16(bytes, at + 2);
export const textAt = (bytes, at, text) => [...text].every((sign, k) => bytes[at + k] === sign.charCodeAt(0));

const brands = (bytes) => String.fromCharCode(...bytes.subarray(8, 40));

/** What begins so: "network", a kind of picture, or "" for anything else. */
export function kindOf(bytes) {
  if (textAt(bytes, 0, NETWORK)) return "network";
  if (textAt(bytes, 0, PNG)) return "png";
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return "jpeg"; // MPO too
  if (textAt(bytes, 0, "GIF87a") || textAt(bytes, 0, "GIF89a")) return "gif";
  if (textAt(bytes, 0, "RIFF") && textAt(bytes, 8, "WEBP")) return "webp";
  if (textAt(bytes, 0, "BM") && low32(bytes, 14) <= 124) return "bmp";
  if (textAt(bytes, 4, "ftyp") && /avi[fs]/.test(brands(bytes))) return "avif";
  if (textAt(bytes, 4, "ftyp") && /hei[cfmsx]|mif1|msf1/.test(brands(bytes))) return "heic";
  if (textAt(bytes, 0, "\0\0\x01\0") && low16(bytes, 4) > 0 && low16(bytes, 4) < 256) return "ico";
  return "";
}

/** The size in pixels, [width, height], or null where it cannot be found. */
const SIZES = {
  png: (bytes) => textAt(bytes, 12, "IHDR") && [u32(bytes, 16), u32(bytes, 20)],

  /** From marker to marker, up to the one that begins a frame. */
  jpeg(bytes) {
    for (let at = 2; at + 9 < bytes.length; ) {
      if (bytes[at] !== 0xff) return null;
      const marker = bytes[at + 1];
      if (marker === 0xff) at++;
      else if (marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
      else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) return [u16(bytes, at + 7), u16(bytes, at + 5)];
      else at += 2 + u16(bytes, at + 2);
    }
    return null;
  },

  /** The larger of the screen and the first picture on it, which browsers make room for. */
  gif(bytes) {
    let at = 13 + (bytes[10] & 128 ? 3 * 2 ** (1 + (bytes[10] & 7)) : 0);
    while (bytes[at] === 0x21) for (at += 2; at < bytes.length; at += 1 + bytes[at]) if (!bytes[at]) { at++; break; }
    const inside = bytes[at] === 0x2c ? [low16(bytes, at + 1) + low16(bytes, at + 5), low16(bytes, at + 3) + low16(bytes, at + 7)] : [0, 0];
    return [Math.max(low16(bytes, 6), inside[0]), Math.max(low16(bytes, 8), inside[1])];
  },

  webp(bytes) {
    if (textAt(bytes, 12, "VP8X")) return [1 + low24(bytes, 24), 1 + low24(bytes, 27)];
    if (textAt(bytes, 12, "VP8 ")) return [low16(bytes, 26) & 0x3fff, low16(bytes, 28) & 0x3fff];
    const bits = low32(bytes, 21);
    return textAt(bytes, 12, "VP8L") && [1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff)];
  },

  bmp: (bytes) => (low32(bytes, 14) === 12 ? [low16(bytes, 18), low16(bytes, 20)] : [low32(bytes, 18) | 0, low32(bytes, 22) | 0].map(Math.abs)),

  /** The largest of several; 0 stands for 256. */
  ico(bytes) {
    const sizes = Array.from({ length: low16(bytes, 4) }, (_, k) => [bytes[6 + 16 * k] || 256, bytes[7 + 16 * k] || 256]);
    return sizes.reduce((a, b) => (b[0] * b[1] > a[0] * a[1] ? b : a));
  },

  /** The largest of the boxes "ispe": of the whole picture, its tiles and its small copies. */
  avif(bytes) {
    const found = [];
    for (let at = 8; at + 16 <= bytes.length; at++) if (bytes[at] === 0x69 && textAt(bytes, at, "ispe")) found.push([u32(bytes, at + 8), u32(bytes, at + 12)]);
    return found.reduce((a, b) => (b[0] * b[1] > a[0] * a[1] ? b : a), [0, 0]);
  },
};
SIZES.heic = SIZES.avif;

/** Whether a file goes on to the end that it promises: some browsers paint what is there and leave the rest grey. */
const ENDS = {
  /** From chunk to chunk, up to the one that ends it. */
  png(bytes) {
    for (let at = 8; at + 12 <= bytes.length; at += 12 + u32(bytes, at)) if (textAt(bytes, at + 4, "IEND")) return true;
    return false;
  },

  /** From marker to marker; within a scan up to the next one that is no part of it. */
  jpeg(bytes) {
    for (let at = 2; at + 1 < bytes.length; ) {
      const marker = bytes[at + 1];
      if (bytes[at] !== 0xff || marker === 0xff) at = bytes.indexOf(0xff, at + 1);
      else if (marker === 0xd9) return true;
      else if (marker <= 1 || (marker >= 0xd0 && marker <= 0xd8)) at = bytes.indexOf(0xff, at + 2);
      else {
        at += 2 + u16(bytes, at + 2);
        if (marker === 0xda) at = bytes.indexOf(0xff, at);
      }
      if (at < 0) return false;
    }
    return false;
  },

  /** Over the blocks before the first picture, and over its own. */
  gif(bytes) {
    const colours = (flags) => (flags & 128 ? 3 * 2 ** (1 + (flags & 7)) : 0);
    const blocks = (at) => {
      while (bytes[at]) at += 1 + bytes[at];
      return at;
    };
    let at = 13 + colours(bytes[10]);
    while (bytes[at] === 0x21) at = blocks(at + 2) + 1;
    return bytes[at] === 0x2c && blocks(at + 11 + colours(bytes[at + 9])) < bytes.length;
  },

  webp: (bytes, length) => 8 + low32(bytes, 4) <= length,

  /** Rows of plain colours have a length that follows from the head. */
  bmp(bytes, length) {
    const old = low32(bytes, 14) === 12, [wide, high] = SIZES.bmp(bytes), packed = old ? 0 : low32(bytes, 30);
    const row = 4 * Math.ceil((wide * low16(bytes, old ? 24 : 28)) / 32);
    return (packed !== 0 && packed !== 3) || low32(bytes, 10) + row * high <= length;
  },

  ico: (bytes, length) => Array.from({ length: low16(bytes, 4) }, (_, k) => 6 + 16 * k).every((at) => low32(bytes, at + 12) + low32(bytes, at + 8) <= length),
};

/** The same of a file that has been looked into. */
export async function isWhole(file, { kind, head }) {
  if (!ENDS[kind]) return true;
  const all = file.size > head.length && ["png", "jpeg", "gif"].includes(kind) ? new Uint8Array(await file.arrayBuffer()) : head;
  return ENDS[kind](all, file.size);
}

/** Where the camera's note begins in a WebP file, or -1. */
function noteIn(bytes) {
  for (let at = 12; at + 12 < bytes.length; ) {
    const size = low32(bytes, at + 4);
    if (textAt(bytes, at, "EXIF")) return at + 8 + (textAt(bytes, at + 8, "Exif\0\0") ? 6 : 0);
    at += 8 + size + (size & 1);
  }
  return -1;
}

/** How the camera was held, 1 to 8, as a WebP file notes it, and the file with that note taken out.

    Not every browser turns WebP pictures, and none can be told not to. Of other kinds the browser reads the note itself. */
export async function turnOf(file, { kind, head }) {
  const asItIs = { turn: 1, upright: file };
  if (kind !== "webp" || !textAt(head, 12, "VP8X") || !(head[20] & 8)) return asItIs;
  const bytes = file.size > head.length ? new Uint8Array(await file.arrayBuffer()) : head, at = noteIn(bytes); // it stands behind the picture
  if (at < 0) return asItIs;
  const little = textAt(bytes, at, "II"), [two, four] = little ? [low16, low32] : [u16, u32], list = at + four(bytes, at + 4);
  for (let k = 0, entry = list + 2; k < two(bytes, list) && entry + 12 <= bytes.length; k++, entry += 12)
    if (two(bytes, entry) === 0x0112)
      return { turn: two(bytes, entry + 8), upright: new Blob([file.slice(0, entry + 8), Uint8Array.of(+little, +!little), file.slice(entry + 10)]) };
  return asItIs;
}

/** {kind, size, head} of a file; size is null where no picture's size can be found. */
export async function lookInto(file) {
  const head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer()), kind = kindOf(head);
  if (!SIZES[kind]) return { kind, size: null, head };
  let size = SIZES[kind](head);
  // A camera may put previews and notes of many kilobytes before the picture.
  if (!size && kind === "jpeg" && file.size > HEAD) size = SIZES.jpeg(new Uint8Array(await file.arrayBuffer()));
  return { kind, size: size && size.every((side) => side > 0) ? size : null, head };
}
