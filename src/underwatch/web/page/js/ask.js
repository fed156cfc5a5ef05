// The question: place, dates, interventions as chips, parameters as sliders; read from the form and put back into it.
import { DAY, isoAfter, secondsOf } from "./calendar.js";
import { byId, make } from "./element.js";
import { language, number, say, translated, whole } from "./words.js";
import { slider } from "./slider.js";

let choices = null;
const sliders = new Map();

export function prepare(found) {
  choices = found;
  for (const fact of [...found.facts.first, ...found.facts.more]) sliders.set(fact.name, slider(fact));
  drawPlaces();
  drawChips();
  drawSliders();
  drawForms();
  byId("place").addEventListener("change", tellPlace);
  byId("find-parameter").addEventListener("input", narrow);
  byId("question").addEventListener("reset", (event) => {
    event.preventDefault();
    fill(found.presets.default);
    byId("place").focus();
  });
  fill(found.presets.default);
}

export function redraw() {
  if (!choices) return;
  const asked = read();
  drawPlaces();
  drawChips();
  drawSliders();
  drawForms();
  fill(asked);
}

export function placeName(place) {
  return language === "ko" && place.name_ko ? place.name_ko : place.name;
}

function allPlaces() {
  return choices.presets.provinces.flatMap((one) => one.places.map((place) => ({ ...place, province: one.province })));
}

function drawPlaces() {
  const groups = choices.presets.provinces.map(({ province, places }) =>
    make("optgroup", { label: translated(`province.${province}`, province) },
      ...places.map((place) => make("option", { value: place.name, text: placeName(place) }))));
  byId("place").replaceChildren(...groups);
}

function tellPlace() {
  const place = allPlaces().find((one) => one.name === byId("place").value);
  if (!place) return;
  const most = choices.presets.bounds.residents;
  byId("place-facts").textContent = say("ask.place_facts", {
    residents: whole(place.population),
    urban: number(place.urban / place.population, true),
    border: say(place.border ? "ask.border" : "ask.inland"),
    province: translated(`province.${place.province}`, place.province),
    other: language === "ko" ? place.name : place.name_ko,
  });
  const input = byId("population");
  input.placeholder = whole(Math.min(place.population, most));
  input.max = String(most);
  if (place.population > most && !input.value) input.value = "150000";
}

function drawChips() {
  const chips = choices.interventions.map((one) =>
    make("label", { class: "chip", title: translated(`intervention.${one.name}`, one.words) },
      make("input", { type: "checkbox", value: one.name, onchange: tellChosen }),
      make("span", { text: translated(`chip.${one.name}`, one.words) })));
  byId("interventions").replaceChildren(...chips);
}

function chosen() {
  return [...byId("interventions").querySelectorAll("input:checked")].map((box) => box.value);
}

// Say what the chosen interventions are, and put out of reach those that change the same parameter as one of them.
function tellChosen() {
  byId("chosen").replaceChildren(...choices.interventions.filter((one) => chosen().includes(one.name)).map((one) =>
    make("li", {}, make("b", { text: translated(`intervention.${one.name}`, one.words) }), ` ${translated(`intervention.${one.name}.why`, one.why)}`)));
  const touched = new Map();
  for (const one of choices.interventions)
    if (chosen().includes(one.name)) for (const name of one.touches) touched.set(name, one.name);
  const barred = [];
  for (const box of byId("interventions").querySelectorAll("input")) {
    const one = choices.interventions.find((each) => each.name === box.value);
    const clash = !box.checked && one.touches.some((name) => touched.has(name));
    box.disabled = clash;
    if (clash) barred.push(box.nextElementSibling.textContent);
  }
  byId("clash").textContent = barred.length ? say("ask.clash", { names: barred.join(" · ") }) : "";
  byId("from-field").hidden = chosen().length === 0;
}

function drawSliders() {
  byId("first-parameters").replaceChildren(...choices.facts.first.map((fact) => sliders.get(fact.name).draw(true)));
  byId("more-parameters").replaceChildren(...choices.facts.more.map((fact) => sliders.get(fact.name).draw(false)));
  narrow();
}

function narrow() {
  const wanted = byId("find-parameter").value.trim().toLowerCase();
  for (const node of byId("more-parameters").children)
    node.hidden = wanted !== "" && !node.textContent.toLowerCase().includes(wanted);
}

// A rule whose form is a guess: drawn in every world, or one of its forms in all of them.
function drawForms() {
  byId("rules").replaceChildren(...choices.forms.map(({ rule, forms }) => {
    const about = make("p", { class: "about", id: `about-${rule}` });
    const options = forms.map(({ name }) => make("option", { value: name, text: translated(`form.${rule}.${name}`, name) }));
    const tell = () => {
      const shown = forms.filter(({ name }) => !select.value || name === select.value);
      about.textContent = shown.map(({ name, meaning, basis }) => say("ask.form_about", {
        form: translated(`form.${rule}.${name}`, name), meaning: translated(`form.${rule}.${name}.meaning`, meaning), basis: translated(`form.${rule}.${name}.basis`, basis),
      })).join(" ");
    };
    const select = make("select", { id: `form-${rule}`, "data-rule": rule, "aria-describedby": about.id, onchange: tell },
      make("option", { value: "", text: say("ask.form_drawn") }), ...options);
    tell();
    return make("div", { class: "slider" }, make("div", { class: "slider-head" }, make("label", { for: select.id, text: say(`rule.${rule}`) })), select, about);
  }));
}

function formOf(rule) {
  return byId(`form-${rule}`);
}

// Read the question as the server takes it; what was never moved is left out.
export function read() {
  const parameters = {};
  for (const [name, one] of sliders) if (one.moved()) parameters[name] = one.value();
  const forms = Object.fromEntries(choices.forms.map(({ rule }) => [rule, formOf(rule).value]).filter(([, form]) => form));
  const start = byId("start").value;
  const days = Math.round((secondsOf(byId("end").value) - secondsOf(start)) / DAY) + 1;
  const names = chosen();
  const population = byId("population").value;
  return {
    place: byId("place").value,
    start: start || null,
    days: Number.isFinite(days) ? days : null,
    population: population === "" ? null : Number(population),
    seed: Number(byId("seed").value || 1),
    draws: Number(byId("draws").value),
    ensemble: byId("ensemble").value,
    parameters,
    forms,
    interventions: names,
    from_date: names.length ? byId("from").value || null : null,
  };
}

// Put a question into the form.
export function fill(asked) {
  byId("place").value = asked.place;
  byId("population").value = asked.population ?? "";
  byId("start").value = asked.start;
  byId("end").value = asked.start && asked.days ? isoAfter(asked.start, asked.days - 1) : "";
  byId("from").value = asked.from_date ?? choices.presets.default.from_date ?? asked.start;
  byId("seed").value = asked.seed;
  const draws = String(asked.draws);
  if (![...byId("draws").options].some((one) => one.value === draws)) byId("draws").append(make("option", { text: draws }));
  byId("draws").value = draws;
  byId("ensemble").value = asked.ensemble ?? choices.presets.default.ensemble;
  for (const [name, one] of sliders) one.set(asked.parameters?.[name]);
  for (const { rule } of choices.forms) {
    formOf(rule).value = asked.forms?.[rule] ?? "";
    formOf(rule).dispatchEvent(new Event("change"));
  }
  for (const box of byId("interventions").querySelectorAll("input"))
    box.checked = (asked.interventions ?? []).includes(box.value);
  byId("problem").textContent = "";
  tellChosen();
  tellPlace();
}
