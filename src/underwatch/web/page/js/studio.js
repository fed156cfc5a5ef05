// The studio: ask, run, look. Everything it knows of a run comes from the server on this machine, and nothing is kept.
import * as ask from "./ask.js";
import { Refused, bytes, follow, get, post } from "./api.js";
import { byId, make } from "./element.js";
import * as exposure from "./exposure.js";
import * as figures from "./figures.js";
import * as key from "./key.js";
import * as layout from "./layout.js";
import * as life from "./life.js";
import * as look from "./look.js";
import * as outside from "./outside.js";
import * as running from "./running.js";
import * as saving from "./saving.js";
import { drawSummary } from "./summary.js";
import { drawComparison, drawFiles, runName } from "./take.js";
import { languages, onLanguage, say, speak } from "./words.js";

const page = { run: null, following: null, told: null, runs: [], shut: false };
const STORED = 0; // the finished example that ships: it stands here until a run takes its place
const TERMS = 14;
const NOT_THERE = 404;

async function start() {
  await speak(key.language ?? languages.find((one) => navigator.language.toLowerCase().startsWith(one)) ?? "en");
  for (const button of document.querySelectorAll("[data-lang]")) button.addEventListener("click", () => speak(button.dataset.lang));
  onLanguage(redraw);
  layout.prepare();
  drawGlossary();
  drawWelcome();
  if (!key.key) return shut();
  try {
    const [presets, facts, forms, interventions] = await Promise.all(["presets", "facts", "forms", "interventions"].map(get));
    ask.prepare({ presets, facts, forms, interventions });
    exposure.prepare(presets);
  } catch (error) {
    return error.isWithoutKey ? shut() : problem(error);
  }
  look.prepare((who) => life.choose(who));
  life.prepare();
  outside.prepare();
  byId("question").addEventListener("submit", submit);
  byId("stop").addEventListener("click", () => page.following && post(`runs/${page.following}/stop`, {}).catch(problem));
  await listRuns();
  for (const one of page.runs.filter((each) => each.state !== "done")) await watch(one.run);
  const done = page.runs.find((one) => one.state === "done");
  if (!page.told) await open(done?.run ?? STORED).catch(noExample);
  document.documentElement.dataset.ready = "true";
}

// Another model has no example yet: say what can be done instead.
function noExample(error) {
  if (error.code !== NOT_THERE) return problem(error);
  page.empty = true;
  drawWelcome();
}

// Without a key nothing can be asked: say how to come in, and show nothing else.
function shut() {
  page.shut = true;
  document.documentElement.dataset.state = "shut";
  byId("run").disabled = true;
  drawDoor();
}

function drawDoor() {
  byId("problem").textContent = say("door.how");
  byId("welcome").replaceChildren(make("h2", { text: say("door.title") }), make("p", { class: "lead", text: say("door.why") }));
}

async function submit(event) {
  event.preventDefault();
  byId("problem").textContent = "";
  const asked = ask.read();
  try {
    const { run } = await post("runs", asked);
    layout.fold(true);
    running.begin(asked);
    byId("results").scrollIntoView({ block: "start" });
    await watch(run);
  } catch (error) {
    problem(error);
  }
}

// Follow a run to its end, and show its worlds as soon as they are there.
async function watch(run) {
  page.following = run;
  document.documentElement.dataset.state = "working";
  byId("stop").disabled = false;
  byId("run").disabled = true;
  let start = null;
  try {
    const told = await get(`runs/${run}`);
    start = told.question;
    running.begin(start);
    byId("former").hidden = !page.told;
    let last = Promise.resolve();
    await follow(run, (kind, data) => {
      if (kind === "week") running.week(data);
      else if (kind === "progress") running.progress(data);
      else if (kind === "worlds") last = last.then(() => open(run));
      else if (kind === "draws") last = last.then(() => refresh(run));
      else if (kind === "failed") problem(new Error(data.error));
    });
    await last;
    const state = (await get(`runs/${run}`)).state;
    running.end();
    byId("status").textContent = say(`working.${state}`);
    if (state === "done") await refresh(run);
    document.documentElement.dataset.state = state;
  } catch (error) {
    running.end();
    problem(error);
    document.documentElement.dataset.state = "failed";
  } finally {
    page.following = null;
    byId("stop").disabled = true;
    byId("run").disabled = false;
    await listRuns().catch(() => {});
  }
}

async function open(run) {
  const [told, buffer] = await Promise.all([get(`runs/${run}`), bytes(`runs/${run}/map`)]);
  page.run = run;
  saving.of(run);
  page.told = told;
  byId("welcome").hidden = true;
  byId("answer").hidden = false;
  byId("former").hidden = true;
  byId("ask-intro").hidden = run !== STORED;
  if (run !== STORED) ask.fill(told.question);
  look.show(told, buffer);
  drawTold();
  await Promise.all([figures.show(told), life.show(run), outside.show(told)]);
  await listRuns();
}

async function refresh(run) {
  if (page.run !== run) return open(run);
  page.told = await get(`runs/${run}`);
  look.show(page.told, null);
  drawTold();
  await Promise.all([figures.show(page.told), outside.show(page.told)]);
  return listRuns();
}

function drawTold() {
  drawSummary(page.told);
  drawFiles(page.run, page.told.files, page.told.state === "done");
}

async function listRuns() {
  page.runs = await get("runs");
  const done = page.runs.filter((one) => one.state === "done");
  byId("runs").hidden = done.length < 2;
  byId("run-list").replaceChildren(...done.map((one) =>
    make("button", { type: "button", "aria-pressed": String(one.run === page.run), text: runName(one), onclick: () => open(one.run).catch(problem) })));
  if (page.told) await drawComparison(page.run, page.runs);
}

function redraw() {
  ask.redraw();
  layout.redraw();
  running.redraw();
  drawGlossary();
  drawWelcome();
  if (page.shut) drawDoor();
  if (!page.told) return;
  drawTold();
  look.redraw();
  life.redraw();
  outside.redraw();
  figures.redraw().catch(problem);
  listRuns().catch(problem);
}

// Before anything is there: that the example is being read in, or what to do where none ships.
function drawWelcome() {
  const words = page.empty ? ["welcome.lead", "welcome.empty"] : ["welcome.lead", "welcome.reading"];
  byId("welcome").replaceChildren(make("h2", { text: say("welcome.title") }), ...words.map((name) => make("p", { class: "lead", text: say(name) })));
}

function drawGlossary() {
  const terms = Array.from({ length: TERMS }, (_, at) => make("div", {}, make("dt", { text: say(`term.${at}`) }), make("dd", { text: say(`term.${at}.meaning`) })));
  byId("terms").replaceChildren(...terms);
}

function problem(error) {
  byId("problem").textContent = error instanceof Refused || error instanceof Error ? error.message : String(error);
  if (error.isWithoutKey) byId("problem").textContent = say("door.how");
  if (error.code === undefined && error instanceof TypeError) byId("problem").textContent = say("problem.gone");
}

start();
