// What an outsider would have seen: reports on the same days as the incidents they stand for; the silence; the ledger.
import { get } from "./api.js";
import { DAY, secondsOf } from "./calendar.js";
import { colour, mount } from "./charts.js";
import { byId, foldedTable, make, table } from "./element.js";
import { current, isoOf } from "./look.js";
import { ledgerFigure } from "./ledger.js";
import { saveLine } from "./saving.js";
import { number, say, whole } from "./words.js";

const MOST_DRAWN = 60;
const SVG = "http://www.w3.org/2000/svg";
let seen = null;
let seenOf = null; // the run that was seen: another one may be on the page already
let ledger = [];

export async function show(told) {
  const found = await Promise.all([get(`runs/${told.run}/outsider`), get(`runs/${told.run}/ledger`)]);
  if (current().told.run !== told.run) return;
  [seen, ledger] = found;
  seenOf = told.run;
  draw();
}

export function prepare() {
  document.addEventListener("charts", draw);
}

export function redraw() {
  if (seen) draw();
}

function draw() {
  const { told } = current();
  if (!told || !seen || seenOf !== told.run) return;
  const parts = [headline(told), timeFigure(told), ledgerFigure(ledger)];
  byId("outsider").replaceChildren(make("div", { class: "outside-grid" }, ...parts.filter(Boolean)));
}

function headline(told) {
  const rows = told.worlds.map((world) => {
    const one = seen[world];
    return [say(`world.${world}`), whole(one.total), String(one.published), number(one.expected), String(one.relays), silent(one)];
  });
  const header = ["world", "incidents", "published", "expected", "relays", "silent"].map((key) => say(`outside.${key}`));
  return make("div", { class: "wide" }, make("p", { class: "big", text: say("outside.share", { share: silent(seen[told.worlds[0]]) }) }),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("outside.title") }, table(header, rows, say("outside.title"))),
    make("p", { class: "soft", text: say("outside.synthetic") }));
}

// A share near 1 would round to 100 % and say that nothing got out: leave as many nines as it has.
function silent(one) {
  if (one.share_silent === null) return "–";
  const out = 1 - one.share_silent;
  if (out === 0) return say("outside.all");
  const decimals = Math.min(5, Math.max(0, Math.ceil(-Math.log10(out)) - 1));
  return `${(Math.floor(one.share_silent * 10 ** (decimals + 2)) / 10 ** decimals).toFixed(decimals)} %`;
}

// Incidents by week, and under them on the same days each report from its incident to its publication.
function timeFigure(told) {
  const start = secondsOf(told.start);
  const whole7 = seen[told.worlds[0]].week_starts.filter((day) => day + 7 <= told.days || told.days < 7);
  const reports = seen[told.worlds[0]].reports.filter((one) => !one.relay).slice(0, MOST_DRAWN);
  const last = Math.max(told.days, ...reports.map((one) => one.day + 1));
  const total = (world) => whole7.map((_, week) => Object.values(seen[world].incidents).reduce((sum, list) => sum + list[week], 0));
  const data = [whole7.map((day) => start + day * DAY), ...told.worlds.map(total)];
  const series = [{}, ...told.worlds.map((_, at) => ({ stroke: colour(at ? "--c1" : "--c0"), width: 2, dash: at ? [7, 4] : [], points: { show: false } }))];
  const where = make("div", { class: "plot", role: "img", "aria-label": say("outside.incidents_label") });
  const strip = make("div");
  requestAnimationFrame(() => {
    const one = mount(where, { data, series, axisNumber: whole, start, scales: { x: { time: false, range: [start, start + last * DAY] } } });
    one.fitted = () => strip.replaceChildren(reportStrip(told, reports, last, where.clientWidth, one.plot));
    one.fitted();
  });
  const n = seen[told.worlds[0]].published;
  const words = [n ? say("outside.reports_caption", { n: whole(n) }) : say("outside.no_report"), inWorlds(told)].filter(Boolean).join(" ");
  return make("figure", { class: "card wide" }, make("h3", { text: say("outside.incidents_title") }), where,
    make("h3", { text: say("outside.reports_title") }), strip, make("figcaption", { text: `${words} ${say("outside.incidents_caption")}` }), saveLine(say("outside.incidents_title"), "incidents"),
    foldedTable(`${say("table.open")}: ${say("outside.incidents_title")}`, say("outside.incidents_title"), () => incidentsTable(told)),
    foldedTable(`${say("table.open")}: ${say("outside.reports_title")}`, say("outside.reports_title"), () => reportsTable(told)));
}

// How many reports come out in the other worlds, whole ones, so that one history is not taken for the answer.
function inWorlds(told) {
  const [low, high, n] = told.reports[told.worlds[0]] ?? [0, 0, 0];
  return n ? say("outside.in_worlds", { low: whole(low), high: whole(high), n }) : say("outside.no_worlds");
}

function incidentsTable(told) {
  const kinds = Object.keys(seen[told.worlds[0]].incidents);
  const header = [say("chart.week"), ...told.worlds.flatMap((world) => kinds.map((kind) => `${say(`world.${world}`)}: ${say(`like.${kind}`)}`))];
  const rows = seen[told.worlds[0]].week_starts.map((day, week) => [isoOf(day + 1), ...told.worlds.flatMap((world) => kinds.map((kind) => whole(seen[world].incidents[kind][week])))]);
  return table(header, rows, say("outside.incidents_title"));
}

function reportsTable(told) {
  const rows = seen[told.worlds[0]].reports.map((one) => [isoOf(one.incident_day + 1), isoOf(one.day + 1), say(`like.${one.kind}`), one.list, say(one.relay ? "outside.relay" : "outside.first")]);
  return table(["incident_day", "day", "kind", "list", "copy"].map((key) => say(`outside.${key}`)), rows, say("outside.reports_title"));
}

function reportStrip(told, reports, last, width, plot) {
  const height = Math.max(34, 14 + reports.length * 13);
  const left = plot.bbox.left / devicePixelRatio, span = plot.bbox.width / devicePixelRatio;
  const x = (day) => left + (span * day) / last;
  const svg = document.createElementNS(SVG, "svg");
  const put = (tag, attributes) => {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    svg.append(node);
  };
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": say("outside.reports_label", { n: reports.length }), class: "reports" })) svg.setAttribute(name, value);
  put("line", { x1: left, x2: left + span, y1: 4, y2: 4, class: "base" });
  reports.forEach((one, at) => {
    const y = 16 + at * 13;
    put("line", { x1: x(one.incident_day), x2: x(one.day), y1: y, y2: y, class: "stem" });
    put("circle", { cx: x(one.incident_day), cy: y, r: 4, class: "from" });
    put("rect", { x: x(one.day) - 4, y: y - 4, width: 8, height: 8, class: "to" });
  });
  return svg;
}
