// The figures that the report has too: its statements line by line, what would relieve people, the worlds of the silence.
import { get } from "./api.js";
import { byId, drawing, foldedTable, make, table } from "./element.js";
import { saveLine } from "./saving.js";
import { language, say } from "./words.js";

const EVERY = 2000; // milliseconds that a world stays
const still = matchMedia("(prefers-reduced-motion: reduce)");
let told = null;
let drawn = {}; // by language, of the run that is told
let ticking = null;

export async function show(run) {
  if (told?.run !== run.run || told.state !== run.state) drawn = {};
  told = run;
  await redraw();
}

export async function redraw() {
  if (!told) return;
  const [run, spoken] = [told.run, language];
  drawn[spoken] ??= await get(`runs/${run}/pictures/${spoken}`);
  if (told.run !== run || language !== spoken) return;
  drawLines(drawn[spoken].lines);
  byId("changes").replaceChildren(...(drawn[spoken].change ? [whole(drawn[spoken].change)] : []));
  drawRelief(drawn[spoken].relief);
  drawWorlds(drawn[spoken].outcomes);
  const curve = drawn[spoken].silence;
  byId("silence").replaceChildren(curve ? whole(curve) : make("p", { class: "soft", text: say("silence.waiting") }));
}

function drawLines(lines) {
  byId("statements-read").textContent = lines.length ? `${say("report.lines.intro")} ${say("report.lines.read")} ${say("report.lines.verdicts")}` : say("report.lines.not_judged");
  const items = lines.flatMap((line, at) => [
    line.beyond && !lines[at - 1]?.beyond ? make("li", { class: "beyond", text: say("report.lines.beyond") }) : null,
    make("li", { class: "said", "data-statement": line.id },
      make("div", {}, make("h3", {}, make("span", { class: "id", text: line.id }), ` ${line.words}`),
        make("p", { class: `verdict ${line.verdict}` }, make("b", { text: line.verdict_words }), ` ${line.count}`),
        make("p", { class: "help", text: [line.holds, `${line.rules.join(" · ")}.`, `${line.figure}; ${line.selected}.`].join(" ") })),
      make("div", { class: "dotplot" }, drawing(line.svg), make("p", { class: "help", text: line.unit }))),
  ]);
  byId("statements").replaceChildren(...items.filter(Boolean), ...(lines.length ? [make("li", {}, saveLine(say("report.lines.title"), "lines"))] : []));
}

function drawRelief(chart) {
  byId("relief").hidden = !chart;
  if (!chart) return;
  byId("relief-figure").replaceChildren(whole(chart, chart.narrow));
}

// A figure with its caption, its table and how to save it; `narrow` is its form for a small screen.
function whole(chart, narrow) {
  const forms = narrow ? [make("div", { class: "if-wide" }, drawing(chart.svg)), make("div", { class: "if-narrow" }, drawing(narrow))] : [drawing(chart.svg)];
  return make("figure", { class: "card" }, make("h3", { text: chart.title }), ...forms,
    make("figcaption", { text: [chart.caption, chart.rights].filter(Boolean).join(" ") }), saveLine(chart.title, chart.key),
    foldedTable(say("table.open"), chart.title, () => table(chart.header, chart.rows, chart.title)));
}

// One world after another, as long as nobody wants the page still; all of them side by side beside it.
function drawWorlds(chart) {
  clearInterval(ticking);
  ticking = null;
  byId("worlds").replaceChildren();
  if (!chart) return;
  const moving = drawing(chart.frames), frames = [...moving.querySelectorAll(".world")];
  let at = 0;
  const turn = (step) => {
    at = (at + step + frames.length) % frames.length;
    frames.forEach((frame, n) => frame.setAttribute("visibility", n === at ? "visible" : "hidden"));
    count.textContent = say("worlds.at", { n: at + 1, all: frames.length });
  };
  const play = () => {
    if (ticking) clearInterval(ticking);
    ticking = ticking ? null : setInterval(() => turn(1), EVERY);
    button.textContent = say(ticking ? "look.pause" : "look.play");
  };
  const count = make("span", { class: "help" });
  const button = make("button", { type: "button", class: "small", onclick: play, text: say("look.play") });
  const next = make("button", { type: "button", class: "small", onclick: () => turn(1), text: say("worlds.next") });
  turn(0);
  if (!still.matches) play();
  byId("worlds").append(
    make("figure", { class: "moving" }, make("h3", { text: say("worlds.title") }), moving, make("p", { class: "save" }, button, next, count),
      make("figcaption", { text: say("worlds.caption") })),
    whole(chart));
}
