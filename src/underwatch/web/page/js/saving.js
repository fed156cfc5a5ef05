// Saving a figure: the server draws it with its title, caption, the statement and the version inside.
import { save } from "./api.js";
import { byId, make } from "./element.js";
import { language, say } from "./words.js";

const KINDS = ["png", "svg"];
let current = null;

// The run whose figures are saved from now on.
export function of(run) {
  current = run;
}

// A line with a button for each kind of file; `name` is what the server calls the figure, or says it when it is asked.
export function saveLine(title, name) {
  const status = make("span", { role: "status" });
  const button = (kind) => make("button", { type: "button", class: "small", "aria-label": say("figure.save_kind", { title, kind: kind.toUpperCase() }), text: kind.toUpperCase(),
    onclick: async () => {
      const called = typeof name === "function" ? name() : name;
      status.textContent = say("figure.saving");
      try {
        await save(`runs/${current}/picture/${language}/${called}.${kind}`);
        status.textContent = say("figure.saved_kind", { kind: kind.toUpperCase() });
      } catch (error) {
        status.textContent = error.message;
      }
    } });
  return make("p", { class: "save" }, `${say("figure.save_as")} `, ...KINDS.map(button), status);
}

// Put such a line under a figure that stands in the page from the beginning.
export function placeLine(id, title, name) {
  byId(id).replaceChildren(saveLine(title, name));
}
