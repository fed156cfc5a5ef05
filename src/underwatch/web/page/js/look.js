// Look: one day for the map and all charts. A move of the slider repaints both without asking the server.
import { isoAfter } from "./calendar.js";
import { colour, forget, indicatorChart, setDay } from "./charts.js";
import { Dots, counts, unpack } from "./dots.js";
import { byId, make, table } from "./element.js";
import { placeLine } from "./saving.js";
import { date, rangeWords, say, translated, whole } from "./words.js";

const FIRST_CHARTS = 4;
const DIFFERENCE = 2;
const dots = new Dots(byId("map"));
const view = { told: null, town: null, world: 0, day: 1, who: null, playing: null, frame: 0, onChoose: null };
export const frames = []; // milliseconds of each repaint, for the tests and the curious

export function prepare(onChoose) {
  view.onChoose = onChoose;
  byId("day").addEventListener("input", () => ask(Number(byId("day").value)));
  byId("map").addEventListener("click", (event) => {
    if (!view.town) return;
    onChoose(dots.nearest(event.offsetX, event.offsetY));
  });
  byId("map").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    byId("like").focus();
  });
  byId("play").addEventListener("click", play);
  byId("more-charts").addEventListener("toggle", drawCharts);
  byId("map-table").addEventListener("toggle", mapTable);
  new ResizeObserver(() => fit()).observe(byId("map"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
}

export function show(told, buffer) {
  if (buffer) view.town = unpack(buffer);
  const first = view.told?.run !== told.run;
  view.told = told;
  const slider = byId("day");
  slider.max = String(told.days);
  if (first) {
    view.who = null;
    view.world = 0;
    view.day = told.window ? Math.min(told.days, Math.round((told.window[0] + told.window[1]) / 2)) : told.days;
    slider.value = String(view.day);
    fit();
  }
  redraw();
}

export function redraw() {
  if (!view.told) return;
  drawSwitch();
  drawKey();
  drawCharts();
  placeLine("map-save", say("look.which"), () => `map-${view.world}-${view.day}`);
  fit();
}

export function mark(who) {
  view.who = who;
  paint();
}

export function current() {
  return view;
}

function drawSwitch() {
  const names = view.told.worlds.length > 1 ? ["baseline", "counter-world", "difference"] : ["baseline"];
  byId("which").replaceChildren(...names.map((name, at) =>
    make("label", {}, make("input", { type: "radio", name: "which", value: String(at), checked: at === view.world, onchange: () => {
      view.world = at;
      drawLegend();
      ask(view.day);
    } }), make("span", { text: say(`world.${name}`) }))));
  drawLegend();
}

function drawLegend() {
  const difference = view.world === DIFFERENCE;
  const keys = difference ? ["same", "better", "worse"] : ["calm", "followed", "listed"];
  byId("map-legend").replaceChildren(...keys.map((key) =>
    make("span", { class: `dot-${key}` }, make("i", { "aria-hidden": "true" }), `${say(`map.${key}`)} `, make("b", { id: `n-${key}` }))));
}

function drawKey() {
  const told = view.told;
  const worlds = told.worlds.map((world, at) => make("span", { class: `w${at}` }, make("span", { class: "swatch", "aria-hidden": "true" }), say(`world.${world}`)));
  const what = told.change ? say(told.interventions.length ? "key.twin_with" : "key.twin_without", { change: changeWords(told) }) : say("key.no_twin");
  const bands = told.n_draws ? say("key.band", { band: bandWords(told) }) : say("key.no_band");
  byId("key").replaceChildren(make("p", {}, ...worlds), make("p", { class: "soft", text: `${what} ${bands}` }));
}

export function changeWords(told) {
  if (!told.interventions.length) return say("change.campaign");
  return told.interventions.map((one) => `“${translated(`chip.${one.name}`, one.name)}”`).join(" + ");
}

export function bandWords(told) {
  return rangeWords(told.range);
}

function drawCharts() {
  forget();
  const { told } = view;
  if (!told) return;
  const draw = (chart) => indicatorChart(chart, told, choose);
  const order = ["share_followed", "calls_given_up", "fear_listed", "falsely_accused"];
  const firsts = order.map((name) => told.charts.find((one) => one.name === name));
  byId("charts").replaceChildren(...firsts.slice(0, FIRST_CHARTS).map(draw));
  const others = byId("more-charts").open ? told.charts.filter((one) => !order.includes(one.name)).map(draw) : [];
  byId("other-charts").replaceChildren(...others);
  document.dispatchEvent(new CustomEvent("charts"));
  setDay(view.day);
}

function choose(day) {
  const kept = Math.min(view.told.days, Math.max(1, day));
  byId("day").value = String(kept);
  ask(kept);
}

// Ask for a day: it is painted in the next frame, and only the last day asked for.
function ask(day) {
  view.day = day;
  if (view.frame) return;
  view.frame = requestAnimationFrame(() => {
    view.frame = 0;
    const begun = performance.now();
    paint();
    setDay(view.day);
    frames.push(performance.now() - begun);
    if (frames.length > 2000) frames.splice(0, 1000);
  });
}

function fit() {
  if (!view.town || byId("map").clientWidth < 40) return;
  const names = ["--map", "--calm", "--followed", "--listed", "--core", "--better", "--worse"];
  dots.colours(names.map(colour));
  dots.paperColour = colour("--map");
  dots.ringColour = colour("--ink");
  dots.fit(view.town);
  paint();
}

function paint() {
  if (!view.town || !dots.town) return;
  const found = view.world === DIFFERENCE ? dots.paintDifference(view.day) : dots.paint(view.world, view.day);
  dots.ring(view.who);
  const keys = view.world === DIFFERENCE ? ["same", "better", "worse"] : ["calm", "followed", "listed"];
  keys.forEach((key, at) => {
    const node = byId(`n-${key}`);
    if (node) node.textContent = whole(found[at]);
  });
  const iso = isoOf(view.day);
  byId("date").textContent = date(iso);
  byId("day").setAttribute("aria-valuetext", date(iso));
  byId("map").setAttribute("aria-label", say("map.label", {
    date: date(iso), world: say(`world.${["baseline", "counter-world", "difference"][view.world]}`),
    counts: keys.map((key, at) => `${say(`map.${key}`)} ${whole(found[at])}`).join(", "),
  }));
  drawMeaning(found, date(iso));
}

// What the map means on that day, in words beside it.
function drawMeaning(found, day) {
  const { told, town, world } = view, n = town.n;
  const lines = [];
  if (world === DIFFERENCE) lines.push(say("means.difference", { day, better: whole(found[1]), worse: whole(found[2]), same: whole(found[0]) }));
  else {
    const count = ([, followed, listed]) => ({ listed: whole(listed), listed_in: oneIn(listed, n), followed: whole(followed), followed_in: oneIn(followed, n) });
    lines.push(say("means.world", { day, world: say(`world.${told.worlds[world]}`), n: whole(n), ...count(found) }));
    const other = 1 - world;
    if (told.worlds.length > 1) lines.push(say("means.other", { world: say(`world.${told.worlds[other]}`), ...count(counts(town, other, view.day)) }));
  }
  const shown = [...lines, say("means.dot")];
  const place = byId("means");
  while (place.children.length > shown.length) place.lastChild.remove();
  while (place.children.length < shown.length) place.append(make("p"));
  shown.forEach((text, at) => (place.children[at].textContent = text));
}

// A share as people say it: 7 of 10, or 1 in 15.
function oneIn(count, n) {
  if (!count) return say("means.none");
  return count > 0.4 * n ? say("means.of_ten", { n: Math.round((10 * count) / n) }) : say("means.one_in", { n: whole(n / count) });
}

export function isoOf(day) {
  return isoAfter(view.told.start, day - 1);
}

function mapTable() {
  if (!byId("map-table").open || !view.town) return;
  const worlds = view.told.worlds;
  const rows = [];
  for (let day = 1; day <= view.told.days; day += 7)
    rows.push([isoOf(day), ...worlds.flatMap((_, at) => counts(view.town, at, day).map(whole))]);
  const header = [say("chart.week"), ...worlds.flatMap((world) => ["calm", "followed", "listed"].map((key) => `${say(`world.${world}`)}: ${say(`map.${key}`)}`))];
  byId("map-table").querySelector(".scroll").replaceChildren(table(header, rows, say("look.map_table")));
}

function play() {
  if (view.playing) {
    clearInterval(view.playing);
    view.playing = null;
  } else {
    if (view.day >= view.told.days) choose(1);
    view.playing = setInterval(() => (view.day >= view.told.days ? play() : choose(view.day + 1)), 60);
  }
  byId("play").textContent = say(view.playing ? "look.pause" : "look.play");
}
