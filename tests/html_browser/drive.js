// Uses the page as a person would, by pointer and by keyboard, and writes down what happened.
"use strict";

const outcome = [];
const check = (what, holds, seen) => outcome.push(`${holds ? "ok" : "FAILED"}: ${what}${holds || seen === undefined ? "" : ` (${JSON.stringify(seen)})`}`);
const one = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Longer than anything takes on a busy machine. */
const PATIENCE_MS = 90_000;

async function until(what, holds) {
  const begun = performance.now();
  while (performance.now() - begun < PATIENCE_MS) {
    if (holds()) return true;
    await sleep(25);
  }
  check(`${what} in time`, false);
  return false;
}

/** Waits until a figure stays the same for half a second. */
async function still(figure) {
  for (let [before, since] = [NaN, performance.now()]; performance.now() - since < 500; await sleep(25)) {
    if (figure() !== before) [before, since] = [figure(), performance.now()];
  }
}

const press = (element, key) => element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));

function pick(control, value) {
  const input = one(`${control} select`);
  input.value = String(value);
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function type(input, words) {
  input.value = words;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

async function charts() {
  await until("everything is unpacked", () => "filled" in document.documentElement.dataset);
  for (const id of ["cells", "explore", "latency", "memory", "structure", "stacks", "method"]) {
    byId(id).scrollIntoView({ behavior: "instant" });
    await sleep(150);
  }
  await until("every chart is drawn", () => all(".area").length > 0 && undrawn().length === 0);
  const empty = all(".area").filter((area) => !area.querySelector("svg path, svg rect, svg circle, .frame"));
  check("no chart is empty", empty.length === 0, empty.map((area) => area.getAttribute("aria-label")));
  check("every chart has a title, a unit, a table and data to save", all(".chart").every((chart) =>
    chart.querySelector("h3").textContent && chart.querySelector(".unit").textContent && chart.querySelector("details.data") && chart.querySelector(".actions button")));
  for (const data of all("details.data")) data.open = true;
  await until("tables are filled", () => all("details.data").every((data) => data.querySelector("tbody tr")));
  check("nothing sticks out", document.documentElement.scrollWidth <= innerWidth, document.documentElement.scrollWidth);
}

async function cells() {
  const first = () => all("#cell-table tbody tr").map((row) => row.querySelector("th").textContent);
  const before = first();
  const metric = table.columns.find((name) => distinct(run.values[run.byName.get(name).index].filter((x) => x != null)).length > 1);
  const heading = () => one(`#cell-table [data-sort="${metric}"]`);
  check("headings are reached by the Tab key", heading().tabIndex === 0);
  const sortedValues = () => filteredCells().map((cell) => valueOf(cell, run.byName.get(metric))).filter((x) => x != null);
  heading().click();
  check("sorted up", heading().closest("th").ariaSort === "ascending" && sortedValues().every((x, i, list) => i === 0 || x >= list[i - 1]));
  check("focus stays on the heading", document.activeElement === heading());
  heading().click();
  check("sorted down", heading().closest("th").ariaSort === "descending" && sortedValues().every((x, i, list) => i === 0 || x <= list[i - 1]));
  heading().click();
  check("back in the plan's order", JSON.stringify(first()) === JSON.stringify(before));
  const map = run.cells.at(-1).label;
  type(byId("cell-filter"), map);
  check("filtered", first().length > 0 && first().every((label) => label.includes(map)), first().slice(0, 3));
  type(byId("cell-filter"), "no such cell");
  check("nothing left", first().length === 0 && byId("cell-count").textContent.startsWith("0 of"));
  type(byId("cell-filter"), "");
  const columns = all("#cell-table thead th").length;
  await rows();
  one(".chooser input[type=checkbox]:not(:checked)").click();
  check("a column more", all("#cell-table thead th").length === columns + 1);
  const opener = one("#cell-table tbody th button");
  opener.click();
  const figures = all("dialog.cell tbody tr").length;
  const told = run.metrics.filter((metric) => valueOf(run.cells[0], metric) != null).length;
  check("a cell opens, with every figure that it has", one("dialog.cell h2").textContent === run.cells[0].label && figures === told, [figures, told]);
  await until("its charts are in it", () => all("dialog.cell figure.chart .area[data-state=drawn]").length > 0);
  const address = location.hash;
  check("the address has the cell", new URLSearchParams(address.slice(2)).get("cell") === run.cells[0].files, address);
  one("dialog.cell .close").click();
  await until("and closes", () => !one("dialog.cell"));
  check("the address has it no longer", !location.hash.includes("cell="), location.hash);
  history.replaceState(null, "", `${address}&filter=STD&sort=${metric}&order=descending`);
  const found = readView();
  fillTable();
  const kept = first().every((label) => label.includes("std")) && heading().closest("th").ariaSort === "descending";
  check("an address gives what it was written of", found === run.cells[0] && kept, [first().slice(0, 3), location.hash]);
  history.replaceState(null, "", "#?filter=&sort=nothing&cell=none&workload=none");
  check("what this run has not is left out", readView() === null && table.sort === null && table.workload === "");
  view.cell = null;
  fillTable();
  check("no time is called the best", all("#cell-table td.best").every((cell) => !cell.querySelector("i.measured")));
  check("absent values say why", all("#cell-table td.none").every((cell) => cell.title && cell.querySelector(".unseen").textContent));
}

/** More rows are put below those that are there. */
async function rows() {
  const shown = () => all("#cell-table tbody tr");
  if (run.cells.length <= ROWS_FIRST) return check("no more rows than there are", shown().length === run.cells.length && !one("#cell-more button") && byId("cell-rest").textContent === "");
  const more = one("#cell-more button");
  const before = shown();
  check("the first rows", before.length === ROWS_FIRST && byId("cell-count").textContent.endsWith(`, the first ${ROWS_FIRST} shown`), byId("cell-count").textContent);
  more.focus();
  more.click();
  const after = shown();
  check("more rows", after.length === Math.min(run.cells.length, ROWS_FIRST + ROWS_MORE) && before.every((row, index) => row === after[index]), after.length);
  check("the focus is on the first of them", document.activeElement === after[ROWS_FIRST].querySelector("button"));
  check("they are in order", after.every((row, index) => row.querySelector(".open").textContent === filteredCells()[index].label));
  check("the button is the same one", after.length === run.cells.length ? !one("#cell-more button") : one("#cell-more button") === more && more.textContent.endsWith(`of ${(run.cells.length - after.length).toLocaleString("en-US")}`), more.textContent);
  check("paper takes some of them", after.every((row, index) => row.classList.contains("off-paper") === index >= ROWS_ON_PAPER));
  const left = run.cells.length - Math.min(after.length, ROWS_ON_PAPER);
  check("and says how many are left", byId("cell-rest").textContent === (left ? `… and ${left.toLocaleString("en-US")} more of these cells, which are in results.csv beside this file.` : ""), byId("cell-rest").textContent);
}

async function axes() {
  const title = () => one("#explore-view h3").textContent;
  const before = title();
  const others = run.metrics.filter((metric) => hasValues(metric) && metric.name !== explore.metric && metric.better);
  const scale = (value) => one(`[name=scale][value=${value}]`);
  scale("log").click();
  check("focus stays on the scale", document.activeElement === scale("log") && explore.scale === "log");
  scale("auto").click();
  pick('[data-control="metric"]', others[0].name);
  check("another metric", title() !== before && explore.metric === others[0].name, title());
  check("focus stays on the choice", document.activeElement === one('[data-control="metric"] select'));
  for (const x of [...one('[data-control="x"] select').options].map((option) => option.value)) {
    for (const colour of [...one('[data-control="colour"] select').options].map((option) => option.value)) {
      pick('[data-control="x"]', x);
      pick('[data-control="colour"]', colour);
      byId("explore").scrollIntoView({ behavior: "instant" });
      if (!one("#explore-view .area")) continue;
      await until(`${x} by ${colour}`, () => one("#explore-view .area svg"));
    }
  }
}

let latencyGroup;

async function latencies() {
  const title = () => one("#latency-view h3").textContent;
  const lines = () => all("#latency-view .chart:first-of-type svg g[aria-label=line] path").length;
  byId("latency").scrollIntoView({ behavior: "instant" });
  await until("percentiles", () => lines() > 1);
  const before = lines();
  const chip = one("#latency-view .chip[aria-pressed=true]");
  chip.focus();
  chip.click();
  byId("latency").scrollIntoView({ behavior: "instant" });
  await until("a line less", () => lines() === before - 1);
  check("a map can be left out", one(`#latency-view .chip[aria-pressed=false]`));
  latencyGroup = latency.group;
  const workloads = [...one('#latency-view [data-control="group"] select').options].map((option) => option.value);
  const shown = title();
  pick('#latency-view [data-control="group"]', workloads.at(-1));
  await until("another workload", () => title() !== shown && one('#latency-view [data-control="group"] select').value === workloads.at(-1));
  const kinds = distinct((await unpack(`latency-${workloads.at(-1)}`)).flat().map((curve) => curve.kind ?? ANY));
  check("by kind of operation", [...one('#latency-view [data-control="kind"] select').options].map((option) => option.value).toString() === kinds.toString(), kinds);
}

/** What is chosen last is shown, though what was chosen before it takes longer to unpack. */
async function overtaken() {
  for (const [section, control, chunk] of [["latency", "select", "latency"], ["memory", "select", "course"], ["stacks", '[data-control="cell"] select', "stacks"]]) {
    const view = byId(`${section}-view`);
    const group = () => view.querySelector(control);
    if (!group()) continue;
    const choose = (value) => {
      group().value = value;
      group().dispatchEvent(new Event("change", { bubbles: true }));
    };
    const fast = group().value;
    const slow = [...group().options].map((option) => option.value).find((value) => value !== fast);
    let fills = 0;
    const observer = new MutationObserver((changes) => { fills += changes.length; });
    observer.observe(view, { childList: true });
    unpacked.delete(`${chunk}-${slow}`);
    choose(slow);
    choose(fast);
    await until(`${section}: a choice is shown`, () => fills > 0);
    byId("cell-filter").focus();
    await unpack(`${chunk}-${slow}`);
    await sleep(50);
    observer.disconnect();
    check(`${section}: what was overtaken takes no focus`, document.activeElement === byId("cell-filter"));
    check(`${section}: the last choice stays`, group().value === fast && fills === 1, [group().value, fills]);
  }
}

/** The charts of latencies in their order; heat maps of the maps that one chooses. */
async function stalls() {
  byId("latency").scrollIntoView({ behavior: "instant" });
  const before = one("#latency-view .chart");
  pick('#latency-view [data-control="group"]', latencyGroup);
  await until("the charts of latencies", () => !before.isConnected && all("#latency-view .chart").length === 4);
  for (const area of all("#latency-view .area")) {
    area.scrollIntoView({ behavior: "instant" });
    await until("a chart of latencies", () => area.querySelector("svg"));
  }
  const units = all("#latency-view .chart > figcaption .unit").map((unit) => unit.textContent.split(/, | · /)[0]);
  const order = [/^latency of \w+$/, /^latency of every operation over the operations$/, /^share of the time above p99.9/, /^latency of \w+ by cause$/];
  check("percentiles, heat maps, tails, causes", units.length === order.length && units.every((unit, index) => order[index].test(unit)), units);
  const chart = () => all("#latency-view .chart")[1];
  check("stalls over operations", / stalls? (longest( of these)?|as long as any): /.test(chart().querySelector("h3").textContent), chart().querySelector("h3").textContent);
  const told = (await unpack(`course-${latency.group}`)).some(({ marks }) => marks?.operations.some(([, cause]) => cause === "grow" || cause === "overflow"));
  if (told) check("what stalls is marked", chart().querySelector("g[aria-label=dot] path"));
  const table = chart().querySelector("details.data");
  table.open = true;
  await until("the table of the heat maps", () => table.querySelector("tbody tr"));
  if (told) check("marks are in the data", [...table.querySelectorAll("tbody tr")].some((row) => row.cells[1].textContent === "mark" && ["grow", "overflow"].includes(row.cells[7].textContent)));
  table.open = false;
  check("the colours have a scale", /^1.*operations/.test(chart().querySelector(".ramp").parentElement.textContent));
  const panels = chart().querySelectorAll(".panel").length;
  const chip = chart().parentElement.parentElement.querySelector(".chip[aria-pressed=true]");
  chip.focus();
  chip.click();
  byId("latency").scrollIntoView({ behavior: "instant" });
  await until("a heat map less", () => all("#latency-view .chart")[1].querySelectorAll(".panel").length === panels - 1);
  check("focus stays on the choice of heat maps", document.activeElement === chip);
}

async function memories() {
  byId("memory").scrollIntoView({ behavior: "instant" });
  await until("memory", () => one("#memory-view .area svg"));
  check("memory over operations", one("#memory-view h3").textContent.includes("comes back to"), one("#memory-view h3").textContent);
  const rows = memoryFigure(run.groups[0], [{ cell: run.cells[0], timeline: { ops_per_point: 5, entries: [4], held_bytes: [64], peak_bytes: [96], capacity: [7], events: [{ op: 3, cause: "grow", alloc_bytes: 64, moved_entries: 3 }], events_left_out: 0 } }]).querySelector("details");
  rows.open = true;
  rows.dispatchEvent(new Event("toggle"));
  check("tables made are in the data", [...rows.querySelectorAll("tbody tr")].map((row) => [...row.cells].slice(1).map((cell) => cell.textContent).join()).join(" ").startsWith("3,–,–,–,–,–,grow,64,3 5,4,7,64,96,"), rows.textContent);
  check("its lines are told apart", ["held", "payload"].every((name) => all("#memory-view figure .chip").some((chip) => chip.textContent === name)));
}

async function distributions() {
  const title = () => one("#structure-view h3").textContent;
  byId("structure").scrollIntoView({ behavior: "instant" });
  const kinds = [...one('#structure-view [data-control="kind"] select').options].map((option) => option.value);
  check("several distributions", kinds.length > 1, kinds);
  const before = title();
  pick('#structure-view [data-control="kind"]', kinds.at(-1));
  check("another distribution", title() !== before, title());
  check("focus stays on the choice", document.activeElement === one('#structure-view [data-control="kind"] select'));
  await until("bars", () => one("#structure-view g[aria-label=bar] rect"));
}

async function stacks() {
  byId("stacks").scrollIntoView({ behavior: "instant" });
  if (!run.cells.some((cell) => cell.stacks.length)) return check("says that there are no stacks", one("#stacks-view .notice"));
  await until("a flame graph", () => one(".flame .frame"));
  const frame = () => one('.flame .frame[tabindex="0"]');
  isTree("whole");
  frame().focus();
  press(frame(), "ArrowDown");
  check("an arrow walks down", document.activeElement.getAttribute("aria-level") === "2", document.activeElement.outerHTML.slice(0, 120));
  press(frame(), "ArrowUp");
  check("and up", document.activeElement.getAttribute("aria-level") === "1");
  press(frame(), "ArrowDown");
  const name = frame().textContent;
  press(frame(), "Enter");
  check("Enter zooms", frame().textContent === name && frame().style.width === "100%" && one(".frame.above"), frame().outerHTML.slice(0, 160));
  press(frame(), "Escape");
  check("Escape goes back", !one(".frame.above"));
  all(".flame .frame")[1].click();
  check("a click zooms", one(".frame.above"));
  isTree("zoomed");
  all("button").find((button) => button.textContent === "Whole graph").click();
  check("a button goes back", !one(".frame.above"));
  type(byId("flame-search"), name.slice(0, 5));
  check("found", one(".frame.match") && byId("flame-search").closest(".controls").textContent.includes("of the whole"));
  const found = all(".frame.match").map((match) => parseFloat(match.style.width));
  press(byId("flame-search"), "Enter");
  check("Enter goes to the widest", document.activeElement.matches(".frame.match") && parseFloat(document.activeElement.style.width) === Math.max(...found));
  type(byId("flame-search"), "");
  press(frame(), "Home");
  press(frame(), "End");
  check("Home and End", document.activeElement === all(".flame .frame").at(-1));
  const letter = document.activeElement.getAttribute("aria-label")[0].toLowerCase();
  press(frame(), letter);
  check("a letter goes to the next such frame", document.activeElement.getAttribute("aria-label")[0].toLowerCase() === letter);
  press(frame(), "Home");
  const other = [...one('[data-control="other"] select').options].map((option) => option.value).find((value) => value);
  pick('[data-control="other"]', other);
  await until("the difference", () => one(".flame .frame.more, .flame .frame.less, .flame .frame.same"));
  check("a difference says its sign", all(".frame.more:not(.thin)").every((frame) => frame.textContent.startsWith("+")) && all(".frame.less:not(.thin)").every((frame) => frame.textContent.startsWith("−")));
  check("its title says what changed by how much", / itself: [\d.,]+ percentage points (more|less) of the .* in .* than in /.test(one("#stacks-view h3").textContent), one("#stacks-view h3").textContent);
  check("and is told in words", one(".frame.more, .frame.less, .frame.same").getAttribute("aria-label").includes("points"));
}

/** The flame graph as screen readers are told of it. */
function isTree(state) {
  const tree = one(".flame");
  const items = all(".flame > *");
  const number = (item, name) => Number(item.getAttribute(`aria-${name}`));
  check(`${state}: a tree of frames`, tree.role === "tree" && tree.ariaOrientation === "horizontal" && tree.ariaLabel && items.every((item) => item.role === "treeitem" && item.ariaLabel));
  check(`${state}: one frame is reached by the Tab key`, items.filter((item) => item.tabIndex === 0).length === 1);
  check(`${state}: one frame is selected, the one that is as wide as the graph and not above it`, items.filter((item) => item.ariaSelected === "true").length === 1 && one('.flame [aria-selected="true"]').style.width === "100%" && !one('.flame .above[aria-selected="true"]'));
  check(`${state}: each has its place`, items.every((item) => number(item, "level") >= 1 && number(item, "posinset") >= 1 && number(item, "posinset") <= number(item, "setsize")));
  // In order of depth first: what is one deeper and follows is below.
  const below = items.map((item, index) => index + 1 < items.length && number(items[index + 1], "level") === number(item, "level") + 1);
  check(`${state}: open where something below is drawn, closed where it is not`, items.every((item, index) => (item.ariaExpanded === "true") === below[index]), items.filter((item, index) => (item.ariaExpanded === "true") !== below[index]).map((item) => item.outerHTML.slice(0, 300)));
  check(`${state}: nothing sticks out of it`, items.every((item) => item.getBoundingClientRect().right <= tree.getBoundingClientRect().right + 1));
}

/** A frame whose callees are too narrow to be drawn, as nothing else of a run need be. */
async function closedFrames() {
  const node = (name, width, kids = []) => ({ fn: 1, name, whose: "map", weights: [width, 0], shares: [width, 0], width, self: 0, x: 0, parent: null, depth: 0, kids });
  const thin = node("thin", 0.0001);
  const wide = node("wide", 1, [thin]);
  const tree = node("all", 1, [wide]);
  Object.assign(wide, { parent: tree, depth: 1 });
  Object.assign(thin, { parent: wide, depth: 2 });
  const graph = new FlameGraph(tree, [1, 0], false, ["a"], String);
  const place = byId("stacks-view").appendChild(el("div", {}, graph.node));
  graph.draw();
  const item = (name) => [...graph.node.children].find((child) => child.ariaLabel.startsWith(name));
  check("callees too narrow to be drawn: closed", !item("thin") && item("wide").ariaExpanded === "false" && item("all").ariaExpanded === "true");
  item("all").focus();
  press(item("all"), "ArrowDown");
  press(item("wide"), "ArrowDown");
  check("the arrow opens it and stays", document.activeElement === item("wide") && item("wide").ariaSelected === "true");
  place.remove();
  await sleep(50);
}

/** What is told to those who don't see the page: names, places, that no two things are called alike. */
function named() {
  const words = (element) => element.ariaLabel ?? (element.labels?.length ? [...element.labels].map((label) => label.textContent).join(" ") : element.textContent);
  const controls = all("button, summary, select, input, a[href], [tabindex]").filter((element) => element.checkVisibility());
  const nameless = controls.filter((element) => !/\p{L}/u.test(words(element)));
  check("everything that can be operated has a name", nameless.length === 0, nameless.map((element) => element.outerHTML.slice(0, 200)));
  const scrolled = all("[tabindex='0']").filter((element) => element.matches(".scroll"));
  check("what scrolls can be reached and has a name", all(".scroll").every((element) => scrolled.includes(element) && element.role && element.ariaLabel));
  const alike = [all(".chart .actions > button"), all(".chart details.data > summary"), all("[role=region]")].flatMap((some) => {
    const names = some.map(words);
    return names.filter((name, index) => names.indexOf(name) !== index);
  });
  check("no two are called alike", alike.length === 0, alike);
  const ids = all("[id]").map((element) => element.id);
  check("no two have one id", new Set(ids).size === ids.length);
  check("pictures say what they show", all(".chart [role=img]").every((area) => area.ariaLabel.length > 20));
  check("headings don't leave out a level", all("h1, h2, h3, h4").every((heading, index, list) => index === 0 || heading.tagName[1] - list[index - 1].tagName[1] <= 1));
}

/** Whether text can be told from its ground (WCAG 2.2, 1.4.3), and the marks of charts from the paper (1.4.11). */
function contrast(scheme) {
  const context = el("canvas", { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const seen = new Map();
  const parsed = (colour) => {
    if (!seen.has(colour)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      const [r, g, b, alpha] = context.getImageData(0, 0, 1, 1).data;
      seen.set(colour, [r, g, b, alpha / 255]);
    }
    return seen.get(colour);
  };
  const over = ([r, g, b, alpha], ground) => [r, g, b].map((part, index) => part * alpha + ground[index] * (1 - alpha));
  const linear = (part) => (part <= 0.04045 * 255 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = (colour) => 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
  const ratio = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = (element) => (element ? over(parsed(getComputedStyle(element).backgroundColor), ground(element.parentElement)) : [255, 255, 255]);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const weak = new Set();
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const style = getComputedStyle(element);
    // Within a chart texts stand on its marks; their colours are compared below.
    if (!texts.currentNode.textContent.trim() || element.closest("svg, .unseen, :disabled, script, style") || !element.checkVisibility()) continue;
    const large = parseFloat(style.fontSize) >= 24;
    const found = ratio(over(parsed(style.color), ground(element)), ground(element));
    if (found < (large ? 3 : 4.5)) weak.add(`${element.tagName}.${element.className}: ${found.toFixed(2)}`);
  }
  check(`${scheme}: text can be read`, weak.size === 0, [...weak]);
  const probe = document.body.appendChild(el("i"));
  const variable = (name) => {
    probe.style.color = `var(${name})`;
    return over(parsed(getComputedStyle(probe).color), [255, 255, 255]);
  };
  const pairs = [
    ...d3.range(PALETTE).flatMap((index) => [[`--s${index}`, "--paper", 4.5], ["--on", `--s${index}`, 4.5]]),
    ...["--bar", "--spike", "--spike-ink", "--heat", "--ground", "--edge"].map((name) => [name, "--paper", 3]),
    ["--ink", "--ground", 4.5], ["--heat-least", "--paper", 2.75],
  ];
  const faint = pairs.map(([one, other, least]) => [one, other, least, ratio(variable(one), variable(other))]).filter(([, , least, found]) => found < least);
  probe.remove();
  check(`${scheme}: marks can be seen`, faint.length === 0, faint);
}

/** Whether one sees where the focus is: the outline of what has it, or of what stands for it. */
function focusSeen() {
  const focused = document.activeElement;
  const shown = focused.matches(".segments input") ? focused.nextElementSibling : focused;
  const { outlineStyle, outlineWidth } = getComputedStyle(shown);
  return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && shown.checkVisibility() ? "" : focused.outerHTML.slice(0, 200);
}

/** What titles and data say of figures made up for it. */
function words() {
  const [cell, other] = [{ label: "a", id: { ops: 900 } }, { label: "b", id: { ops: 900 } }];
  const stalled = (cell, ...rects) => ({ cell, rects, stall: d3.greatest(rects, (rect) => rect.band) });
  const rect = (band, from, count = 1) => ({ band, from, to: from + 100, least: 1000 * band, below: 1000 * (band + 1), count });
  check("who stalls longest", stallTitle([stalled(cell, rect(3, 100), rect(9, 300)), stalled(other, rect(8, 0))]) === "a stalls longest: 9 µs to 10 µs, at operation 300 of 900",
    stallTitle([stalled(cell, rect(3, 100), rect(9, 300)), stalled(other, rect(8, 0))]));
  check("not all of them are drawn", stallTitle([stalled(cell, rect(9, 300))], false) === "a stalls longest of these: 9 µs to 10 µs, at operation 300 of 900");
  check("more than one in the highest band", stallTitle([stalled(cell, rect(9, 100)), stalled(other, rect(9, 0))]) === "a and b stall longest: 9 µs to 10 µs");
  check("more than once", stallTitle([stalled(cell, rect(9, 100), rect(9, 200, 4))]) === "a stalls longest: 5 operations of 9 µs to 10 µs");
  const metric = { label: "bytes", unit: "bytes/write" };
  const point = (x, y) => ({ x, y, series: "a", facet: "", cells: 1 });
  const axis = { label: "load factor", numeric: true };
  check("a single line is a trend", contrastOf(metric, [point(4, 9), point(8, 3)], axis, {}, null) === "a's bytes falls from 9 to 3 as load factor goes from 4 to 8");
  check("a single point is told", contrastOf(metric, [point(4, 9)], axis, {}, null) === "a: 9 bytes");
  const [maps, factors] = [{ label: "map", numeric: false }, { label: "load factor", numeric: true }];
  const of = (series, x, y) => ({ ...point(x, y), series, facet: "fill" });
  const contrasts = contrastOf(metric, [of("5", "go-classic", 2), of("8", "go-classic", 4), of(OWN, "btree", 9)], maps, factors, { label: "mix" });
  check("numbers are told with what they are of", contrasts === "load factor 8 has 2.0× the bytes of load factor 5 on fill, go-classic", contrasts);
  const owns = contrastOf(metric, [of("std", OWN, 2), of("btree", OWN, 9)], factors, maps, { label: "mix" });
  check("so is what can't be set", owns === "btree has 4.5× the bytes of std on fill, load factor of its own", owns);
  const told = mostTelling(d3.range(40).map((n) => `${"abc"[n % 3]}${n}`), (name) => Number(name.slice(1)), (name) => name[0]);
  check("of many the ends, and one of each kind", told.size === 8 && ["a39", "a0", "b1", "c38"].every((name) => told.has(name)), [...told]);
  check("of few all", mostTelling(["a", "b"], () => 1).size === 2);
  check("shares are percentages, amplification is not", text(0.44, { name: "tail_share_move", unit: "ratio" }) === "44 %" && text(2.33, { name: "write_amplification", unit: "ratio" }) === "2.33");
  const curve = (cause) => ({ kind: latency.kind === ANY ? undefined : latency.kind, cause, count: 4, ns: [7], max_ns: 9 });
  const title = (...causes) => causeFigure({ cell: run.cells[0], curves: causes.map(curve) }).querySelector("h3").textContent;
  check("what nobody knows is not a cause", title("unknown").includes("can't be told"), title("unknown"));
  check("a cause is", title("grow", "unknown").includes("with cause grow took up to 9 ns"), title("grow", "unknown"));
  const long = distributionOf({ distributions: { chain_lengths: [[1, 5], [77, 2], [3000, 1]] } }, "chain_lengths");
  check("no length is left out of the data", d3.sum(long.rows, (row) => row.count) === 8 && long.rows.at(-1).n === 3000, long.rows.length);
}

async function places() {
  const order = ["findings", "cells", "explore", "latency", "memory", "structure", "stacks", "method"];
  check("sections in their order", JSON.stringify(all("main > section[id]").map(({ id }) => id)) === JSON.stringify(order));
  check("links in the same order", JSON.stringify(all(".bar nav a").map(({ hash }) => hash.slice(1))) === JSON.stringify(order));
  for (const link of all(".bar nav a")) {
    link.click();
    const top = () => one(link.hash).getBoundingClientRect().top;
    const atEnd = () => scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    await until(`${link.hash} is reached`, () => Math.abs(top()) < 120 || atEnd());
    await still(top);
    check(`${link.hash} is where its link leads`, Math.abs(top()) < 120 || atEnd(), top());
    const current = () => all(".bar nav [aria-current]").map(({ hash }) => hash);
    await until(`${link.hash} is marked as the place where one is`, () => current().length === 1 && (current()[0] === link.hash || atEnd()));
  }
}

async function drive() {
  await until("everything is unpacked", () => "filled" in document.documentElement.dataset);
  await places();
  await charts();
  await cells();
  await axes();
  await latencies();
  await stalls();
  await memories();
  await overtaken();
  await distributions();
  await stacks();
  await closedFrames();
  words();
  for (const data of all("details")) data.open = true;
  await until("what is folded is open", () => all("details.data").every((data) => data.querySelector("tbody")));
  named();
  byId("theme").click();
  contrast("light");
  byId("theme").click();
  contrast("dark");
  check("dark by the button", document.documentElement.dataset.theme === "dark" && getComputedStyle(document.documentElement).colorScheme === "dark");
  byId("theme").click();
  const resources = performance.getEntriesByType("resource").map((entry) => entry.name);
  check("nothing is loaded", resources.length === 0, resources);
  return outcome;
}
