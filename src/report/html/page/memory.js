// What a map holds over the operations of a run.
"use strict";

const memory = { group: 0, shown: new Map() };

async function showMemory() {
  const view = byId("memory-view");
  const groups = run.groups.filter((group) => byId(`course-${group.index}`) && group.cells.some((cell) => cell.counted && !cell.failed));
  if (!groups.length) return view.append(nothing(run.cells.some((cell) => cell.counted) ? "Nothing was kept of what the maps held meanwhile: the record is of an older version." : "No memory: the count pass was not run, or no cell was done with it."));
  memory.group = mostTellingGroup(groups);
  await fillMemory(groups);
}

const memoryData = forLast(() => unpack(`course-${memory.group}`));

/** Gives whether it did; not where something else was chosen meanwhile. */
async function fillMemory(groups) {
  const courses = await memoryData();
  if (!courses) return false;
  const view = byId("memory-view");
  const group = run.groups[memory.group];
  const cells = group.cells.map((cell, position) => ({ cell, ...courses[position] })).filter(({ timeline }) => timeline?.held_bytes.length);
  const shown = memory.shown.get(group.index) ?? mostTellingPanels(cells, ({ timeline }) => d3.max(timeline.peak_bytes));
  memory.shown.set(group.index, shown);
  const again = async (value) => {
    memory.group = Number(value);
    if (await fillMemory(groups)) view.querySelector("select")?.focus();
  };
  view.replaceChildren(
    el("div", { class: "controls" }, select("Workload", groups.map((row) => [row.index, row.name]), memory.group, again)),
    cells.length ? panelView(cells, shown, (visible) => memoryFigure(group, visible)) : nothing("Nobody could look at what these maps held meanwhile."));
  return true;
}

/** Where a map needs most beyond what it comes back to: the point, and the least that is held from there on. */
function tooth({ timeline }) {
  let least = Infinity;
  let found = null;
  for (let index = timeline.held_bytes.length - 1; index >= 0; index--) {
    least = Math.min(least, timeline.held_bytes[index]);
    const peak = timeline.peak_bytes[index];
    if (!found || peak - least >= found.peak - found.least) found = { index, peak, least };
  }
  return found;
}

/** A timeline as rows: where each point begins and ends, in operations. */
function pointsOf({ cell, timeline }) {
  return timeline.held_bytes.map((held, index) => ({
    from: index * timeline.ops_per_point, to: Math.min((index + 1) * timeline.ops_per_point, cell.id.ops),
    held, peak: timeline.peak_bytes[index], entries: timeline.entries[index], payload: timeline.entries[index] * cell.entry_bytes,
    capacity: timeline.capacity?.[index], room: timeline.capacity && timeline.capacity[index] * cell.entry_bytes,
  }));
}

function memoryFigure(group, cells) {
  const lines = cells.map((one) => ({ ...one, points: pointsOf(one) }));
  const teeth = lines.map((one) => ({ ...one, tooth: tooth(one) })).filter(({ tooth }) => tooth?.least > 0);
  const sharpest = d3.greatest(teeth, ({ tooth }) => tooth.peak / tooth.least);
  const ratio = sharpest ? sharpest.tooth.peak / sharpest.tooth.least : 1;
  const title = !sharpest ? "What the maps hold" : ratio >= 1.1
    ? `${sharpest.cell.label} needs ${byteSize(sharpest.tooth.peak)} near operation ${sharpest.points[sharpest.tooth.index].to.toLocaleString("en-US")}, ${ratioText(ratio)}× the ${byteSize(sharpest.tooth.least)} that it comes back to`
    : "None of these maps ever needs a tenth more than it comes back to";
  // A map that doesn't tell may make tables all the same.
  const none = (cell) => (valueOf(cell, run.byName.get("grow_events")) == null ? "not told" : "none");
  const events = lines.map(({ cell, timeline }) => `${cell.label}: ${timeline.events.length ? (timeline.events.length + timeline.events_left_out).toLocaleString("en-US") : none(cell)}${timeline.events_left_out ? `, the ${timeline.events.length} largest marked` : ""}`);
  return figure({
    title,
    unit: "bytes held over the operations · exact",
    words: `Needed for a moment is what is held while old and new table live side by side, say. The payload is keys and values alone; capacity is the payload that would fit before a larger table is needed, where the map tells. Tables made: ${events.join("; ")}.`,
    legend: memoryKey(lines),
    name: `memory-${group.index}`,
    columns: ["cell", "operation", "entries", "capacity", "held_bytes", "peak_bytes", "payload_bytes", "table_made_by", "alloc_bytes", "moved_entries"],
    rows: lines.flatMap(({ cell, points, timeline }) => [
      ...timeline.events.map((event) => [cell.label, event.op, null, null, null, null, null, event.cause, event.alloc_bytes, event.moved_entries]),
      ...points.map((point) => [cell.label, point.to, point.entries, point.capacity, point.held, point.peak, point.payload, null, null, null]),
    ]),
    draw: (width) => {
      const top = d3.max(lines, ({ points }) => d3.max(points, (point) => point.peak)) || 1;
      return panels(lines, width, 400, (one, each) => el("div", { class: "panel" }, el("h4", {}, one.cell.label), memoryChart(one, each, top)));
    },
  });
}

/** What the lines and marks stand for, of those that there are. */
function memoryKey(lines) {
  const some = (holds) => lines.some(holds);
  const line = (name, colour, dash, more) => {
    const svg = d3.create("svg").attr("width", 26).attr("height", 12).attr("aria-hidden", "true");
    more?.(svg);
    if (dash) svg.append("path").attr("d", "M0 6H26").attr("stroke", colour).attr("stroke-width", 1.7).attr("stroke-dasharray", dash);
    return el("span", { class: "chip" }, svg.node(), name);
  };
  const rect = (x, y, width, height, colour, opacity) => (svg) => svg.append("rect").attr("x", x).attr("y", y).attr("width", width).attr("height", height).attr("fill", colour).attr("fill-opacity", opacity);
  return el("div", { class: "chips" },
    line("held", "var(--s0)", "none", rect(0, 6, 26, 6, "var(--bar)", 0.28)),
    some(({ points }) => points.some((point) => point.peak > point.held)) && line("needed for a moment", "", "", rect(11, 0, 4, 12, "var(--spike)", 1)),
    some(({ timeline }) => timeline.capacity) && line("capacity", "var(--soft)", "7 3"),
    line("payload", "var(--ink)", "2 3"),
    some(({ timeline }) => timeline.events.length) && line("table made", "", "", rect(12, 2, 1.5, 9, "var(--spike-ink)", 1)));
}

function memoryChart({ cell, timeline, points }, width, top) {
  const [HEIGHT, TOP, FOOT] = [250, 28, 46];
  const steps = [{ to: 0, held: points[0].held, payload: points[0].payload }, ...points];
  return Plot.plot({
    width, height: HEIGHT, marginLeft: 66, marginRight: 16, marginTop: TOP, marginBottom: FOOT, style: FONT,
    x: { domain: [0, cell.id.ops], label: "operation →", ticks: Math.max(2, Math.floor(width / 110)), tickFormat: d3.format("~s") },
    y: { domain: [0, top], label: "↑ bytes held", grid: true, ticks: byteTicks(top), tickFormat: byteSize },
    marks: [
      Plot.areaY(steps, { x: "to", y: "held", curve: "step-before", fill: "var(--bar)", fillOpacity: 0.28 }),
      Plot.rect(points.filter((point) => point.peak > point.held), { x1: "from", x2: "to", y1: "held", y2: "peak", fill: "var(--spike)", title: (point) => `operations ${point.from.toLocaleString("en-US")} to ${point.to.toLocaleString("en-US")}: up to ${byteSize(point.peak)}, then ${byteSize(point.held)}` }),
      Plot.line(steps, { x: "to", y: "held", curve: "step-before", stroke: "var(--s0)", strokeWidth: 1.7 }),
      timeline.capacity && Plot.line(points, { x: "to", y: "room", curve: "step-before", stroke: "var(--soft)", strokeWidth: 1.2, strokeDasharray: "7 3", clip: true }),
      Plot.line(steps, { x: "to", y: "payload", stroke: "var(--ink)", strokeWidth: 1.3, strokeDasharray: "2 3", clip: true }),
      Plot.tickX(timeline.events, { x: "op", y: null, stroke: "var(--spike-ink)", strokeWidth: 1.2, insetTop: HEIGHT - TOP - FOOT + 1, insetBottom: -6, title: (event) => `operation ${event.op.toLocaleString("en-US")}: ${event.cause}, ${byteSize(event.alloc_bytes)} allocated, ${event.moved_entries.toLocaleString("en-US")} entries moved` }),
      Plot.tip(points, Plot.pointerX({ x: "to", y: "held", title: (point) => `operation ${point.to.toLocaleString("en-US")}\n${byteSize(point.held)} held, up to ${byteSize(point.peak)}\n${point.entries.toLocaleString("en-US")} entries, ${byteSize(point.payload)}${point.capacity == null ? "" : `\nroom for ${point.capacity.toLocaleString("en-US")}`}`, fill: "var(--paper)", stroke: "var(--line)" })),
    ],
  });
}

/** Round numbers of the largest unit that fits. */
function byteTicks(top) {
  const unit = 1024 ** Math.max(0, Math.floor(Math.log(top) / Math.log(1024)));
  return d3.ticks(0, top / unit, 4).map((tick) => tick * unit);
}

