/* What the Teach lab computes from features, as chapter 6 does it in "Can it learn your own photographs?".

   A picture and its mirror image have F features each, and an answer is the mean of both. The head
   is one dense layer on standardised features, trained with cross-entropy, in which each class
   weighs the same, plus `strength` times the sum of the squared weights. That loss has one lowest
   point, so the order of the pictures and where the search begins have no say in the answer.

   For the estimate pictures of one thing stay together: those that come from one folder or one "thing" of the
   camera, were taken within a minute, or have features that point in nearly the same direction. */

const SECONDS = 60, ALIKE = 0.9, FOLDS = 4, Z = 1.96, LEAST = 3; // things of a class that folds need
const MEMORY = 12, MOST_STEPS = 400, CLOSE = 1e-8;
const AIM = 0.95; // of the answers are right down to the threshold

const sum = (list) => list.reduce((a, b) => a + b, 0);
const dot = (a, b) => {
  let total = 0;
  for (let k = 0; k < a.length; k++) total += a[k] * b[k];
  return total;
};

/** Train a head: rows of 2 F features (picture, mirror image), a class for each -> {kernel, bias, steps}.

    A generator: it yields after each step of the search, so that a thread can look whether it is still wanted.
    kernel has F rows of `classes` numbers and belongs to the features as they are. */
export function* learning(rows, labels, strength, classes) {
  const F = rows[0].length / 2, n = 2 * rows.length, wide = F + 1;
  const mean = new Float64Array(F), spread = new Float64Array(F), z = new Float64Array(n * wide);
  rows.forEach((row, r) => row.forEach((value, k) => (z[(2 * r + (k >= F)) * wide + (k % F)] = value)));
  for (let f = 0; f < F; f++) {
    let total = 0, squares = 0;
    for (let r = 0; r < n; r++) total += z[r * wide + f];
    mean[f] = total / n;
    for (let r = 0; r < n; r++) squares += (z[r * wide + f] - mean[f]) ** 2;
    spread[f] = Math.sqrt(squares / n) + 1e-3;
    for (let r = 0; r < n; r++) z[r * wide + f] = (z[r * wide + f] - mean[f]) / spread[f];
  }
  for (let r = 0; r < n; r++) z[r * wide + F] = 1; // what the bias is multiplied by
  const count = Array.from({ length: classes }, (_, k) => labels.filter((label) => label === k).length);
  const present = count.filter((many) => many > 0).length;
  const weight = labels.map((label) => 1 / (2 * count[label] * present));
  const p = new Float64Array(classes), size = classes * wide;

  /** Loss and its slope at a table of `classes` rows of F weights and a bias. */
  const loss = (table, slope) => {
    let total = 0;
    slope.fill(0);
    for (let r = 0; r < n; r++) {
      const from = r * wide, label = labels[r >> 1], share = weight[r >> 1];
      let most = -Infinity, all = 0;
      for (let k = 0; k < classes; k++) {
        let logit = 0;
        for (let f = 0, w = k * wide; f < wide; f++, w++) logit += z[from + f] * table[w];
        p[k] = logit;
        if (logit > most) most = logit;
      }
      const own = p[label];
      for (let k = 0; k < classes; k++) all += p[k] = Math.exp(p[k] - most);
      total += share * (Math.log(all) + most - own);
      for (let k = 0; k < classes; k++) {
        const change = share * (p[k] / all - (k === label));
        for (let f = 0, w = k * wide; f < wide; f++, w++) slope[w] += change * z[from + f];
      }
    }
    for (let w = 0; w < size; w++)
      if ((w + 1) % wide) {
        total += strength * table[w] * table[w];
        slope[w] += 2 * strength * table[w];
      }
    return total;
  };

  let at = new Float64Array(size), slope = new Float64Array(size), value = loss(at, slope), steps = 0;
  const past = []; // {s, y, rho} of the last steps: L-BFGS
  while (steps < MOST_STEPS && slope.some((one) => Math.abs(one) > CLOSE)) {
    const way = slope.map((one) => -one), shares = [];
    for (const { s, y, rho } of [...past].reverse()) {
      const a = rho * dot(s, way);
      shares.unshift(a);
      for (let w = 0; w < size; w++) way[w] -= a * y[w];
    }
    const last = past.at(-1), scale = last ? 1 / (last.rho * dot(last.y, last.y)) : 1 / Math.max(1, Math.sqrt(dot(slope, slope)));
    for (let w = 0; w < size; w++) way[w] *= scale;
    past.forEach(({ s, y, rho }, n) => {
      const b = shares[n] - rho * dot(y, way);
      for (let w = 0; w < size; w++) way[w] += b * s[w];
    });
    const down = dot(slope, way), next = new Float64Array(size), nextSlope = new Float64Array(size);
    let length = 1, found = Infinity;
    for (let tries = 0; tries < 30; tries++, length /= 2) {
      for (let w = 0; w < size; w++) next[w] = at[w] + length * way[w];
      found = loss(next, nextSlope);
      if (found <= value + 1e-4 * length * down) break;
    }
    if (!(found < value)) break; // no lower place can be told apart in these digits
    const s = next.map((one, w) => one - at[w]), y = nextSlope.map((one, w) => one - slope[w]), curve = dot(s, y);
    if (curve > 1e-18) past.push({ s, y, rho: 1 / curve });
    if (past.length > MEMORY) past.shift();
    [at, slope, value] = [next, nextSlope, found];
    steps++;
    yield steps;
  }
  const kernel = new Float64Array(F * classes), bias = new Float64Array(classes);
  for (let k = 0; k < classes; k++) {
    bias[k] = at[k * wide + F];
    for (let f = 0; f < F; f++) {
      kernel[f * classes + k] = at[k * wide + f] / spread[f];
      bias[k] -= mean[f] * kernel[f * classes + k];
    }
  }
  return { kernel, bias, steps, loss: value };
}

/** The logits of a picture: the mean over picture and mirror image. */
export function logitsOf({ kernel, bias }, row) {
  const F = row.length / 2, K = bias.length, logits = Array.from(bias);
  for (let f = 0; f < F; f++) {
    const value = (row[f] + row[F + f]) / 2;
    for (let k = 0; k < K; k++) logits[k] += value * kernel[f * K + k];
  }
  return logits;
}

export function softmax(logits) {
  const most = Math.max(...logits), parts = logits.map((one) => Math.exp(one - most)), all = sum(parts);
  return parts.map((part) => part / all);
}

/** A number for each picture; one thing, one number. pictures: [{label, thing, time}], rows their features. */
export function groupsOf(pictures, rows) {
  const N = rows.length, F = rows[0].length / 2, mean = new Float64Array(F);
  for (const row of rows) for (let f = 0; f < F; f++) mean[f] += row[f] / N;
  const ways = rows.map((row) => {
    const way = Float64Array.from(mean, (middle, f) => row[f] - middle), size = Math.sqrt(dot(way, way)) + 1e-9;
    return way.map((value) => value / size);
  });
  const parent = rows.map((_, n) => n), root = (n) => (parent[n] === n ? n : (parent[n] = root(parent[n])));
  for (let a = 0; a < N; a++)
    for (let b = a + 1; b < N; b++) {
      const [one, other] = [pictures[a], pictures[b]];
      if (one.label !== other.label || (one.thing && other.thing && one.thing !== other.thing)) continue; // two folders: two things
      const tied = (one.thing && one.thing === other.thing) || Math.abs(one.time - other.time) <= SECONDS || dot(ways[a], ways[b]) > ALIKE;
      if (tied) parent[Math.max(root(a), root(b))] = Math.min(root(a), root(b));
    }
  const names = [...new Set(rows.map((_, n) => root(n)))];
  return rows.map((_, n) => names.indexOf(root(n)));
}

/** How many things each class has. */
export const thingsOf = (labels, groups, classes) => Array.from({ length: classes }, (_, k) => new Set(groups.filter((_, n) => labels[n] === k)).size);

/** Share pictures out into folds; a group is never divided. null where a class has fewer than three things. */
export function foldsOf(labels, groups, classes) {
  const fold = labels.map(() => 0);
  if (thingsOf(labels, groups, classes).some((many) => many < LEAST)) return null;
  for (let k = 0; k < classes; k++) {
    const members = new Map(), size = Array(FOLDS).fill(0);
    groups.forEach((group, n) => labels[n] === k && members.set(group, [...(members.get(group) ?? []), n]));
    for (const mine of [...members.values()].sort((a, b) => b.length - a.length)) {
      const to = size.indexOf(Math.min(...size));
      size[to] += mine.length;
      for (const n of mine) fold[n] = to;
    }
  }
  return fold;
}

/** The shares that agree with `right` of n: the Wilson interval. */
export function wilson(right, n) {
  const share = right / n, middle = share + Z ** 2 / (2 * n), reach = Z * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2));
  return [-reach, reach].map((end) => (middle + end) / (1 + Z ** 2 / n));
}

export const best = (list) => list.reduce((most, value, k) => (value > list[most] ? k : most), 0);

/** What the folds say: share of right answers, its interval, class by class. */
export function judged(probabilities, labels, groups, classes) {
  const said = probabilities.map(best), right = said.filter((k, n) => k === labels[n]).length, N = labels.length;
  const sizes = new Map();
  for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const things = N ** 2 / sum([...sizes.values()].map((size) => size ** 2)); // large groups count less
  const perClass = Array.from({ length: classes }, (_, k) => ({ right: said.filter((one, n) => one === k && labels[n] === k).length, there: labels.filter((one) => one === k).length }));
  const [low, high] = wilson((right / N) * things, things);
  return { said, right, there: N, things, low: Math.max(0, low), high: Math.min(1, high), perClass, mean: sum(perClass.map((one) => one.right / one.there)) / classes, baseline: Math.max(...perClass.map(({ there }) => there)) / N };
}

/** The lowest confidence down to which 95 % of the answers are right; 2 where there is none. */
export function thresholdOf(probabilities, labels) {
  const sure = probabilities.map((p, n) => ({ most: Math.max(...p), right: best(p) === labels[n] })).sort((a, b) => b.most - a.most);
  let right = 0, found = 2;
  sure.forEach((one, n) => {
    right += one.right;
    if (right / (n + 1) >= AIM && !(sure[n + 1]?.most === one.most)) found = one.most;
  });
  return found;
}

/** What a threshold does with left-out pictures: how many are named, and how many of these rightly. */
export function covered(probabilities, labels, threshold) {
  const named = probabilities.map((p, n) => [Math.max(...p), best(p) === labels[n]]).filter(([most]) => most >= threshold);
  return { named: named.length, right: named.filter(([, right]) => right).length, there: labels.length };
}
