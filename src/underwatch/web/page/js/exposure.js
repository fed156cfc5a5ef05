// Before you publish: a draft in codes goes to the server on this machine, and its answer comes back. Nothing is kept:
// closing the dialog lets the server forget both.
import { get, post } from "./api.js";
import { byId, make, table } from "./element.js";
import { has, language, onLanguage, say } from "./words.js";

const state = { choices: null, presets: null, told: {}, k: 20, earlier: [], shown: null, asking: false };
const BEAT = 400;

export function prepare(presets) {
  state.presets = presets;
  byId("expose").addEventListener("click", open);
  byId("exposure").addEventListener("close", forget);
  onLanguage(async () => {
    if (!byId("exposure").open) return;
    draw();
    if (state.shown?.state === "done") show(await get(`exposure/${language}`));
  });
}

async function open() {
  state.choices ??= await get("exposure/choices");
  draw();
  byId("exposure").showModal();
}

function forget() {
  Object.assign(state, { told: {}, k: 20, earlier: [], shown: null, asking: false });
  byId("exposure").replaceChildren();
  post("exposure/stop", {}).catch(() => {});
}

function draw() {
  const fields = state.choices.details.map(field);
  const k = make("input", { type: "number", min: 2, step: 1, value: state.k, id: "exposure-k", required: true });
  k.addEventListener("input", () => { state.k = Number(k.value); });
  const files = make("input", { type: "file", multiple: true, accept: ".toml" });
  files.addEventListener("change", () => take(files.files));
  const form = make("form", { autocomplete: "off", onsubmit: submit },
    make("div", { class: "draft" }, ...fields, labelled(say("exposure.k"), k)),
    make("p", { class: "help", text: say("exposure.order") }),
    labelled(say("exposure.files"), files),
    make("div", { id: "exposure-earlier", class: "draft" }),
    make("p", { class: "problem", id: "exposure-problem", role: "alert" }),
    make("p", { id: "exposure-status", role: "status" }),
    make("div", { class: "buttons" },
      make("button", { type: "submit", class: "primary", text: say("exposure.ask") }),
      make("button", { type: "button", text: say("exposure.close"), onclick: () => byId("exposure").close() })));
  byId("exposure").replaceChildren(
    make("h2", { id: "exposure-title", text: say("exposure.title") }),
    make("p", { class: "soft", text: say("exposure.intro") }), form, make("div", { id: "exposure-answer" }));
  drawEarlier();
}

function labelled(words, node) {
  return make("label", { class: "field" }, make("span", { text: words }), node);
}

function field({ detail, codes, needed }) {
  const label = say(`exposure.detail.${detail}`);
  const name = { name: detail, required: needed };
  let node;
  if (detail === "place") node = make("select", name, ...placeOptions());
  else if (detail === "published") node = make("input", { ...name, type: "date" });
  else if (detail === "period") node = make("input", { ...name, type: "text", maxlength: 10, placeholder: say("exposure.period_help"), title: say("exposure.period_help") });
  else node = make("select", name, ...(needed ? [] : [make("option", { value: "", text: say("exposure.say.nothing") })]),
    ...codes.map((code) => make("option", { value: code, text: say(`exposure.say.${detail}.${code}`) })));
  node.value = state.told[detail] ?? node.value;
  state.told[detail] = node.value;
  node.addEventListener("input", () => { state.told[detail] = node.value; });
  return labelled(label, node);
}

function placeOptions() {
  const country = make("option", { value: "country", text: say("exposure.say.country") });
  const groups = state.presets.provinces.map(({ province, places }) => {
    const key = `province.${province}`;
    const called = has(key) ? say(key) : province;
    return make("optgroup", { label: called }, make("option", { value: `${province} province`, text: called }),
      ...places.map((place) => make("option", { value: place.name, text: language === "ko" ? place.name_ko : place.name })));
  });
  return [...groups, country];
}

async function take(files) {
  state.earlier = await Promise.all([...files].map(async (file) => ({ toml: await file.text(), relation: "other" })));
  drawEarlier();
}

function drawEarlier() {
  byId("exposure-earlier").replaceChildren(...state.earlier.map((one, at) => {
    const options = state.choices.relations.map((relation) => make("option", { value: relation, text: say(`exposure.relation.${relation}`) }));
    const select = make("select", {}, ...options);
    select.value = one.relation;
    select.addEventListener("input", () => { one.relation = select.value; });
    return labelled(say("exposure.relation", { n: at + 1 }), select);
  }));
}

async function submit(event) {
  event.preventDefault();
  if (state.asking) return;
  byId("exposure-problem").textContent = "";
  byId("exposure-answer").replaceChildren();
  const draft = Object.fromEntries(state.choices.details.map(({ detail }) => [detail, state.told[detail]]).filter(([, code]) => code));
  state.asking = true;
  try {
    await post("exposure", { draft, k: state.k, earlier: state.earlier });
    await wait();
  } catch (error) {
    problem(error.message);
  } finally {
    state.asking = false;
  }
}

async function wait() {
  while (state.asking && byId("exposure").open) {
    const told = await get(`exposure/${language}`);
    if (told.state !== "working") return show(told);
    byId("exposure-status").textContent = say("exposure.working", { share: Math.floor(100 * told.share) });
    await new Promise((resolve) => setTimeout(resolve, BEAT));
  }
}

function problem(words) {
  if (byId("exposure-problem")) byId("exposure-problem").textContent = words;
}

function show(told) {
  state.shown = told;
  byId("exposure-status").textContent = told.state === "stopped" ? say("exposure.stopped") : "";
  if (told.state === "failed") return problem(told.error);
  if (told.state !== "done") return;
  const verdict = make("div", { class: "verdict" }, ...told.verdict.map((text) => make("p", { text })));
  byId("exposure-answer").replaceChildren(verdict, ...told.sections.map(section));
  verdict.scrollIntoView({ block: "start" });
}

function section({ name, title, header, rows, notes }) {
  const wide = rows.length
    ? make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, table(header, rows, title))
    : null;
  return make("section", { class: `exposure-${name}` }, make("h3", { text: title }), wide, ...notes.map((text) => make("p", { class: "soft", text })));
}
