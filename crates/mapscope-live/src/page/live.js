// Asks for the token, then shows /maps every two seconds. All that comes from there is shown as text.
"use strict";

const EVERY_MS = 2000;
const ROWS_MAX = 200;
const KEY = "mapscope-token";
// Name in /maps, heading.
const COLUMNS = [
  ["maps", "maps"],
  ["entries_max", "largest"],
  ["writes", "writes"],
  ["growths", "growths"],
  ["moved_entries", "moved"],
  ["alloc_bytes", "bytes"],
  ["abandoned_bytes", "abandoned"],
  ["hint_saves_bytes", "hint saves"],
];

const at = (id) => document.getElementById(id);
let token = sessionStorage.getItem(KEY);
let paused = false;
let timer;
// The number of the token that was asked with: an answer to an older one is of no use.
let asked = 0;

function element(name, text, kind) {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function figure(value) {
  // What was not counted is absent, and no 0.
  return value === undefined ? "-" : value.toLocaleString("en-US");
}

function row(place) {
  const made = document.createElement("tr");
  const head = element("th", "");
  head.scope = "row";
  head.append(element("span", place.place, "at"), element("span", place.function, "soft"), element("span", place.type, "soft"));
  made.append(head, ...COLUMNS.map(([name]) => element("td", figure(place[name]))));
  return made;
}

function show(maps) {
  const total = maps.total;
  const shares = maps.processes.map((process) => process.sample);
  const sampled = shares.filter((n) => n > 1);
  at("sum").textContent = [
    `${figure(total.maps)} maps in ${figure(maps.places.length)} rows, ${figure(total.alloc_bytes)} bytes allocated, `
      + `${figure(total.abandoned_bytes)} of them abandoned by growing`,
    sampled.length ? `a sample of the maps (1/${Math.max(...sampled)})` : "",
    shares.length && shares.every((n) => n === null) ? "recording is off" : "",
    maps.processes.some((process) => process.periods) ? "what is recorded was changed meanwhile, and figures are of the maps that were" : "",
    total.partial_maps > 0 ? `${total.partial_maps === 1 ? "1 map was" : `${figure(total.partial_maps)} maps were`} used after recording was switched off: counted until then` : "",
  ].filter((part) => part).join("; ");
  at("rows").replaceChildren(...maps.places.slice(0, ROWS_MAX).map(row));
  const left = maps.places.length - ROWS_MAX;
  const dropped = Object.entries(maps.dropped).filter(([, count]) => count > 0).map(([kind, count]) => `${figure(count)} ${kind}`);
  at("more").textContent = [
    left > 0 ? `${figure(left)} further rows are in /maps.` : "",
    dropped.length ? `There was no room for ${dropped.join(", ")}.` : "",
  ].join(" ");
  at("when").textContent = `as of ${new Date().toLocaleTimeString()}`;
  at("shown").hidden = false;
}

function ask(why) {
  clearTimeout(timer);
  asked += 1;
  token = null;
  sessionStorage.removeItem(KEY);
  at("rows").replaceChildren();
  at("shown").hidden = true;
  at("ask").hidden = false;
  at("said").textContent = why;
  at("changed").textContent = "";
  at("token").focus();
}

function request() {
  return { headers: { Authorization: `Bearer ${token}` }, cache: "no-store", credentials: "omit", redirect: "error" };
}

async function read() {
  clearTimeout(timer);
  const own = asked;
  let said = "";
  try {
    const answer = await fetch("maps", request());
    const maps = answer.ok ? await answer.json() : await answer.text();
    if (own !== asked) return;
    if (answer.status === 401) return ask("That is not the token.");
    if (answer.ok) show(maps);
    else said = maps;
  } catch {
    said = "The server does not answer: it may have ended. What is shown is the last that it said.";
  }
  if (own !== asked) return;
  at("said").textContent = said;
  if (!paused) timer = setTimeout(read, EVERY_MS);
}

at("heads").append(element("th", "place"), ...COLUMNS.map(([, name]) => element("th", name)));
for (const head of at("heads").children) head.scope = "col";

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = at("token").value.trim();
  at("token").value = "";
  // A header has nothing else.
  if (!/^[\x21-\x7e]+$/.test(given)) return ask("That is not the token.");
  token = given;
  asked += 1;
  sessionStorage.setItem(KEY, token);
  at("ask").hidden = true;
  read();
});
at("forget").addEventListener("click", () => ask(""));
at("sample").addEventListener("change", async () => {
  const sample = at("sample").value;
  at("sample").value = "";
  if (!sample) return;
  const own = asked;
  try {
    const answer = await fetch("recording", { ...request(), method: "POST", body: JSON.stringify({ sample }) });
    if (own !== asked) return;
    at("changed").textContent = answer.ok ? `Maps made from now on: ${sample}.` : await answer.text();
  } catch {
    at("changed").textContent = "The server does not answer.";
  }
});
at("pause").addEventListener("click", () => {
  paused = !paused;
  at("pause").textContent = paused ? "Go on" : "Pause";
  at("pause").setAttribute("aria-pressed", String(paused));
  if (!paused) read();
  else clearTimeout(timer);
});

if (token) read();
else ask("");
