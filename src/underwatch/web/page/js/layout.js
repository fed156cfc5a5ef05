// How the page stands: its bar stays in sight where there is room, and on a narrow screen the question folds away.
import { byId } from "./element.js";
import { say } from "./words.js";

const wide = matchMedia("(min-width: 1080px)");

export function prepare() {
  new ResizeObserver(keepBar).observe(byId("top"));
  wide.addEventListener("change", keepBar);
  byId("fold").addEventListener("click", () => fold(!byId("ask").classList.contains("folded")));
  fold(true);
}

export function fold(away) {
  byId("ask").classList.toggle("folded", away);
  redraw();
}

export function redraw() {
  const away = byId("ask").classList.contains("folded");
  byId("fold").setAttribute("aria-expanded", String(!away));
  byId("fold").textContent = say(away ? "ask.unfold" : "ask.fold");
}

// What sticks below the bar must know how high it is.
function keepBar() {
  document.documentElement.style.setProperty("--bar", wide.matches ? `${byId("top").offsetHeight}px` : "0px");
}
