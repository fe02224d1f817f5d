// Asks for the token, then shows /maps every two seconds. All that comes from there is shown as text.
"use strict";

const EVERY_MS = 2000;
const AGAIN_MS = 1000;
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

// What was not there for want of room, by its name in /maps.
const DROPPED = { maps: "maps are not recorded", places: "maps have no place", types: "maps have no type", names: "functions have no name" };

const at = (id) => document.getElementById(id);
let token = sessionStorage.getItem(KEY);
let paused = false;
let timer;
// What is on its way: what overtakes it ends it.
let reading;
let looking;
// The row that is looked into, and the rows that are shown, by what they are of.
let looked;
let known = new Map();
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

function many(value, name) {
  return `${figure(value)} ${name}${value === 1 ? "" : "s"}`;
}

function row(place, isGo) {
  const made = document.createElement("tr");
  const head = element("th", "");
  head.scope = "row";
  head.append(element("span", place.place, "at"), element("span", place.function, "soft"), element("span", place.type, "soft"));
  // Only of Go's maps is the inside known, of which a sync.Map is none.
  if (isGo && place.type !== "sync.Map") {
    const button = element("button", "Look inside");
    button.type = "button";
    button.setAttribute("aria-label", `Look inside the largest map of ${place.place}, ${place.type}`);
    button.addEventListener("click", () => look(place, button));
    head.append(button);
  }
  made.append(head, ...COLUMNS.map(() => element("td", "")));
  return made;
}

// Rows that are there stay, with the focus that may be in them: only their figures change, and their order.
function showRows(places, isGo) {
  const focused = document.activeElement;
  const next = new Map();
  for (const place of places) {
    const key = JSON.stringify([place.place, place.function, place.type, isGo]);
    const shown = known.get(key) ?? row(place, isGo);
    COLUMNS.forEach(([name], index) => {
      const cell = shown.children[index + 1];
      const text = figure(place[name]);
      if (cell.textContent !== text) cell.textContent = text;
    });
    next.set(key, shown);
  }
  for (const [key, shown] of known) if (!next.has(key)) shown.remove();
  known = next;
  [...next.values()].forEach((shown, index) => {
    const there = at("rows").children[index];
    if (there !== shown) at("rows").insertBefore(shown, there ?? null);
  });
  if (document.activeElement !== focused && focused.isConnected) focused.focus({ preventScroll: true });
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
  showRows(maps.places.slice(0, ROWS_MAX), maps.processes.some((process) => process.go));
  const left = maps.places.length - ROWS_MAX;
  const dropped = Object.entries(maps.dropped).filter(([, count]) => count > 0).map(([kind, count]) => `${figure(count)} ${DROPPED[kind] ?? kind}`);
  at("more").textContent = [
    left > 0 ? `${figure(left)} further rows are in /maps.` : "",
    dropped.length ? `For want of room ${dropped.join(", ")}.` : "",
  ].join(" ");
  at("when").textContent = `as of ${new Date().toLocaleTimeString()}`;
  at("shown").hidden = false;
}

function ask(why) {
  clearTimeout(timer);
  asked += 1;
  token = null;
  sessionStorage.removeItem(KEY);
  reading?.abort();
  known = new Map();
  at("rows").replaceChildren();
  at("shown").hidden = true;
  leave();
  at("ask").hidden = false;
  at("said").textContent = why;
  at("changed").textContent = "";
  at("token").focus();
}

function request(of) {
  return { signal: of?.signal, headers: { Authorization: `Bearer ${token}` }, cache: "no-store", credentials: "omit", redirect: "error" };
}

async function read() {
  clearTimeout(timer);
  reading?.abort();
  const mine = reading = new AbortController();
  const own = asked;
  let said = "";
  try {
    const answer = await fetch("maps", request(mine));
    const maps = answer.ok ? await answer.json() : refusal(answer, await answer.text());
    if (own !== asked) return;
    if (answer.status === 401) return ask("That is not the token.");
    if (answer.ok) show(maps);
    else said = maps;
  } catch {
    said = "The server does not answer: it may have ended. What is shown is the last that it said.";
  }
  if (own !== asked || mine.signal.aborted) return;
  at("said").textContent = said;
  if (!paused) timer = setTimeout(read, EVERY_MS);
}

function counted(caption, figureHead, countHead, pairs) {
  const table = document.createElement("table");
  table.append(element("caption", caption));
  const line = (head, cells, kind) => {
    const made = document.createElement("tr");
    const first = element("th", head);
    first.scope = "row";
    made.append(first, ...cells.map((cell) => element(kind, figure(cell))));
    return made;
  };
  const body = document.createElement("tbody");
  body.append(line(figureHead, pairs.map(([at]) => at), "td"), line(countHead, pairs.map(([, count]) => count), "td"));
  table.append(body);
  const scroll = element("div", "", "scroll");
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", caption);
  scroll.append(table);
  return scroll;
}

function partsOfSwiss(swiss) {
  const groups = swiss.groups;
  const mean = swiss.miss_groups_mean === undefined ? "" : `, ${swiss.miss_groups_mean.toFixed(2)} on average`;
  const entries = counted("Groups by their entries", "entries", "groups", groups.by_full.map((count, full) => [full, count]));
  // A look-up in a single group ends there, full or not.
  if (swiss.directory === 0) {
    return [element("p", "A single group, without a table."), element("p", `${many(groups.empty, "free slot")}.`), entries];
  }
  return [
    element("p", `${many(swiss.tables, "table")} in a directory of ${figure(swiss.directory)}; ${many(groups.groups, "group")} looked into.`),
    element("p", `${many(groups.empty, "free slot")}; look-ups go past ${many(groups.deleted, "deleted one")} (tombstones). `
      + `${many(groups.without_empty, "group")} without a free slot, ${figure(groups.longest_run)} in a row at most.`),
    entries,
    counted(`Groups that a look-up of an absent key visits${mean}`, "visited", "begins in", groups.misses.map((row) => [row.visited, row.groups])),
  ];
}

function partsOfClassic(classic) {
  const buckets = (name, of) => [
    counted(`${name} by what overflows from them`, "overflow buckets", "buckets", of.by_overflow.map((row) => [row.overflow_buckets, row.buckets])),
    counted(`${name} by their entries`, "entries", "buckets", of.by_entries.map((row) => [row.entries, row.buckets])),
  ];
  const growth = classic.growth;
  return [
    element("p", growth ? `Growing from ${many(growth.old, "bucket")}: ${figure(growth.entries_to_copy)} entries of `
      + `${many(growth.waiting.buckets, "bucket")} still to be copied.` : `${many(classic.array, "bucket")}.`),
    ...(growth ? buckets("Old buckets that wait", growth.waiting) : []),
    ...buckets("Buckets in use", classic.buckets),
  ];
}

function showInside(inside) {
  const map = inside.map;
  at("inside-of").textContent = `${map.type} at ${map.address}`;
  at("looked").textContent = [
    `${inside.place ?? "A map"}: the largest map alive, ${figure(map.entries)} entries in ${figure(map.capacity)} slots, ${figure(map.table_bytes)} bytes, process ${inside.pid}`,
    inside.agrees ? "" : "it was changed whenever it was read: its parts do not agree",
    `as of ${new Date().toLocaleTimeString()}`,
  ].filter((part) => part).join("; ");
  at("parts").replaceChildren(...(inside.swiss ? partsOfSwiss(inside.swiss) : partsOfClassic(inside.classic)));
}

// Why something was refused.
function refusal(answer, text) {
  return answer.headers.get("Content-Type") === "application/json" ? JSON.parse(text).error : text;
}

// Looking takes the server up to seconds: it is done when it is asked for, and not every time that the rows are read.
async function look(place, button) {
  looking?.abort();
  const mine = looking = new AbortController();
  const own = asked;
  if (button) looked = { place, button };
  at("inside").hidden = false;
  at("inside-of").textContent = `The largest map of ${place.place}, ${place.type}`;
  at("parts").replaceChildren();
  at("looked").textContent = "Looking …";
  if (button) at("inside-of").focus();
  const query = `place=${encodeURIComponent(place.place)}&type=${encodeURIComponent(place.type)}`;
  for (;;) {
    let answer, text;
    try {
      answer = await fetch(`map?${query}`, request(mine));
      text = await answer.text();
    } catch {
      if (own === asked && !mine.signal.aborted) at("looked").textContent = "The server does not answer.";
      return;
    }
    if (own !== asked || mine.signal.aborted) return;
    if (answer.status === 401) return ask("That is not the token.");
    if (answer.ok) return showInside(JSON.parse(text));
    const said = refusal(answer, text);
    if (answer.status !== 503) return void (at("looked").textContent = said);
    // The server goes on with a look that was given up here.
    at("looked").textContent = `Waiting: ${said}`;
    await new Promise((resume) => setTimeout(resume, AGAIN_MS));
    if (own !== asked || mine.signal.aborted) return;
  }
}

function leave() {
  looking?.abort();
  const had = at("inside").contains(document.activeElement);
  at("inside").hidden = true;
  at("parts").replaceChildren();
  at("looked").textContent = "";
  if (had && looked?.button.isConnected) looked.button.focus();
  looked = undefined;
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
    at("changed").textContent = answer.ok ? `Maps made from now on: ${sample}.` : refusal(answer, await answer.text());
  } catch {
    at("changed").textContent = "The server does not answer.";
  }
});
at("again").addEventListener("click", () => looked && look(looked.place));
at("close").addEventListener("click", leave);
at("pause").addEventListener("click", () => {
  paused = !paused;
  at("pause").textContent = paused ? "Go on" : "Pause";
  at("pause").setAttribute("aria-pressed", String(paused));
  if (!paused) read();
  else {
    clearTimeout(timer);
    reading?.abort();
  }
});

if (token) read();
else ask("");
