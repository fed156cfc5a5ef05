// Making elements: text is always set as text, never read as markup.
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// A picture as the server draws it: read as a drawing, never as a page.
export function drawing(svg) {
  const made = new DOMParser().parseFromString(svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"'), "image/svg+xml");
  if (made.querySelector("parsererror, script, foreignObject")) throw new Error("no drawing");
  return document.importNode(made.documentElement, true);
}

export function byId(id) {
  return document.getElementById(id);
}

// A table with a header row and a header cell in each row.
export function table(header, rows, caption) {
  const head = make("tr", {}, ...header.map((text) => make("th", { scope: "col", text })));
  const body = rows.map((row) =>
    make("tr", {}, make("th", { scope: "row", text: row[0] }), ...row.slice(1).map((text) => make("td", { text }))));
  return make("table", {}, make("caption", { class: "hidden", text: caption }), make("thead", {}, head), make("tbody", {}, ...body));
}

// A table that is made when it is opened, since most are never looked at.
export function foldedTable(summary, label, build) {
  const scroll = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label });
  const details = make("details", { class: "table" }, make("summary", { text: summary }), scroll);
  details.addEventListener("toggle", () => {
    if (details.open) scroll.replaceChildren(build());
  });
  return details;
}
