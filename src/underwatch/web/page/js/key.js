// The key with which the page asks. It comes with the page, or behind the # of its address, and leaves both at once: it
// is kept in this page's memory alone. A cookie would go to every port of this machine, and what a browser stores, in a
// session too, may be written to the disk. So a reload, a second tab or a copied address has none, and says what to do.
const given = document.querySelector('meta[name="key"]');
const address = new URLSearchParams(location.hash.slice(1));

export const key = given?.content ?? address.get("token") ?? "";
export const language = address.get("lang");

given?.remove();
history.replaceState(null, "", location.pathname);
