// A chart: its title says what it shows, its data can be saved and read as a table; it is drawn when it comes into view.
"use strict";

const PALETTE = 10;
const SYMBOLS = Object.entries({
  circle: d3.symbolCircle, square: d3.symbolSquare, triangle: d3.symbolTriangle, diamond: d3.symbolDiamond,
  star: d3.symbolStar, wye: d3.symbolWye, times: d3.symbolTimes, cross: d3.symbolCross,
}).map(([symbol, shape]) => ({ symbol, shape }));
const DASHES = ["none", "6 3", "2 3", "8 3 2 3"];
const FONT = { background: "none", fontFamily: "inherit", fontSize: "12px", overflow: "visible" };

/** How each of many series is drawn: no two alike among the first 32, and none by colour alone. */
function seriesStyle(names) {
  const index = new Map(names.map((name, position) => [name, position]));
  const at = (name) => index.get(name) ?? 0;
  return {
    names,
    colour: (name) => `var(--s${at(name) % PALETTE})`,
    symbol: (name) => SYMBOLS[at(name) % SYMBOLS.length].symbol,
    dash: (name) => DASHES[Math.floor(at(name) / PALETTE) % DASHES.length],
  };
}

/**
 * As many of the names as are told apart well: where there are more, those with the highest and the lowest values, one of
 * each kind first.
 */
function mostTelling(names, valueOf, kindOf = String) {
  const SHOWN_MAX = 8;
  const ordered = d3.sort(names, (name) => -valueOf(name));
  const ends = ordered.map((_, turn) => (turn % 2 ? ordered.at(-(turn + 1) / 2) : ordered[turn / 2]));
  const first = d3.rollups(ends, ([name]) => name, kindOf).map(([, name]) => name);
  return new Set(distinct([...first, ...ends]).slice(0, SHOWN_MAX));
}

/** A small drawing of a series, for legends; without its `line` where charts have marks alone. */
function seriesKey(style, name, line = true) {
  const svg = d3.create("svg").attr("width", 26).attr("height", 12).attr("aria-hidden", "true").attr("class", "series");
  if (line) svg.append("path").attr("d", "M0 6H26").attr("stroke", style.colour(name)).attr("stroke-width", 2).attr("stroke-dasharray", style.dash(name));
  const { shape } = SYMBOLS.find(({ symbol }) => symbol === style.symbol(name));
  svg.append("path").attr("transform", "translate(13,6)").attr("d", d3.symbol(shape, 34)()).attr("fill", style.colour(name)).attr("stroke", style.colour(name));
  return svg.node();
}

/** Series that can be switched on and off; `key(name)` gives the drawing of one, `words(name)` what it is called. */
function seriesChooser(names, shown, onchange, key, words = String) {
  const FOLDED_FROM = 24;
  const list = el("div", { class: key ? "chips" : "chips choose", role: "group", "aria-label": "Drawn" });
  const folded = names.length > FOLDED_FROM;
  const rest = el("div", { class: "chips" });
  for (const name of names) {
    const button = el("button", {
      type: "button", class: "chip", "aria-pressed": String(shown.has(name)),
      click: () => {
        if (!shown.delete(name)) shown.add(name);
        button.setAttribute("aria-pressed", String(shown.has(name)));
        onchange();
      },
    }, key?.(name), words(name));
    (folded && !shown.has(name) ? rest : list).append(button);
  }
  if (folded) list.append(el("details", { class: "rest" }, el("summary", {}, `${rest.children.length} more`), rest));
  return list;
}

/** Small charts of cells of one workload: which ones is chosen above the figure that `figureOf` makes of them. */
function panelView(cells, shown, figureOf) {
  const frame = el("div");
  const redraw = () => {
    const visible = cells.filter(({ cell }) => shown.has(cell.label));
    frame.replaceChildren(visible.length ? figureOf(visible) : el("p", { class: "notice" }, "Nothing is chosen."));
  };
  redraw();
  const chooser = cells.length > 1 && seriesChooser(cells.map(({ cell }) => cell.label), shown, redraw);
  if (chooser) chooser.prepend(el("span", { class: "fine", "aria-hidden": "true" }, "Drawn:"));
  return el("div", {}, chooser, frame);
}

/** Of many cells those with most and least of `worth` and the first of the plan, no two of one map or alike if it can be. */
function mostTellingPanels(cells, worth) {
  const SHOWN_MAX = 4;
  const ends = [d3.greatest(cells, worth), d3.least(cells, worth), ...cells].filter((one) => one);
  const chosen = new Set();
  const another = (one) => [...chosen].every((other) => other.cell.id.map !== one.cell.id.map && worth(other) !== worth(one));
  for (const one of ends) if (chosen.size < SHOWN_MAX && another(one)) chosen.add(one);
  for (const one of ends) if (chosen.size < SHOWN_MAX) chosen.add(one);
  return new Set([...chosen].map(({ cell }) => cell.label));
}

const inView = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((entry) => entry.isIntersecting)) drawNow(entry.target);
}, { rootMargin: "400px" });
// In the next frame: what is drawn within this one would be observed again.
const widths = new ResizeObserver((entries) => requestAnimationFrame(() => {
  for (const { target } of entries) {
    if (target.clientWidth && Math.abs(target.clientWidth - target.drawnWidth) > 4) draw(target);
  }
}));

function drawNow(area) {
  // Without a place in the page it has no width to fill.
  if (area.dataset.state !== "waiting" || !area.clientWidth) return;
  inView.unobserve(area);
  draw(area);
  widths.observe(area);
}

function draw(area) {
  area.drawnWidth = area.clientWidth;
  area.replaceChildren(area.drawing(Math.max(280, area.clientWidth)));
  area.dataset.state = "drawn";
}

const undrawn = () => [...document.querySelectorAll('.area[data-state="waiting"]')];

/** Draws what has not come into view. */
function drawAll() {
  undrawn().forEach(drawNow);
}

/** A4 within the margins that style.css gives it, at its scale there: the whole width, and one of two columns. */
const PAPER_PX = { whole: 878, half: 425 };

/**
 * Draws charts as wide as paper is, which has no view either: drawn for a window and scaled down to paper their words are
 * too small to read. Gives what brings those of the window back.
 */
function drawOnPaper() {
  drawAll();
  const areas = [...document.querySelectorAll('.area[role="img"][data-state="drawn"]')];
  const onScreen = new Map(areas.map((area) => [area, [...area.childNodes]]));
  for (const area of areas) area.replaceChildren(area.drawing(area.closest(".pair") ? PAPER_PX.half : PAPER_PX.whole));
  return () => onScreen.forEach((nodes, area) => area.replaceChildren(...nodes));
}

/** Draws what has not come into view, a chart at a time, so that paper finds it done. */
function drawAtLeisure() {
  const idle = globalThis.requestIdleCallback ?? ((step) => setTimeout(step, 50));
  const step = () => {
    const area = undrawn().find((area) => area.clientWidth);
    if (!area) return;
    drawNow(area);
    idle(step);
  };
  idle(step);
}

/**
 * A figure. `title` states what it shows, `unit` what is measured and how surely; `draw(width)` gives its element;
 * `columns` and `rows` are its data; `words` tell it to who can't see it. What is `interactive` is read part by part.
 */
function figure({ title, unit, draw, columns, rows, words, name, legend, more, interactive }) {
  const area = el("div", { class: "area", role: interactive ? "group" : "img", "aria-label": `${title}. ${words ?? ""}` });
  area.dataset.state = "waiting";
  area.drawing = draw;
  inView.observe(area);
  const TABLE_ROWS = 200;
  const data = el("details", { class: "data", toggle: () => {
    if (!data.open || data.filled) return;
    data.filled = true;
    const note = rows.length > TABLE_ROWS ? `The first ${TABLE_ROWS} of ${rows.length.toLocaleString("en-US")} rows; the CSV has them all.` : undefined;
    data.append(el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": `Data: ${title}` }, plainTable(columns, rows.slice(0, TABLE_ROWS), note)));
  } }, el("summary", {}, "Table", el("span", { class: "unseen" }, ` of ${title}`)));
  return el("figure", { class: "chart" },
    el("figcaption", {}, el("h3", {}, title), el("p", { class: "unit" }, unit)),
    legend,
    area,
    words && el("p", { class: "words" }, words),
    el("div", { class: "actions" }, csvButton(title, () => saveCsv(name ?? "chart", columns, rows)), data, more));
}

/** Panels side by side, as many as fit; each drawn by `panel(key, width)`. */
function panels(keys, width, least, panel) {
  const fitting = Math.max(1, Math.min(keys.length, Math.floor(width / least)));
  // As many in each row: a last row with one is space wasted.
  const across = Math.ceil(keys.length / Math.ceil(keys.length / fitting));
  const grid = el("div", { class: "panels", style: `grid-template-columns: repeat(${across}, minmax(0, 1fr))` });
  const each = (width - (across - 1) * 24) / across;
  keys.forEach((key, index) => grid.append(panel(key, each, index % across === 0)));
  return grid;
}

/** Names at the right ends of lines, moved apart where they would lie on each other. */
function endLabels(ends, channels) {
  return Plot.text(ends, Plot.initializer({
    ...channels, textAnchor: "start", dx: 8, fontWeight: 600, stroke: "var(--paper)", strokeWidth: 4,
  }, (data, facets, { y }, scales) => {
    const LINE = 14;
    const spots = [...facets].flatMap((facet) => [...facet]).map((index) => ({ index, y: scales.y(y.value[index]) })).sort((a, b) => a.y - b.y);
    spots.forEach((spot, i) => { if (i > 0) spot.y = Math.max(spot.y, spots[i - 1].y + LINE); });
    const moved = new Float64Array(ends.length);
    const overshoot = spots.length ? Math.max(0, spots.at(-1).y - Math.max(...scales.y.range())) : 0;
    let below = Infinity;
    for (const spot of spots.toReversed()) {
      below = Math.min(spot.y - (overshoot > 0 && below === Infinity ? overshoot : 0), below - LINE);
      moved[spot.index] = overshoot > 0 ? Math.min(spot.y, below) : spot.y;
    }
    return { data, facets, channels: { y: { value: moved } } };
  }));
}
