/* An explanation of why.mjs as something to look at: tables, sums, the softmax in rows.

   `where` is what the figure knows: the layer, className(n), read(name) -> the colours and
   the largest magnitude of what was read, drawnAs(name) -> the name of the layer that shows
   it, and part, the channel that is open; opened(k) is called when the reader opens another. */

import { cellStyle, magnitude, make, paint, write } from "./figure.mjs";
import { activated, onwards, placeOf, short, view } from "./why.mjs";

const MOST_PARTS = 128; // subtotals that a reader can look at
const MOST_CELLS = 49; // numbers in a table
const MOST_CLASSES = 20; // rows of the softmax

const range = (count) => [...Array(count).keys()];
const stack = (...children) => make("div", { className: "stack" }, ...children.filter(Boolean));

/** Lines of arithmetic; each is a list of texts and elements. */
const lines = (...list) => make("div", { className: "lines" }, ...list.filter(Boolean).map((parts) => make("div", {}, ...parts.filter(Boolean))));

export const STYLE = `
  .stack { display: grid; gap: 0.6rem; } .stack > * { min-width: 0; }
  .tables { display: flex; flex-wrap: wrap; gap: 0.4rem 0.6rem; align-items: center; }
  .table { display: grid; gap: 0.15rem; justify-items: center; max-width: 100%; }
  .table .name { font-size: 0.8rem; text-align: center; }
  .cells { display: grid; gap: 1px; background: var(--rule-strong, #8a829c); border: 1px solid var(--rule-strong, #8a829c); --cell: min(3.1rem, (100cqi - 3.4rem) / var(--columns)); grid-template-columns: repeat(var(--columns), var(--cell)); }
  .cells > span { display: grid; place-items: center; height: 2rem; font-size: 0.76rem; font-variant-numeric: tabular-nums; overflow: hidden; }
  .cells.narrow > span { font-size: 0.62rem; }
  .cells > span.best { outline: 3px solid #ff9d2e; outline-offset: -3px; }
  .drawn { width: min(11rem, 100%); height: auto; image-rendering: pixelated; border: 1px solid var(--rule-strong, #8a829c); }
  .op { font-size: 1.2rem; color: var(--ink-soft, #585266); }
  .parts { display: grid; grid-template-columns: repeat(auto-fill, minmax(3.9rem, 1fr)); gap: 3px; }
  .parts label { position: relative; display: block; }
  .parts input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
  .parts span { display: grid; min-height: 2.3rem; padding: 0.1rem 0.25rem; font-size: 0.78rem; line-height: 1.15; text-align: right; align-content: center; font-variant-numeric: tabular-nums; border: 1px solid var(--rule-strong, #8a829c); border-radius: 3px; }
  .parts small { font-size: 0.68rem; text-align: left; }
  .parts input:checked + span { outline: 3px solid #ff9d2e; outline-offset: -1px; }
  .parts input:focus-visible + span { outline: 3px solid var(--orange, #9c4a05); outline-offset: 1px; }
  .lines { font-variant-numeric: tabular-nums; line-height: 1.6; overflow-wrap: anywhere; }
  .lines b { font-weight: 700; }
  .scroll { overflow-x: auto; }
  .scroll table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.86rem; }
  .scroll :is(th, td) { padding: 0.08rem 0.8rem 0.08rem 0; text-align: right; font-weight: 400; }
  .scroll th:first-child { text-align: left; } .scroll thead th { color: var(--ink-soft, #585266); font-weight: 600; }
  .scroll tr.best > * { font-weight: 700; }
`;

/** The parts of an explanation, one below the other. */
export const showWhy = (said, where) => SHOWN[said.kind](said, where).filter(Boolean);

/** A table of numbers, or a small picture where there are too many to read. */
function table(words, values, columns, kind, limit, best = -1) {
  const rows = Math.ceil(values.length / columns), name = make("span", { className: "name" }, words);
  if (values.length > MOST_CELLS || columns > 9) {
    const canvas = make("canvas", { className: "drawn", role: "img" });
    paint(canvas, values, rows, columns, kind, limit);
    const [most, least] = [Math.max, Math.min].map((pick) => short(values.reduce((a, b) => pick(a, b))));
    canvas.setAttribute("aria-label", `${words}: ${values.length} numbers, the largest ${most}, the smallest ${least}.`);
    return make("div", { className: "table" }, canvas, name);
  }
  const text = (value) => write(value, Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3);
  const cells = make("div", { className: `cells${columns > 5 ? " narrow" : ""}`, role: "img" },
    ...values.map((value, k) => make("span", { className: k === best ? "best" : "", style: cellStyle(kind, value, limit) }, text(value))));
  cells.style.setProperty("--columns", columns);
  const spoken = range(rows).map((row) => values.slice(row * columns, (row + 1) * columns).map(text).join(", ")).join("; ");
  cells.setAttribute("aria-label", `${words}, row by row: ${spoken}.`);
  return make("div", { className: "table" }, cells, name);
}

/** One channel: its patch, its weights, their products. */
function partShown({ rows, columns, back, parts }, part, where) {
  const [kind, limit] = where.read(back.name), many = parts.length > 1, single = part.x.length === 1;
  const products = part.x.map((value, k) => value * part.w[k]), all = where.layer.weights[0].data, most = magnitude(all.length > 1e6 ? part.w : all);
  const sign = (text) => make("span", { className: "op", "aria-hidden": "true" }, text);
  const outside = part.from.filter((from) => from < 0).length, who = single ? `input ${part.channel}` : many ? `channel ${part.channel}` : "The sum";
  const terms = products.length <= 9 ? products.map((value, k) => (k ? onwards(value) : short(value))).join(" ") : `${products.length} products, together`;
  const factor = part.factor === undefined ? "" : `; times its weight, ${short(part.factor)}: ${short(part.product)}`;
  return [
    make("div", { className: "tables" },
      table(single ? who : `${many ? `${who}, ` : ""}patch, ${rows} x ${columns}`, part.x, columns, kind, limit), sign("\u00d7"),
      table("weights w", part.w, columns, "weights", most), sign("="),
      table("products", products, columns, "signed", magnitude(products))),
    lines(
      (!single || !many) && [`${who}: ${terms}${products.length <= 9 ? " =" : ""} ${short(part.sum)}${factor}`],
      outside > 0 && [`${outside} of the ${part.x.length} places lie outside and count as 0.`]),
  ];
}

/** Every channel's subtotal as a button that opens the channel. */
function subtotals({ parts }, where, open) {
  const most = magnitude(parts.map(({ product }) => product)), size = (k) => Math.abs(parts[k].product);
  const shown = range(parts.length).sort((a, b) => size(b) - size(a)).slice(0, MOST_PARTS).sort((a, b) => a - b);
  const single = parts[0].x.length === 1, { type } = where.layer;
  const buttons = shown.map((k) => {
    const { channel, product, label = channel } = parts[k];
    const input = make("input", { type: "radio", name: "part", value: k, checked: k === where.part, onchange: () => open(k) });
    input.setAttribute("aria-label", `${single ? "input" : "channel"} ${label}: ${short(product)}`);
    return make("label", {}, input, make("span", { style: cellStyle("signed", product, most) }, make("small", {}, String(label)), short(product)));
  });
  const words = single ? "Each input times its weight" : type === "SeparableConv2D" ? "Subtotal of each filtered channel, times its weight" : `Subtotal of each channel${type === "Dense" ? " of the maps before" : ""}`;
  const left = parts.length - shown.length, rest = parts.reduce((sum, { product }) => sum + product, 0) - shown.reduce((sum, k) => sum + parts[k].product, 0);
  return stack(
    make("fieldset", {}, make("legend", {}, words), make("div", { className: "parts" }, ...buttons)),
    left > 0 && make("p", { className: "note" }, `The ${shown.length} largest are shown; the other ${left.toLocaleString("en")} add up to ${short(rest)}.`));
}

function softmaxTable({ logits, largest, powers, sum, unit, value }, where) {
  const order = logits.length <= MOST_CLASSES ? range(logits.length) : [...new Set([unit, ...range(logits.length).sort((a, b) => powers[b] - powers[a])])].slice(0, 12);
  const head = ["class", "logit z", `e^(z \u2212 ${short(largest)})`, "divided by the sum"].map((text) => make("th", { scope: "col" }, text));
  const rows = order.map((n) => make("tr", { className: n === unit ? "best" : "" }, make("th", { scope: "row" }, where.className(n)), ...[logits[n], powers[n], powers[n] / sum].map((number) => make("td", {}, short(number)))));
  return stack(
    make("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": "Softmax, class by class" }, make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows))),
    lines(
      [`The exponentials add up to ${short(sum)}${order.length < logits.length ? `, those of the other ${logits.length - order.length} classes with them` : ""}.`],
      [`${where.className(unit)}: ${short(powers[unit])} / ${short(sum)} = `, make("b", {}, short(value))],
      ["The largest logit is subtracted first: that changes no probability and keeps the exponentials small."]));
}

const SHOWN = {
  sum(said, where) {
    const { parts, bias, z, activation, value } = said, many = parts.length > 1, area = stack();
    const open = (k) => {
      where.opened(k);
      area.replaceChildren(...partShown(said, parts[k], where));
    };
    area.replaceChildren(...partShown(said, parts[where.part ?? 0], where));
    const total = parts.reduce((sum, { product }) => sum + product, 0), answer = make("b", { id: "why-z" }, short(z));
    const all = many ? `All ${parts.length.toLocaleString("en")} ${parts[0].x.length === 1 ? "products" : "subtotals"} together: ${short(total)}. ` : "";
    return [
      many && subtotals(said, where, open),
      area,
      lines(
        bias === null ? [`${all}There is no bias, so z = `, answer] : [`${all}With the bias: z = ${short(total)} ${onwards(bias)} = `, answer],
        activated(activation, z, value) && [activated(activation, z, value)]),
      said.softmax && softmaxTable(said.softmax, where),
    ];
  },

  window(said, where) {
    const [kind, limit] = where.read(said.reads.name), there = said.x.filter((_, k) => said.from[k] >= 0), inside = said.count === said.x.length;
    const list = there.length <= MOST_CELLS ? there.map(short).join(", ") : `${there.length} values`;
    return [
      inside && make("div", { className: "tables" }, table(`window, ${said.rows} x ${said.columns}`, said.x, said.columns, kind, limit, said.largest ? said.best : -1)),
      lines(
        [said.largest ? `The largest of ${list}: ` : `The mean of ${list}: ${short(said.sum)} / ${said.count} = `, make("b", {}, short(said.z))],
        !inside && [`${said.x.length - said.count} of the ${said.x.length} places lie outside; pooling leaves them out.`]),
    ];
  },

  map(said, where) {
    const [kind, limit] = where.read(said.reads.name);
    return [
      make("div", { className: "tables" }, table(`the whole map, ${said.rows} x ${said.columns}`, said.x, said.columns, kind, limit)),
      lines([said.largest ? `The largest of its ${said.count} values: ` : `The mean of its ${said.count} values: ${short(said.sum)} / ${said.count} = `, make("b", {}, short(said.z))]),
    ];
  },

  many: ({ count, value }) => [lines([`This value was made of ${count.toLocaleString("en")} numbers, too many to write out: `, make("b", {}, short(value))])],

  softmax: (said, where) => [softmaxTable(said.softmax, where)],

  formula: (said) => [lines(...said.lines.map((line) => [line]))],

  same({ words, origin, value }, where) {
    if (origin.n < 0) return [lines([words])];
    const shape = where.shapeOf(origin.name), [row, column, channel] = placeOf(view(shape), origin.n), n = `${where.n}`;
    return [lines(
      [words],
      [`${shape.length > 1 ? `Map ${channel}, row ${row}, column ${column}` : `Value ${origin.n}`} of ${where.drawnAs(origin.name)}: `, make("b", {}, short(value))],
      shape.length === 3 && where.layer.type === "Flatten" && [`Its number: (${row} \u00b7 ${shape[1]} + ${column}) \u00b7 ${shape[2]} + ${channel} = ${n}`])];
  },
};
