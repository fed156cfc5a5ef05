// The ten lines, the limits beside them, and what was asked.
import { isoAfter } from "./calendar.js";
import { byId, make } from "./element.js";
import { bandWords, changeWords } from "./look.js";
import { behind, date, language, say, translated, whole } from "./words.js";

const LINES = ["place", "listed", "followed", "change", "calls", "ordinary", "distress", "out", "silence", "statement"];
const NEAR = 5;

export function drawSummary(told) {
  const place = language === "ko" && told.place.name_ko ? told.place.name_ko : told.place.name;
  const end = isoAfter(told.start, told.days - 1);
  byId("asked").textContent = [place, translated(`province.${told.place.province}`, told.place.province), say("summary.residents", { n: whole(told.place.residents) }),
    `${date(told.start)} – ${date(end)}`, ensembleWords(told), told.same === null ? null : say(told.same ? "summary.same" : "summary.not_same")].filter(Boolean).join(" · ");
  const lines = language === "en" ? told.summary : LINES.map((name) => line(name, told, place, end));
  byId("lines").replaceChildren(...lines.map((text) => make("li", { text })));
  const limits = told.limits.map((text, at) => translated(`report.limit.${at}`, text));
  byId("limits").replaceChildren(...limits.slice(0, NEAR).map((text) => make("li", { text })),
    make("li", {}, make("details", {}, make("summary", { text: say("limits.more") }), make("ul", {}, ...limits.slice(NEAR).map((text) => make("li", { text }))))));
}

// Whose worlds the figures are read from; nothing where there is no range.
function ensembleWords(told) {
  if (!told.n_draws) return null;
  return say(told.adapted ? "summary.adapted" : "summary.ensemble", { name: say(`ensemble.${told.ensemble}`) });
}

function line(name, told, place, end) {
  const values = { place, residents: whole(told.place.residents), start: date(told.start), end: date(end), change: changeWords(told),
    band: bandWords(told) + (told.n_set ? `; ${say("band.set", { n: told.n_set })}` : "") };
  for (const [key, figure] of Object.entries(told.figures)) values[key] = ranged(figure, told);
  if (name === "change" && told.worlds.length < 2) return say("line.no_twin");
  if (name === "silence") return silenceLine(told);
  const key = name === "place" && told.worlds.length > 1 ? (told.interventions.length ? "line.place_with" : "line.place_without") : `line.${name}`;
  return say(key, values);
}

// A figure with its range, and the number of draws behind it where that is not all of them.
function ranged([value, low, high, n], told) {
  const some = n === undefined ? "" : behind(Number(n), told);
  const range = low ? `${plain(low).replace(/\s*%$/, "")}~${plain(high)}` : "";
  return range || some ? `${plain(value)} (${range || say("band.no_range")}${some})` : plain(value);
}

// The server writes a very small number in English words.
function plain(text) {
  return text === "under 0.0005" ? say("number.under") : text === "over -0.0005" ? say("number.over") : text;
}

function silenceLine(told) {
  const points = told.silence.points;
  if (points.length < 3) return say("line.silence_none");
  const peak = points.reduce((best, one, at) => (one.published > points[best].published ? at : best), 0);
  const first = points[0], last = points[points.length - 1];
  const values = { from: first.watching, to: last.watching, few: whole(first.incidents), many: whole(last.incidents),
    a: first.published.toPrecision(2), b: points[peak].published.toPrecision(2), c: last.published.toPrecision(2) };
  return say(peak === 0 || peak === points.length - 1 ? "line.silence_straight" : "line.silence", values);
}
