// The message catalogues: every text of the page, in the language that is chosen.
let catalogue = {};
export let language = "en";
const listeners = [];

export const languages = ["en", "ko"];

export function onLanguage(listener) {
  listeners.push(listener);
}

export async function speak(wanted) {
  language = languages.includes(wanted) ? wanted : "en";
  const answer = await fetch(`words/${language}.json`);
  catalogue = await answer.json();
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-w]")) node.textContent = say(node.dataset.w);
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", say(node.dataset.label));
  for (const button of document.querySelectorAll("[data-lang]"))
    button.setAttribute("aria-pressed", String(button.dataset.lang === language));
  for (const listener of listeners) listener();
}

// A text with {name} filled in; a missing one shows its key, and a test finds it.
export function say(key, values = {}) {
  const text = catalogue[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export function has(key) {
  return key in catalogue;
}

// What the server says in English, in the page's language where the catalogue has it.
export function translated(key, english) {
  return has(key) ? catalogue[key] : english;
}

export function date(iso, style = "long") {
  const options = { year: "numeric", month: style, day: "numeric", timeZone: "UTC" };
  return new Intl.DateTimeFormat(language === "ko" ? "ko-KR" : "en-GB", options).format(new Date(`${iso}T00:00:00Z`));
}

export function whole(value) {
  return new Intl.NumberFormat("en-GB").format(Math.round(value));
}

// Two or three digits that count, as in the report.
export function number(value, share = false) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (share) return `${digits(100 * value, Math.abs(value) >= 0.1 ? 0 : null)} %`;
  return digits(value, null);
}

function digits(value, decimals) {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (decimals === 0) return String(Math.round(value));
  if (size >= 1000) return whole(Number(value.toPrecision(3)));
  if (size >= 100) return value.toFixed(0);
  if (size < 0.0005) return say(value > 0 ? "number.under" : "number.over");
  return String(Number(value.toPrecision(size >= 0.01 ? 2 : 1)));
}

export function signed(value, share = false) {
  if (value === null || value === undefined) return "–";
  const text = share ? `${digits(100 * value, null)} ${say("number.points")}` : number(value);
  return value > 0 ? `+${text}` : text.replace("-", "−");
}

export function ranged(low, high, share = false) {
  if (low === null || high === null || low === undefined) return "";
  return say("number.range", { low: number(low, share).replace(" %", ""), high: number(high, share) });
}

// What a range is, by its kind: the middle 90 %, the whole range with the share that it holds, or none.
export function rangeWords({ kind, n, share }) {
  if (kind === "none") return say(n ? "band.single" : "band.none");
  return say(kind === "range" ? "band.few" : "band.many", { n, share: Math.round(100 * share) });
}

// How many of the draws stand behind a range, where that is not all of them.
export function behind(n, told) {
  return n < told.n_draws ? `; ${say("band.some", { n, all: told.n_draws })}` : "";
}
