// A run on its way: what it does and how long that takes, how long still, and both worlds' totals as the weeks go by.
import { isoAfter } from "./calendar.js";
import { byId, make } from "./element.js";
import { date, number, say, whole } from "./words.js";

const KINDS = ["followed_outings", "calls_avoided", "calls_abandoned", "calling_stopped", "accusations", "arrests", "listings"];
let asked = null;
let weeks = {};
let stage = "";
let met = [];
let spoken = 0;

export function begin(question) {
  asked = question;
  weeks = {};
  stage = "";
  met = [];
  spoken = 0;
  byId("working").hidden = false;
  byId("progress").value = 0;
  byId("progress").hidden = false;
  byId("status").textContent = say("working.asked");
  redraw();
}

export function end(words) {
  asked = null;
  byId("working").hidden = true;
  byId("progress").hidden = true;
  byId("status").textContent = words ?? "";
}

export function redraw() {
  if (!asked) return;
  drawStages();
  drawWeeks();
}

export function week(data) {
  weeks[data.world] = data;
  drawWeeks();
}

export function progress(data) {
  byId("progress").value = data.share;
  if (data.stage !== stage) {
    stage = data.stage;
    met.push(stage);
    drawStages();
  }
  const now = performance.now();
  const words = spell(data);
  const urgent = !byId("status").textContent.startsWith(say(`stage.${data.stage}`));
  if (!urgent && now - spoken < 1500) return;
  spoken = now;
  byId("status").textContent = words;
}

function spell(data) {
  if (data.state === "queued")
    return data.ahead ? say("working.queue", { n: data.ahead }) : say("stage.queued");
  const words = say(`stage.${data.stage}`);
  if (data.stage === "compiling") return words;
  if (data.seconds_left === null) return say("working.share", { stage: words, percent: Math.floor(100 * data.share) });
  const left = Math.max(1, Math.round(data.seconds_left));
  const time = left >= 90 ? say("working.minutes", { n: Math.round(left / 60) }) : say("working.seconds", { n: left });
  return say("working.left", { stage: words, percent: Math.floor(100 * data.share), time });
}

// What the run does, one after the other, each with what to expect of it; compiling only where it was met.
function drawStages() {
  const all = [...(met.includes("compiling") ? ["compiling"] : []), ...(asked.draws ? ["draws"] : []), "worlds", "silence", "ledger"];
  const at = all.indexOf(stage);
  byId("stages").replaceChildren(...all.map((name, index) =>
    make("li", { class: index < at ? "over" : null, "aria-current": index === at ? "step" : null },
      make("b", { text: say(`stage.${name}`) }), ` ${say(`expect.${name}`, { n: asked.draws })}`)));
}

// Totals so far; until the first week of a world is over, what will stand there.
function drawWeeks() {
  const names = ["baseline", "counter-world"].filter((name) => name in weeks);
  if (!names.length) {
    byId("live").replaceChildren(make("p", { class: "soft", text: say("live.waiting") }));
    return;
  }
  const day = Math.max(...names.map((name) => weeks[name].day));
  const head = make("tr", {}, make("th", { scope: "col", text: say("working.until", { date: date(isoAfter(asked.start, day - 1), "short") }) }),
    ...names.map((name) => make("th", { scope: "col", text: say(`world.${name}`) })));
  const rows = KINDS.map((kind) => make("tr", {}, make("th", { scope: "row", text: say(`live.${kind}`) }),
    ...names.map((name) => make("td", { text: whole(weeks[name].totals[kind]) }))));
  rows.push(make("tr", {}, make("th", { scope: "row", text: say("live.fear") }),
    ...names.map((name) => make("td", { text: number(weeks[name].fear) }))));
  byId("live").replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
}
