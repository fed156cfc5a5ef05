// What the run finds, in the words of the terminal and the report; what was asked, and the limits beside it.
import { byId, make } from "./element.js";
import { language, say, translated } from "./words.js";

const STORED = 0, NEAR = 4;

export function drawSummary(told) {
  const { head: [what, whose], rows } = told.summary[language];
  byId("tag").textContent = told.run === STORED ? say("summary.stored") : "";
  byId("summary-title").textContent = what;
  byId("asked").textContent = [whose, told.n_set ? say("summary.set", { n: told.n_set }) : null, told.same === null ? null : say(told.same ? "summary.same" : "summary.not_same")].filter(Boolean).join(" ");
  byId("findings").replaceChildren(...rows.map(([label, text]) => make("div", {}, make("dt", { text: label }), make("dd", { text }))));
  const limits = told.limits.map((text, at) => translated(`report.limit.${at}`, text));
  byId("limits").replaceChildren(...limits.slice(0, NEAR).map((text) => make("li", { text })),
    make("li", {}, make("details", {}, make("summary", { text: say("limits.more") }), make("ul", {}, ...limits.slice(NEAR).map((text) => make("li", { text }))))));
}
