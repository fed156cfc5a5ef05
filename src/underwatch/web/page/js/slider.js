// One parameter as a slider over its range, linear or logarithmic, with what it means and what it rests on.
import { make } from "./element.js";
import { has, say, translated } from "./words.js";

const STEPS = 200;

export function slider(fact) {
  const log = fact.scale === "log" && fact.low > 0;
  const input = make("input", { type: "range", min: "0", max: String(STEPS), step: "1", id: `p-${fact.name}`, "aria-describedby": `about-${fact.name}` });
  const output = make("output", { for: input.id });
  let value = fact.central;
  let fixed = false; // what was moved stays as set, at its central value too, until the form is reset

  const position = (number) =>
    STEPS * (log ? Math.log(number / fact.low) / Math.log(fact.high / fact.low) : (number - fact.low) / (fact.high - fact.low));
  const valueAt = (step) => {
    if (step === Math.round(position(fact.central))) return fact.central;
    if (step <= 0) return fact.low;
    if (step >= STEPS) return fact.high;
    const share = step / STEPS;
    const found = log ? fact.low * (fact.high / fact.low) ** share : fact.low + share * (fact.high - fact.low);
    return Math.min(fact.high, Math.max(fact.low, Number(found.toPrecision(3))));
  };
  const tell = () => {
    const words = `${value} ${unit(fact.unit)}`.trim();
    output.textContent = words;
    input.setAttribute("aria-valuetext", words);
    input.closest(".slider")?.classList.toggle("moved", fixed);
  };
  input.addEventListener("input", () => {
    value = valueAt(Number(input.value));
    fixed = true;
    tell();
  });

  return {
    value: () => value,
    moved: () => fixed,
    set(wanted) {
      fixed = wanted !== undefined;
      value = wanted ?? fact.central;
      input.value = String(Math.round(position(value)));
      tell();
    },
    draw(first) {
      const meaning = translated(`parameter.${fact.name}`, fact.meaning);
      const title = first && has(`short.${fact.name}`) ? say(`short.${fact.name}`) : meaning;
      const about = say("ask.about", {
        low: fact.low, high: fact.high, central: fact.central, unit: unit(fact.unit), basis: say(`basis.${fact.basis}`), source: fact.source,
      });
      const node = make("div", { class: "slider" },
        make("div", { class: "slider-head" }, make("label", { for: input.id, text: title }), output),
        input,
        make("p", { class: "about", id: `about-${fact.name}`, text: `${first ? `${meaning}. ` : ""}${about} ${fact.rule}, ${fact.name}.` }));
      input.value = String(Math.round(position(value)));
      tell();
      node.classList.toggle("moved", fixed);
      return node;
    },
  };
}

function unit(text) {
  return has(`unit.${text}`) ? say(`unit.${text}`) : text;
}
