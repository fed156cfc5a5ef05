// The summary, the limits beside them, and what was asked.
import { isoAfter } from "./calendar.js";
import { byId, make } from "./element.js";
import { date, language, say, translated, whole } from "./words.js";

const STORED = 0, NEAR = 4;

export function drawSummary(told) {
  const place = language === "ko" && told.place.name_ko ? told.place.name_ko : told.place.name;
  const end = isoAfter(told.start, told.days - 1);
  byId("tag").textContent = told.run === STORED ? say("summary.stored") : "";
  byId("summary-title").textContent = say("summary.title", { place, from: date(told.start), to: date(end) });
  byId("asked").textContent = [translated(`province.${told.place.province}`, told.place.province), say("summary.residents", { n: whole(told.place.residents) }),
    ensembleWords(told), told.same === null ? null : say(told.same ? "summary.same" : "summary.not_same")].filter(Boolean).join(" · ");
  const { head, rows } = told.summary[language];
  byId("lines").replaceChildren(...head.map((text) => make("li", { text })),
    ...rows.map(([label, text]) => make("li", {}, make("strong", { text: label }), ` ${text}`)));
  const limits = told.limits.map((text, at) => translated(`report.limit.${at}`, text));
  byId("limits").replaceChildren(...limits.slice(0, NEAR).map((text) => make("li", { text })),
    make("li", {}, make("details", {}, make("summary", { text: say("limits.more") }), make("ul", {}, ...limits.slice(NEAR).map((text) => make("li", { text }))))));
}

// Whose worlds the figures are read from; nothing where there is no range.
function ensembleWords(told) {
  if (!told.n_draws) return null;
  return say(told.adapted ? "summary.adapted" : "summary.ensemble", { name: say(`ensemble.${told.ensemble}`) });
}
