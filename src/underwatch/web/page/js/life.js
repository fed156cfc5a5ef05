// One life: the diary of the resident that was chosen, in both worlds side by side, with what differed and why.
import { get } from "./api.js";
import { DAY, secondsOf } from "./calendar.js";
import { colour, mount } from "./charts.js";
import { byId, foldedTable, make, table } from "./element.js";
import { saveLine } from "./saving.js";
import { changeWords, current, isoOf, mark } from "./look.js";
import { date, has, language, number, say, translated } from "./words.js";

const STORED = 0, FIRST = "call_given_up";
let life = null;
let lifeOf = null; // the run that it was lived in: another one may be on the page already
let examples = {};
let turn = 0;
let asked = 0;

export function prepare() {
  byId("choose").addEventListener("click", () => {
    const list = examples[byId("like").value] ?? [];
    if (!list.length) byId("life-status").textContent = say("life.nobody");
    else choose(list[turn++ % list.length]);
  });
  byId("like").addEventListener("change", () => (turn = 0));
  byId("anybody").addEventListener("click", () => choose(Math.floor(Math.random() * current().town.n)));
  document.addEventListener("charts", () => life && lifeOf === current().told?.run && draw());
}

export async function show(run) {
  life = null;
  turn = 0;
  byId("diary").replaceChildren();
  byId("life-status").textContent = say("life.none");
  examples = await get(`runs/${run}/residents`);
  redraw();
  const kept = run === STORED ? examples[FIRST]?.[0] : undefined; // its life is kept with it, so that one is told at once
  if (kept !== undefined) await choose(kept);
}

export function redraw() {
  const kept = byId("like").value;
  byId("like").replaceChildren(...Object.keys(examples).map((kind) =>
    make("option", { value: kind, text: say(`like.${kind}`), disabled: examples[kind].length === 0 })));
  if (kept in examples) byId("like").value = kept;
  else byId("like").value = Object.keys(examples).find((kind) => kind === FIRST && examples[kind].length) ?? Object.keys(examples).find((kind) => examples[kind].length) ?? "";
  if (life) draw();
  else byId("life-status").textContent = say("life.none");
}

export async function choose(who) {
  const mine = ++asked;
  mark(who);
  byId("life-status").textContent = say("life.looking");
  byId("diary").setAttribute("aria-busy", "true");
  try {
    const { run } = current().told;
    const found = await get(`runs/${run}/residents/${who}`);
    if (mine !== asked || current().told.run !== run) return;
    life = found;
    lifeOf = run;
    draw();
  } catch (error) {
    byId("life-status").textContent = error.message;
  } finally {
    byId("diary").removeAttribute("aria-busy");
  }
}

function draw() {
  const { told } = current();
  const who = [say(life.adult ? "life.adult" : "life.child"), say("life.household", { n: life.household }), say("life.unit", { n: life.unit }),
    life.grounds.length ? say("life.grounds", { grounds: life.grounds.map((ground) => say(`ground.${ground}`)).join(", ") }) : say("life.no_ground"),
    say(life.listed_at_start ? "life.listed_at_start" : "life.not_listed")];
  byId("life-status").textContent = say("life.found", { n: life.days.length, differing: life.why.n_days });
  byId("diary").replaceChildren(
    make("p", { class: "who" }, make("b", { text: say("life.statement") }), ` ${who.join(" · ")}`),
    why(told), make("div", { class: "pair wide" }, counted(told), fearChart(told)), days(told));
}

function why(told) {
  const lines = [];
  const cause = life.why;
  if (!cause.change) lines.push(say("why.no_twin"));
  else if (cause.first_day === null) lines.push(say("why.same", { change: changeWords(told) }));
  else {
    lines.push(say("why.differs", { n: cause.n_days, same: cause.same_days, first: date(isoOf(cause.first_day + 1)), change: changeWords(told) }));
    const [one, other] = told.worlds;
    if (Math.abs(cause.pressure[one] - cause.pressure[other]) >= 0.02)
      lines.push(say("why.pressure", { a: number(cause.pressure[one]), b: number(cause.pressure[other]) }));
    if (Math.abs(cause.fear[one] - cause.fear[other]) >= 0.02)
      lines.push(say("why.fear", { a: number(cause.fear[one]), b: number(cause.fear[other]) }));
    lines.push(say("why.end", { a: number(cause.fear_at_end[one]), b: number(cause.fear_at_end[other]) }));
    lines.push(say("why.luck"));
  }
  return make("div", { class: "why" }, make("h3", { text: say("why.title") }), ...lines.map((text) => make("p", { text })));
}

function counted(told) {
  const rows = life.counts.map((one) => [translated(`kind.${one.kind}`, one.words), ...told.worlds.map((world) => String(one.times[world]))]);
  const header = [say("life.in_all"), ...told.worlds.map((world) => say(`world.${world}`))];
  return make("div", {}, make("h3", { text: say("life.counts") }), table(header, rows, say("life.counts")));
}

function fearChart(told) {
  const start = secondsOf(told.start);
  const first = life.weeks[told.worlds[0]];
  const data = [first.map((week) => start + week[0] * DAY)], series = [{}];
  told.worlds.forEach((world, at) => {
    const stroke = colour(at === 0 ? "--c0" : "--c1"), dash = at === 0 ? [] : [7, 4];
    series.push({ stroke, width: 2, dash, points: { show: false } });
    data.push(life.weeks[world].map((week) => week[1]));
  });
  const where = make("div", { class: "plot", role: "img", "aria-label": say("life.fear_label") });
  const build = () => table([say("chart.week"), ...told.worlds.flatMap((world) => [1, 2, 3].map((at) => `${say(`world.${world}`)}: ${say(`life.level${at}`)}`))],
    first.map((week, at) => [isoOf(week[0] + 1), ...told.worlds.flatMap((world) => life.weeks[world][at].slice(1).map((level) => number(level)))]), say("life.fear"));
  const figure = make("figure", { class: "card" }, make("h3", { text: say("life.fear") }), where,
    make("figcaption", { text: say("life.fear_caption") }), saveLine(say("life.fear"), () => `fear-${life.resident}`), foldedTable(say("table.open"), say("life.fear"), build));
  requestAnimationFrame(() => mount(where, { data, series, axisNumber: String, start, scales: { y: { range: [0, 1] } }, height: 150 }));
  return figure;
}

function days(told) {
  const rows = life.days.map((day) => {
    const cells = told.worlds.map((world, at) => make("td", { class: `w${at}` }, make("span", { class: "hidden", text: `${say(`world.${world}`)}: ` }), sentences(day.worlds[world])));
    return make("tr", { class: day.differs ? "differs" : null }, make("th", { scope: "row" }, date(day.date, "short"),
      day.differs && told.worlds.length > 1 ? make("span", { class: "mark", text: say("life.differs") }) : null), ...cells);
  });
  const head = make("tr", {}, make("th", { scope: "col", text: say("life.day") }), ...told.worlds.map((world) => make("th", { scope: "col", text: say(`world.${world}`) })));
  const body = make("table", { class: "diary" }, make("caption", { class: "hidden", text: say("life.title") }), make("thead", {}, head), make("tbody", {}, ...rows));
  const only = make("input", { type: "checkbox", id: "only-differing" });
  only.addEventListener("change", () => body.classList.toggle("only", only.checked));
  return make("div", {}, make("h3", { text: say("life.side_by_side") }), make("label", { class: "tick" }, only, say("life.only")),
    make("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": say("life.side_by_side") }, body));
}

// English as the diary command says it; another language from the events, one by one.
function sentences(side) {
  if (!side.events.length) return say("life.nothing");
  if (language === "en") return side.said.join(" ");
  return side.events.map(([kind, by, value]) => {
    const key = value > 0 && has(`event.${kind}.km`) ? `event.${kind}.km` : `event.${kind}`;
    return say(key, { by: by ? say(`by.${by}`) : "", km: value });
  }).join(" ");
}
