// The chilling ledger as a picture: a bar is all that the unwatched life has, its parts what is kept and why the rest is not.
import { foldedTable, make, table } from "./element.js";
import { saveLine } from "./saving.js";
import { number, say, whole } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const ACTS = ["outings", "visits", "journeys", "calls"];
const MISSING = ["barred", "direct", "stopped", "anticipatory", "spill_over"];
const GROUPS = ["all", "listed", "ordinary"];
let group = "all";

export function ledgerFigure(rows) {
  if (!rows.length) return make("p", { class: "soft", text: say("ledger.waiting") });
  const counts = {};
  for (const row of rows) counts[`${row.group} ${row.act} ${row.entry}`] = row.count;
  const bars = make("div");
  const draw = () => bars.replaceChildren(...ACTS.map((act) => bar(act, counts)));
  const choice = make("div", { class: "switch", role: "radiogroup", "aria-label": say("ledger.group") }, ...GROUPS.map((one) =>
    make("label", {}, make("input", { type: "radio", name: "ledger", checked: one === group, onchange: () => {
      group = one;
      draw();
    } }), make("span", { text: say(`group.${one}`) }))));
  draw();
  const key = make("div", { class: "legend ledger-key" }, ...["kept", ...MISSING].map((entry) =>
    make("span", {}, make("i", { class: `e-${entry}`, "aria-hidden": "true" }), make("b", { text: say(`entry.${entry}`) }), ` ${say(`entry.${entry}.meaning`)}`)));
  return make("figure", { class: "card" }, make("h3", { text: say("ledger.title") }), choice, bars, key,
    make("figcaption", { text: say("ledger.caption") }), saveLine(say("ledger.title"), () => `ledger-${group}`), foldedTable(say("table.open"), say("ledger.title"), () => ledgerTable(counts)));
}

function bar(act, counts) {
  const of = (entry) => counts[`${group} ${act} ${entry}`] ?? 0;
  const free = of("unwatched");
  const missing = MISSING.reduce((sum, entry) => sum + of(entry), 0);
  const width = 420, share = (count) => (free ? count / free : 0);
  const svg = node("svg", { viewBox: `0 0 ${width} 46`, class: "ledger", role: "img", "aria-label": say("ledger.label", {
    act: say(`act.${act}`), group: say(`group.${group}`), kept: whole(free - missing), missing: whole(missing) }) });
  svg.append(text(say(`act.${act}`), { x: 0, y: 14 }), text(free ? say("ledger.missing", { share: number(share(missing), true) }) : "–", { x: width, y: 14, class: "share" }));
  let left = 0;
  for (const entry of ["kept", ...MISSING]) {
    const wide = width * share(entry === "kept" ? free - missing : of(entry));
    if (wide <= 0) continue;
    svg.append(node("rect", { x: left, y: 21, width: wide, height: 22, class: entry === "kept" ? "kept" : `e-${entry}` }));
    const step = { direct: 5, stopped: 7, anticipatory: 9, spill_over: 14 }[entry];
    for (let x = left + step; step && x < left + wide; x += step) svg.append(node("line", { x1: x, x2: x - 4, y1: 21, y2: 43, class: "stripe" }));
    left += wide;
  }
  return svg;
}

function ledgerTable(counts) {
  const header = [say("ledger.act"), say("ledger.free"), ...[...MISSING, "gained"].map((entry) => say(`entry.${entry}`)), say("ledger.watched")];
  const rows = GROUPS.flatMap((one) => ACTS.map((act) => [`${say(`group.${one}`)}: ${say(`act.${act}`)}`,
    ...["unwatched", ...MISSING, "gained", "watched"].map((entry) => whole(counts[`${one} ${act} ${entry}`] ?? 0))]));
  return table(header, rows, say("ledger.title"));
}

function node(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function text(words, attributes) {
  const made = node("text", attributes);
  made.textContent = words;
  return made;
}
