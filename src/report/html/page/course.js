// Over the operations of a run: what a map holds, and when its operations stall.
"use strict";

const course = { group: 0, shown: new Map() };

async function showCourse() {
  const view = byId("course-view");
  const groups = run.groups.filter((group) => byId(`course-${group.index}`));
  if (!groups.length) return view.append(nothing("Nothing was kept of what went on meanwhile: the record is of an older version, or nobody could look."));
  course.group = mostTellingGroup(groups);
  await fillCourse(groups);
}

async function fillCourse(groups) {
  const view = byId("course-view");
  const group = run.groups[course.group];
  const courses = await unpack(`course-${course.group}`);
  const cells = group.cells.map((cell, position) => ({ cell, ...courses[position] })).filter(({ timeline, heat }) => timeline || heat);
  const names = cells.map(({ cell }) => cell.label);
  const style = seriesStyle(names);
  const shown = course.shown.get(group.index) ?? mostTellingCourses(cells);
  course.shown.set(group.index, shown);
  const again = async (value) => {
    course.group = Number(value);
    await fillCourse(groups);
    view.querySelector("select")?.focus();
  };
  const charts = el("div");
  const redraw = () => {
    const visible = cells.filter(({ cell }) => shown.has(cell.label));
    charts.replaceChildren(...[heatFigure(group, visible.filter(({ heat }) => heat)), memoryFigure(group, visible.filter(({ timeline }) => timeline))].filter(Boolean));
  };
  view.replaceChildren(el("div", { class: "controls" }, select("Workload", groups.map((row) => [row.index, row.name]), course.group, again)), seriesChooser(style, shown, redraw), charts);
  redraw();
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

/** The maps that need most and least, and the two with the largest teeth. */
function mostTellingCourses(cells) {
  const names = (some) => some.map(({ cell }) => cell.label);
  const told = cells.filter(({ timeline }) => timeline?.peak_bytes.length);
  if (cells.length <= 4 || !told.length) return new Set(names(cells.slice(0, 4)));
  const peak = ({ timeline }) => d3.max(timeline.peak_bytes);
  const chosen = new Set([d3.greatest(told, peak), d3.least(told, peak)]);
  const others = d3.sort(told, (one) => tooth(one).least - tooth(one).peak);
  // One of each map first: load factors and seeds of one look much alike.
  const another = (one) => [...chosen].every(({ cell }) => cell.id.map !== one.cell.id.map);
  for (const one of others) if (chosen.size < 4 && another(one)) chosen.add(one);
  for (const one of others) if (chosen.size < 4) chosen.add(one);
  return new Set(names(cells.filter((one) => chosen.has(one))));
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
  if (!cells.length) return null;
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
    words: `The line is what is held, bars above it what is needed for a moment, as while old and new table live side by side. The dotted line is the payload alone, the dashed line above it the payload that would fit before a larger table is needed, where the map tells. Marks below stand where a table was made; ${events.join("; ")}.`,
    name: `memory-${group.index}`,
    columns: ["cell", "operation", "entries", "capacity", "held_bytes", "peak_bytes", "payload_bytes"],
    rows: lines.flatMap(({ cell, points }) => points.map((point) => [cell.label, point.to, point.entries, point.capacity, point.held, point.peak, point.payload])),
    draw: (width) => {
      const top = d3.max(lines, ({ points }) => d3.max(points, (point) => point.peak)) || 1;
      return panels(lines, width, 400, (one, each) => el("div", { class: "panel" }, el("h4", {}, one.cell.label), memoryChart(one, each, top)));
    },
  });
}

function memoryChart({ cell, timeline, points }, width, top) {
  const steps = [{ to: 0, held: points[0].held, payload: points[0].payload }, ...points];
  return Plot.plot({
    width, height: 250, marginLeft: 66, marginRight: 14, marginBottom: 46, style: FONT,
    x: { domain: [0, cell.id.ops], label: "operation →", ticks: Math.max(2, Math.floor(width / 110)), tickFormat: d3.format("~s") },
    y: { domain: [0, top], label: "↑ bytes held", grid: true, ticks: byteTicks(top), tickFormat: byteSize },
    marks: [
      Plot.areaY(steps, { x: "to", y: "held", curve: "step-before", fill: "var(--bar)", fillOpacity: 0.28 }),
      Plot.rect(points.filter((point) => point.peak > point.held), { x1: "from", x2: "to", y1: "held", y2: "peak", fill: "var(--spike)", title: (point) => `operations ${point.from.toLocaleString("en-US")} to ${point.to.toLocaleString("en-US")}: up to ${byteSize(point.peak)}, then ${byteSize(point.held)}` }),
      Plot.line(steps, { x: "to", y: "held", curve: "step-before", stroke: "var(--s0)", strokeWidth: 1.7 }),
      timeline.capacity && Plot.line(points, { x: "to", y: "room", curve: "step-before", stroke: "var(--soft)", strokeWidth: 1.2, strokeDasharray: "7 3", clip: true }),
      Plot.line(steps, { x: "to", y: "payload", stroke: "var(--ink)", strokeWidth: 1.3, strokeDasharray: "2 3", clip: true }),
      Plot.tickX(timeline.events, { x: "op", y: null, stroke: "var(--spike-ink)", strokeWidth: 1.2, insetTop: 194, insetBottom: -5, title: (event) => `operation ${event.op.toLocaleString("en-US")}: ${event.cause}, ${byteSize(event.alloc_bytes)} allocated, ${event.moved_entries.toLocaleString("en-US")} entries moved` }),
      Plot.tip(points, Plot.pointerX({ x: "to", y: "held", title: (point) => `operation ${point.to.toLocaleString("en-US")}\n${byteSize(point.held)} held, up to ${byteSize(point.peak)}\n${point.entries.toLocaleString("en-US")} entries, ${byteSize(point.payload)}${point.capacity == null ? "" : `\nroom for ${point.capacity.toLocaleString("en-US")}`}`, fill: "var(--paper)", stroke: "var(--line)" })),
    ],
  });
}

/** Round numbers of the largest unit that fits. */
function byteTicks(top) {
  const unit = 1024 ** Math.max(0, Math.floor(Math.log(top) / Math.log(1024)));
  return d3.ticks(0, top / unit, 4).map((tick) => tick * unit);
}

function heatFigure(group, cells) {
  if (!cells.length) return null;
  const maps = cells.map((one) => ({ ...one, rects: heatRects(one) })).filter(({ rects }) => rects.length);
  if (!maps.length) return null;
  const stalls = maps.map((one) => ({ ...one, stall: d3.greatest(one.rects, (rect) => rect.band) }));
  const bands = maps.flatMap(({ rects }) => rects.map((rect) => rect.band));
  const domain = [Math.max(1, run.bands_ns[d3.min(bands)]), run.bands_ns[d3.max(bands) + 1] ?? run.bands_ns.at(-1) * 1.5];
  const marked = distinct(maps.flatMap((one) => marksOf(one).map((mark) => mark.cause)));
  const style = causeStyle();
  return figure({
    title: stallTitle(stalls),
    unit: "latency of every operation over the operations, all repetitions on each other, logarithmic · measured, varies from run to run",
    words: `The stronger the colour, the more operations took so long; even a single one can be seen. What returns in the same place at every repetition is the map, what is scattered is the machine.${marked.length ? " Marks are the last repetition's longest operations of each cause, at most 64; a bar at the foot is a stretch in which operation after operation moved entries." : ""}`,
    name: `heat-${group.index}`,
    legend: marked.length > 0 && el("div", { class: "chips" }, ...marked.map((cause) => el("span", { class: "chip" }, seriesKey(style, cause), cause))),
    columns: ["cell", "from_operation", "to_operation", "latency_at_least_ns", "latency_below_ns", "operations"],
    rows: maps.flatMap(({ cell, rects }) => rects.map((rect) => [cell.label, rect.from, rect.to, rect.least, rect.below, rect.count])),
    draw: (width) => panels(maps, width, 400, (one, each) => el("div", { class: "panel" }, el("h4", {}, one.cell.label), heatChart(one, each, domain, style))),
  });
}

/** Who stalls longest; which of several in the highest band was the longest of all, a heat map doesn't tell. */
function stallTitle(stalls) {
  const highest = d3.max(stalls, ({ stall }) => stall.band);
  const worst = stalls.filter(({ stall }) => stall.band === highest);
  const [{ cell, stall, rects }] = worst;
  const times = d3.sum(worst, ({ rects }) => d3.sum(rects.filter((rect) => rect.band === highest), (rect) => rect.count));
  const range = Number.isFinite(stall.below) ? `${duration(stall.least)} to ${duration(stall.below)}` : `${duration(stall.least)} or more`;
  if (worst.length > 1) {
    const names = worst.map(({ cell }) => cell.label);
    return `${names.length > 3 ? `${names.length} of these maps` : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`} stall longest: ${range}`;
  }
  if (rects.filter((rect) => rect.band === highest).length > 1) return `${cell.label} stalls longest: ${times.toLocaleString("en-US")} operations of ${range}`;
  return `${cell.label} stalls longest: ${range}, at operation ${stall.from.toLocaleString("en-US")} of ${cell.id.ops.toLocaleString("en-US")}${stallWords(worst[0])}`;
}

/** What the longest operation did, where the repetition that kept them is the one that it was in. */
function stallWords({ stall, marks }) {
  const it = marks?.operations.find(([op, , ns]) => op >= stall.from && op < stall.to && ns >= stall.least && ns < stall.below);
  if (!it) return "";
  return GROUND.includes(it[1]) ? ", with no structural work: an interruption" : ` (cause: ${it[1]})`;
}

/** The operations to mark: those whose cause says something of the map. */
const marksOf = ({ marks }) => (marks?.operations ?? []).map(([op, cause, ns]) => ({ op, cause, ns })).filter(({ cause }) => !GROUND.includes(cause) && cause !== "alloc-other");

function heatRects({ cell, heat }) {
  return heat.columns.flatMap((column, index) => column.map(([band, count]) => ({
    band, count, from: index * heat.ops_per_column, to: Math.min((index + 1) * heat.ops_per_column, cell.id.ops), least: run.bands_ns[band], below: run.bands_ns[band + 1] ?? Infinity,
  })));
}

function heatChart(one, width, domain, style) {
  const { cell, rects } = one;
  const spells = (one.marks?.spells ?? []).map(([from, to, moved]) => ({ from, to, moved }));
  const place = (number) => number.toLocaleString("en-US");
  const most = d3.max(rects, (rect) => rect.count);
  // A single operation in a hundred thousand must still be seen.
  const LEAST = 0.34;
  const strength = (rect) => LEAST + (1 - LEAST) * (most > 1 ? Math.log(rect.count) / Math.log(most) : 1);
  return Plot.plot({
    width, height: 250, marginLeft: 56, marginRight: 14, marginBottom: 40, style: FONT,
    x: { domain: [0, cell.id.ops], label: "operation →", ticks: Math.max(2, Math.floor(width / 110)), tickFormat: d3.format("~s") },
    y: { type: "log", domain, label: "↑ latency, log scale", grid: true, tickFormat: logTicks(duration) },
    marks: [
      Plot.rect(rects, {
        x1: "from", x2: "to", y1: (rect) => Math.max(domain[0], rect.least), y2: (rect) => Math.min(domain[1], rect.below), fill: "var(--heat)", fillOpacity: { value: strength, scale: null }, inset: 0,
        title: (rect) => `operations ${rect.from.toLocaleString("en-US")} to ${rect.to.toLocaleString("en-US")}: ${rect.count.toLocaleString("en-US")} took ${duration(rect.least)} to ${duration(rect.below)}`,
      }),
      Plot.rectX(spells, { x1: "from", x2: "to", y1: domain[0], y2: domain[0] * 1.25, fill: style.colour("move"), title: (spell) => `operations ${place(spell.from)} to ${place(spell.to)} moved ${place(spell.moved)} entries` }),
      Plot.dot(marksOf(one), {
        x: "op", y: "ns", r: 3, symbol: (mark) => style.symbol(mark.cause), stroke: { value: (mark) => style.colour(mark.cause), scale: null }, fill: "var(--paper)", fillOpacity: 0.6, strokeWidth: 1.2, clip: true,
        title: (mark) => `operation ${place(mark.op)}: ${mark.cause}, ${duration(mark.ns)}`,
      }),
    ],
  });
}
