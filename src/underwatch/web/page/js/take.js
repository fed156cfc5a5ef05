// Take it away: files to save, and two runs side by side.
import { get, save } from "./api.js";
import { byId, make, table } from "./element.js";
import { placeName } from "./ask.js";
import { language, number, ranged, say, translated } from "./words.js";

const FILES = ["report.html", "question.toml", "daily.csv", "data_dictionary.csv", "indicators.parquet", "incidents.parquet", "published.parquet", "citation.txt"];

export function drawFiles(run, there, complete) {
  byId("take-more").textContent = there.length < FILES.length ? say("take.stored") : "";
  const buttons = FILES.filter((name) => there.includes(name)).map((name) => {
    const button = make("button", { type: "button", text: name, "data-file": name, disabled: !complete && name === "report.html" });
    button.addEventListener("click", async () => {
      byId("take-status").textContent = say("take.making", { name });
      try {
        byId("take-status").textContent = say("take.saved", { name: await save(`runs/${run}/take/${name}?language=${language}`) });
      } catch (error) {
        byId("take-status").textContent = error.message;
      }
    });
    return make("li", {}, button, make("span", { text: say(`file.${name}`) }));
  });
  byId("files").replaceChildren(...buttons);
}

export async function drawComparison(run, runs) {
  const others = runs.filter((one) => one.run !== run && one.state === "done");
  const place = byId("compare");
  if (!others.length) {
    place.replaceChildren(make("h3", { text: say("compare.title") }), make("p", { class: "soft", text: say("compare.none") }));
    return;
  }
  const select = make("select", { id: "compare-with" }, ...others.map((one) => make("option", { value: String(one.run), text: runName(one) })));
  const into = make("div");
  const draw = async () => into.replaceChildren(...(await compared(run, Number(select.value))));
  select.addEventListener("change", draw);
  place.replaceChildren(make("h3", { text: say("compare.title") }), make("label", { class: "field" }, make("span", { text: say("compare.with") }), select), into);
  await draw();
}

export function runName(one) {
  const what = one.change === null ? "" : ` · ${one.interventions?.length ? one.interventions.map((name) => translated(`chip.${name}`, name)).join(" + ") : say("change.campaign")}`;
  return `${one.run} · ${placeName({ name: one.name, name_ko: one.name_ko })}${what}`;
}

async function compared(run, other) {
  const found = await get(`runs/${run}/beside/${other}`);
  const names = found.runs.map((number) => say("compare.run", { n: number }));
  const asked = found.asked.map((one) => [translated(`asked.${one.name}`, translated(`parameter.${one.name}`, one.name)), ...one.values.map((value) => (value === "" ? "–" : String(value)))]);
  const cell = (row, at) => {
    const one = row.values[at], range = ranged(one.low, one.high, row.share);
    return `${number(one.value, row.share)}${range ? ` (${range})` : ""}`;
  };
  const rows = found.rows.map((row) => [`${translated(`headline.${row.name}`, row.title)} (${translated(`headline.${row.name}.unit`, row.unit)})`, cell(row, 0), cell(row, 1)]);
  const box = (title, header, list) => make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, table(header, list, title));
  return [
    make("h4", { text: say("compare.asked") }),
    asked.length ? box(say("compare.asked"), [say("compare.what"), ...names], asked) : make("p", { text: say("compare.same") }),
    make("h4", { text: say("compare.figures") }),
    make("p", { class: "soft", text: say("compare.note") }),
    box(say("compare.figures"), [say("changes.figure"), ...names], rows),
  ];
}
