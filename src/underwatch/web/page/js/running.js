// A run on its way: how far, how long still, and the totals of both worlds as the weeks go by.
import { isoAfter } from "./calendar.js";
import { byId, make } from "./element.js";
import { date, number, say, whole } from "./words.js";

const KINDS = ["followed_outings", "calls_avoided", "calls_abandoned", "calling_stopped", "accusations", "arrests", "listings"];
let weeks = {};
let start = "";
let spoken = 0;

export function begin(asked) {
  weeks = {};
  start = asked.start;
  spoken = 0;
  byId("working").hidden = false;
  byId("progress").value = 0;
  byId("progress").hidden = false;
  byId("live").replaceChildren();
  byId("status").textContent = say("working.asked");
}

export function end(words) {
  byId("working").hidden = true;
  byId("progress").hidden = true;
  byId("status").textContent = words ?? "";
}

export function week(data) {
  weeks[data.world] = data;
  draw();
}

export function progress(data) {
  byId("progress").value = data.share;
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
  const stage = say(`stage.${data.stage}`);
  if (data.stage === "compiling") return stage;
  if (data.seconds_left === null) return say("working.share", { stage, percent: Math.floor(100 * data.share) });
  const left = Math.max(1, Math.round(data.seconds_left));
  const time = left >= 90 ? say("working.minutes", { n: Math.round(left / 60) }) : say("working.seconds", { n: left });
  return say("working.left", { stage, percent: Math.floor(100 * data.share), time });
}

function draw() {
  const names = ["baseline", "counter-world"].filter((name) => name in weeks);
  const day = Math.max(...names.map((name) => weeks[name].day));
  const head = make("tr", {}, make("th", { scope: "col", text: say("working.until", { date: date(isoAfter(start, day - 1), "short") }) }),
    ...names.map((name) => make("th", { scope: "col", text: say(`world.${name}`) })));
  const rows = KINDS.map((kind) => make("tr", {}, make("th", { scope: "row", text: say(`live.${kind}`) }),
    ...names.map((name) => make("td", { text: whole(weeks[name].totals[kind]) }))));
  rows.push(make("tr", {}, make("th", { scope: "row", text: say("live.fear") }),
    ...names.map((name) => make("td", { text: number(weeks[name].fear) }))));
  byId("live").replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
}
