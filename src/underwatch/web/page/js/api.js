// Speaking with the server on this machine: the key goes in a header of every request.
import { key } from "./key.js";

const headers = { "X-Underwatch-Token": key };
const NO_KEY = 401;

export class Refused extends Error {
  constructor(words, code) {
    super(words);
    this.code = code;
  }

  get isWithoutKey() {
    return this.code === NO_KEY;
  }
}

async function checked(answer) {
  if (answer.ok) return answer;
  let words = answer.statusText;
  try {
    words = (await answer.json()).error ?? words;
  } catch {
    // not JSON: the status says enough
  }
  throw new Refused(words, answer.status);
}

export async function get(path) {
  return (await checked(await fetch(`api/${path}`, { headers }))).json();
}

export async function bytes(path) {
  return (await checked(await fetch(`api/${path}`, { headers }))).arrayBuffer();
}

export async function post(path, body) {
  const options = { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return (await checked(await fetch(`api/${path}`, options))).json();
}

// Read a run's events until it is over; `listener(kind, data)`. Leaving the page ends it, and with it the run.
export async function follow(run, listener) {
  const answer = await checked(await fetch(`api/runs/${run}/events`, { headers }));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const data = part.split("\n").find((line) => line.startsWith("data: "));
      const kind = part.split("\n").find((line) => line.startsWith("event: "));
      if (data && kind) listener(kind.slice(7), JSON.parse(data.slice(6)));
    }
  }
}

// Save a file under the name that the server gives it.
export async function save(path) {
  const answer = await checked(await fetch(`api/${path}`, { headers }));
  const called = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? path.split("/").pop();
  const address = URL.createObjectURL(await answer.blob());
  const link = Object.assign(document.createElement("a"), { href: address, download: called });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
  return called;
}
