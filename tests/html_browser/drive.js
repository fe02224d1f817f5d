// Uses the page as a person would, by pointer and by keyboard, and writes down what happened.
"use strict";

const outcome = [];
const check = (what, holds, seen) => outcome.push(`${holds ? "ok" : "FAILED"}: ${what}${holds || seen === undefined ? "" : ` (${JSON.stringify(seen)})`}`);
const one = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, holds) {
  for (let turn = 0; turn < 400; turn++) {
    if (holds()) return true;
    await sleep(25);
  }
  check(`${what} in time`, false);
  return false;
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
  for (const id of ["cells", "explore", "latency", "course", "structure", "stacks", "method"]) {
    byId(id).scrollIntoView({ behavior: "instant" });
    await sleep(150);
  }
  await until("every chart is drawn", () => all(".area").length > 0 && all('.area[data-state="waiting"]').length === 0);
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
  one(".chooser input[type=checkbox]:not(:checked)").click();
  check("a column more", all("#cell-table thead th").length === columns + 1);
  const opener = one("#cell-table tbody th button");
  opener.click();
  const figures = all("dialog.cell tbody tr").length;
  const told = run.metrics.filter((metric) => valueOf(run.cells[0], metric) != null).length;
  check("a cell opens, with every figure that it has", one("dialog.cell h2").textContent === run.cells[0].label && figures === told, [figures, told]);
  one("dialog.cell .close").click();
  await until("and closes", () => !one("dialog.cell"));
  check("no time is called the best", all("#cell-table td.best").every((cell) => !cell.querySelector("i.measured")));
  check("absent values say why", all("#cell-table td.none").every((cell) => cell.title && cell.querySelector(".unseen").textContent));
}

async function axes() {
  const title = () => one("#explore-view h3").textContent;
  const before = title();
  const others = run.metrics.filter((metric) => hasValues(metric) && metric.name !== explore.metric && metric.better);
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

async function latencies() {
  const title = () => one("#latency-view h3").textContent;
  const lines = () => all("#latency-view .chart:first-of-type svg g[aria-label=line] path").length;
  byId("latency").scrollIntoView({ behavior: "instant" });
  await until("percentiles", () => lines() > 1);
  const before = lines();
  const chip = one("#latency-view .chip[aria-pressed=true]");
  chip.click();
  byId("latency").scrollIntoView({ behavior: "instant" });
  await until("a line less", () => lines() === before - 1);
  check("a map can be left out", one(`#latency-view .chip[aria-pressed=false]`));
  const workloads = [...one('#latency-view [data-control="group"] select').options].map((option) => option.value);
  const shown = title();
  pick('#latency-view [data-control="group"]', workloads.at(-1));
  await until("another workload", () => title() !== shown && one('#latency-view [data-control="group"] select').value === workloads.at(-1));
  check("by kind of operation", [...one('#latency-view [data-control="kind"] select').options].length > 1);
}

async function courses() {
  byId("course").scrollIntoView({ behavior: "instant" });
  await until("memory and stalls", () => all("#course-view .area svg").length >= 2);
  check("memory over operations", all("#course-view h3")[1].textContent.includes("comes back to"), all("#course-view h3")[1].textContent);
  const told = (await unpack(`course-${course.group}`)).some(({ marks }) => marks?.operations.some(([, cause]) => cause === "grow" || cause === "overflow"));
  if (told) check("what stalls is marked", one("#course-view .chart g[aria-label=dot] path"));
  check("stalls over operations", / stalls? longest: /.test(all("#course-view h3")[0].textContent), all("#course-view h3")[0].textContent);
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
  all("button").find((button) => button.textContent === "Whole graph").click();
  check("a button goes back", !one(".frame.above"));
  type(byId("flame-search"), name.slice(0, 5));
  check("found", one(".frame.match") && byId("flame-search").closest(".controls").textContent.includes("of the whole"));
  type(byId("flame-search"), "");
  const other = [...one('[data-control="other"] select').options].map((option) => option.value).find((value) => value);
  pick('[data-control="other"]', other);
  await until("the difference", () => one(".flame .frame.more, .flame .frame.less, .flame .frame.same"));
  check("a difference says its sign", all(".frame.more").every((frame) => frame.textContent.startsWith("+")) && all(".frame.less").every((frame) => frame.textContent.startsWith("−")));
  check("and is told in words", one(".frame.more, .frame.less, .frame.same").getAttribute("aria-label").includes("points"));
}

/** What titles and data say of figures made up for it. */
function words() {
  const [cell, other] = [{ label: "a", id: { ops: 900 } }, { label: "b", id: { ops: 900 } }];
  const stalled = (cell, ...rects) => ({ cell, rects, stall: d3.greatest(rects, (rect) => rect.band) });
  const rect = (band, from, count = 1) => ({ band, from, to: from + 100, least: 1000 * band, below: 1000 * (band + 1), count });
  check("who stalls longest", stallTitle([stalled(cell, rect(3, 100), rect(9, 300)), stalled(other, rect(8, 0))]) === "a stalls longest: 9 µs to 10 µs, at operation 300 of 900",
    stallTitle([stalled(cell, rect(3, 100), rect(9, 300)), stalled(other, rect(8, 0))]));
  check("more than one in the highest band", stallTitle([stalled(cell, rect(9, 100)), stalled(other, rect(9, 0))]) === "a and b stall longest: 9 µs to 10 µs");
  check("more than once", stallTitle([stalled(cell, rect(9, 100), rect(9, 200, 4))]) === "a stalls longest: 5 operations of 9 µs to 10 µs");
  const metric = { label: "bytes", unit: "bytes/write" };
  const point = (x, y) => ({ x, y, series: "a", facet: "", cells: 1 });
  const axis = { label: "load factor", numeric: true };
  check("a single line is a trend", contrastOf(metric, [point(4, 9), point(8, 3)], axis, {}, null) === "a's bytes falls from 9 to 3 as load factor goes from 4 to 8");
  check("a single point is told", contrastOf(metric, [point(4, 9)], axis, {}, null) === "a: 9 bytes");
  const curve = (cause) => ({ kind: latency.kind === ANY ? undefined : latency.kind, cause, count: 4, ns: [7], max_ns: 9 });
  const title = (...causes) => causeFigure(run.groups[0], { cell: run.cells[0], curves: causes.map(curve) }).querySelector("h3").textContent;
  check("what nobody knows is not a cause", title("unknown").includes("can't be told"), title("unknown"));
  check("a cause is", title("grow", "unknown").includes("did grow"), title("grow", "unknown"));
  const long = distributionOf({ distributions: { chain_lengths: [[1, 5], [77, 2], [3000, 1]] } }, "chain_lengths");
  check("no length is left out of the data", d3.sum(long.rows, (row) => row.count) === 8 && long.rows.at(-1).n === 3000, long.rows.length);
}

async function places() {
  for (const link of all(".bar nav a")) {
    link.click();
    await sleep(1200);
    const top = one(link.hash).getBoundingClientRect().top;
    const atEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    check(`${link.hash} is where its link leads`, Math.abs(top) < 120 || atEnd, top);
  }
}

async function drive() {
  await until("everything is unpacked", () => "filled" in document.documentElement.dataset);
  await places();
  await charts();
  await cells();
  await axes();
  await latencies();
  await courses();
  await distributions();
  await stacks();
  words();
  byId("theme").click();
  byId("theme").click();
  check("dark by the button", document.documentElement.dataset.theme === "dark" && getComputedStyle(document.documentElement).colorScheme === "dark");
  byId("theme").click();
  const resources = performance.getEntriesByType("resource").map((entry) => entry.name);
  check("nothing is loaded", resources.length === 0, resources);
  return outcome;
}
