// Flame graphs: one cell's, or two cells' of one workload on each other.
"use strict";

const flame = { group: 0, kind: "cpu", cell: null, other: null, words: "" };
const KINDS = {
  alloc: { name: "bytes allocated", unit: "bytes", verb: "of the bytes that", did: "allocates" },
  copy: { name: "bytes copied", unit: "bytes", verb: "of the bytes that", did: "copies" },
  cpu: { name: "processor time", unit: "samples", verb: "of the processor time of", did: "" },
};
const WHOSE = { map: "the map", callee: "called by it", harness: "the harness" };
const ROW = 22;
const NARROWEST = 2;
/** Below this no letter of a name can be read. */
const NAMED_FROM = 24;

async function showStacks() {
  const groups = run.groups.filter((group) => group.cells.some((cell) => cell.stacks.length));
  if (!groups.length) return byId("stacks-view").append(nothing("No stacks: the profile pass was not run, or no cell was done with it."));
  flame.group = mostTellingGroup(groups);
  await fillStacks(groups);
}

/** Shows the stacks of one kind of a cell, where they are. */
async function openStacks(cell, kind) {
  Object.assign(flame, { group: cell.group, cell: cell.index, other: null, kind });
  await fillStacks(run.groups.filter((group) => group.cells.some((one) => one.stacks.length)));
  byId("stacks").scrollIntoView();
  byId("stacks-view").querySelector("select")?.focus({ preventScroll: true });
}

const stackData = forLast(() => Promise.all([
  unpack("functions"),
  ...[flame.cell, flame.other].map((index) => index !== null && unpack(`stacks-${index}`)),
]));

/** Gives whether it did; not where something else was chosen meanwhile. */
async function fillStacks(groups) {
  const view = byId("stacks-view");
  const group = run.groups[flame.group];
  const cells = group.cells.filter((cell) => cell.stacks.length);
  const kinds = Object.keys(KINDS).filter((kind) => cells.some((cell) => cell.stacks.includes(kind)));
  if (!kinds.includes(flame.kind)) flame.kind = kinds[0];
  const able = cells.filter((cell) => cell.stacks.includes(flame.kind));
  if (!able.some((cell) => cell.index === flame.cell)) flame.cell = able[0].index;
  if (flame.other === flame.cell || !able.some((cell) => cell.index === flame.other)) flame.other = null;
  const again = (key) => async (value) => {
    flame[key] = key === "kind" ? value : value === "" ? null : Number(value);
    if (await fillStacks(groups)) view.querySelector(`[data-control="${key}"] select`)?.focus();
  };
  const named = (key, control) => { control.dataset.control = key; return control; };
  const data = await stackData();
  if (!data) return false;
  const [names, ...stacks] = data;
  const [one, other] = [flame.cell, flame.other].map((index, side) => (index === null ? null : { cell: run.cells[index], roots: stacks[side][flame.kind] }));
  const options = able.map((cell) => [cell.index, cell.label]);
  const { controls, chart } = flameFigure(buildTree(names, one, other), one, other);
  view.replaceChildren(
    el("div", { class: "controls" },
      named("group", select("Workload", groups.map((row) => [row.index, row.name]), flame.group, again("group"))),
      named("kind", select("Of", kinds.map((kind) => [kind, KINDS[kind].name]), flame.kind, again("kind"))),
      named("cell", select("Map", options, flame.cell, again("cell"))),
      named("other", select("Against", [["", "nothing"], ...options.filter(([index]) => index !== flame.cell)], flame.other ?? "", again("other"))),
      ...controls),
    chart);
  return true;
}

/** The tree of one cell, or of both on each other: what has the same callers and the same name is one frame. */
function buildTree(names, one, other) {
  const node = (fn, parent) => ({ fn, name: fn < 0 ? "all" : names[fn][0], whose: fn < 0 ? "harness" : names[fn][1], weights: [0, 0], parent, kids: new Map() });
  const root = node(-1, null);
  const add = (into, rows, side) => {
    for (const [fn, weight, below] of rows) {
      if (!into.kids.has(fn)) into.kids.set(fn, node(fn, into));
      const kid = into.kids.get(fn);
      kid.weights[side] += weight;
      add(kid, below ?? [], side);
    }
  };
  [one, other].forEach((tree, side) => {
    if (!tree) return;
    root.weights[side] = d3.sum(tree.roots, ([, weight]) => weight);
    add(root, tree.roots, side);
  });
  // Callers that everything has in common say nothing.
  let top = root;
  const stripped = [];
  const sum = (node) => node.weights[0] + node.weights[1];
  while (top.kids.size === 1 && sum([...top.kids.values()][0]) === sum(top) && [...top.kids.values()][0].kids.size) {
    top = [...top.kids.values()][0];
    stripped.push(top.name);
  }
  const totals = root.weights;
  const share = (node, side) => (totals[side] ? node.weights[side] / totals[side] : 0);
  const finish = (node, depth) => {
    node.depth = depth;
    node.shares = [share(node, 0), share(node, 1)];
    node.width = other ? (node.shares[0] + node.shares[1]) / 2 : node.shares[0];
    node.kids = [...node.kids.values()].map((kid) => finish(kid, depth + 1)).sort((a, b) => b.width - a.width);
    node.self = node.width - d3.sum(node.kids, (kid) => kid.width);
    return node;
  };
  top.parent = null;
  const tree = finish(top, 0);
  const place = (node, x) => { node.x = x; let at = x; for (const kid of node.kids) { place(kid, at); at += kid.width; } };
  place(tree, 0);
  return { tree, totals, stripped };
}

const everyNode = function* (node) { yield node; for (const kid of node.kids) yield* everyNode(kid); };

/** Functions by what they themselves cost, wherever they are called from. */
function bySelf(tree, compared) {
  const own = (node, side) => node.shares[side] - d3.sum(node.kids, (kid) => kid.shares[side]);
  const sums = d3.rollups([...everyNode(tree)], (nodes) => [d3.sum(nodes, (node) => own(node, 0)), d3.sum(nodes, (node) => own(node, 1))], (node) => node.name);
  return sums.sort((a, b) => b[1][0] + b[1][1] - a[1][0] - a[1][1]).filter(([, [a, b]]) => a + b > 0.0005);
}

/** The function behind most of the whole, of those that are not behind nearly all of it; else the innermost of these. */
function branching(tree) {
  const TRIVIAL = 0.95;
  const outermost = (node) => { for (let up = node.parent; up; up = up.parent) if (up.name === node.name) return false; return true; };
  const sums = d3.rollups([...everyNode(tree)].filter((node) => node.fn !== 0 && outermost(node)), (nodes) => d3.sum(nodes, (node) => node.shares[0]), (node) => node.name);
  const most = d3.greatest(sums.filter(([, share]) => share < TRIVIAL), ([, share]) => share);
  return most && most[1] > 0.2 ? most : sums.findLast(([, share]) => share >= TRIVIAL) ?? sums[0];
}

function flameFigure({ tree, totals, stripped }, one, other) {
  const kind = KINDS[flame.kind];
  const tops = bySelf(tree).filter(([name]) => !name.startsWith("(less than"));
  const amount = (total) => (kind.unit === "bytes" ? byteSize(total) : `${total.toLocaleString("en-US")} samples`);
  const [first, share] = branching(tree);
  let title = `${percent(share)} ${kind.verb} ${one.cell.label}${kind.did ? ` ${kind.did}` : ""} ${kind.did ? "come from" : "is in"} ${first}`;
  if (other) {
    const moved = tops.map(([name, [a, b]]) => [name, b - a]).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))[0];
    title = moved ? `${moved[0]} itself: ${plain(Math.abs(moved[1]) * 100)} percentage points ${moved[1] > 0 ? "more" : "less"} of the ${kind.name} in ${other.cell.label} than in ${one.cell.label}` : `${one.cell.label} and ${other.cell.label} alike`;
  }
  const graph = new FlameGraph(tree, totals, Boolean(other), [one, other].map((side) => side?.cell.label), amount);
  const columns = other ? ["function", `share_${one.cell.label}`, `share_${other.cell.label}`, "points"] : ["function", "self_share"];
  const chart = figure({
    title,
    unit: `${kind.name}${flame.kind === "cpu" ? " · sampled, varies from run to run" : " · exact"} · ${other ? `${one.cell.label}: ${amount(totals[0])}, ${other.cell.label}: ${amount(totals[1])}; width is the mean of both shares` : amount(totals[0])}`,
    words: `Click or press Enter to zoom, Escape to go back; arrow keys and first letters walk the frames. ${stripped.length ? `Left out above: ${stripped.join(" › ")}.` : ""}`,
    name: `${flame.kind}-${one.cell.files}${other ? `-against-${other.cell.files}` : ""}`,
    columns,
    rows: tops.map(([name, [a, b]]) => (other ? [name, a, b, b - a] : [name, a])),
    legend: graph.legend(),
    draw: () => graph.node,
    interactive: true,
  });
  return { controls: graph.controls, chart };
}

const signed = (share) => `${share >= 0 ? "+" : "−"}${plain(Math.abs(share) * 100)}`;

/**
 * The frames as elements: text, focus, and names for screen readers come with them. To these it is a tree whose siblings
 * lie beside each other, with the keys that such trees have; a frame is closed where what it calls is too narrow to be
 * drawn, and the one that fills the width is the selected one.
 */
class FlameGraph {
  constructor(tree, totals, compared, labels, amount) {
    Object.assign(this, { tree, totals, compared, labels, amount, focus: tree, at: tree, matches: null });
    const name = `Flame graph of ${labels[0]}${compared ? ` against ${labels[1]}` : ""}`;
    this.node = el("div", { class: "flame", role: "tree", "aria-orientation": "horizontal", "aria-label": name, keydown: (event) => this.key(event) });
    // A frame's own name says as much where it is heard.
    this.info = el("p", { class: "info", "aria-hidden": "true" }, " ");
    this.found = el("span", { class: "fine", role: "status" });
    const search = el("input", {
      type: "search", placeholder: "function …", value: flame.words, "aria-label": "Find functions; Enter goes to the widest", id: "flame-search",
      input: () => { flame.words = search.value; this.search(); },
      keydown: (event) => { if (event.key === "Enter") this.reveal(d3.greatest(this.matches ?? [], (node) => node.width)); },
    });
    this.back = el("button", { type: "button", class: "quiet", click: () => this.zoom(this.tree) }, "Whole graph");
    this.controls = [el("label", { class: "field" }, el("span", {}, "Find"), search), this.back, this.found];
    // Zooming changes the height, which is nothing to draw for.
    this.widths = new ResizeObserver(() => requestAnimationFrame(() => { if (this.node.clientWidth !== this.drawnWidth) this.draw(); }));
    this.widths.observe(this.node);
    this.search(false);
    this.draw();
  }

  legend() {
    const key = (kind, name) => el("span", { class: "chip" }, el("i", { class: `box ${kind}` }), name);
    const keys = this.compared
      ? [key("less", `− smaller share in ${this.labels[1]}`), key("same", "alike"), key("more", `+ larger share in ${this.labels[1]}`)]
      : [key(`map ${flame.kind}`, "the map"), key(`callee ${flame.kind}`, "what it calls"), key("harness", "the harness")];
    return el("div", {}, el("div", { class: "chips" }, ...keys), this.info);
  }

  search(redraw = true) {
    const words = flame.words.trim().toLowerCase();
    this.matches = words ? new Set([...everyNode(this.tree)].filter((node) => node.name.toLowerCase().includes(words))) : null;
    // A frame within another match is counted with it.
    const outer = this.matches ? [...this.matches].filter((node) => { for (let up = node.parent; up; up = up.parent) if (this.matches.has(up)) return false; return true; }) : [];
    this.found.textContent = this.matches ? `${this.matches.size} frames, ${percent(d3.sum(outer, (node) => node.width))} of the whole` : "";
    if (redraw) this.draw();
  }

  zoom(node) {
    this.focus = node;
    this.at = node;
    this.draw();
    this.node.querySelector('[tabindex="0"]')?.focus();
    this.tell(node);
  }

  /** Goes to a frame, wherever it is. */
  reveal(node) {
    if (!node) return;
    if (this.shown.includes(node)) this.move(node);
    else this.zoom(node);
  }

  describe(node) {
    if (this.compared) return `${node.name}: ${this.labels[0]} ${percent(node.shares[0])}, ${this.labels[1]} ${percent(node.shares[1])}, ${signed(node.shares[1] - node.shares[0])} points`;
    return `${node.name} (${WHOSE[node.whose]}): ${this.amount(node.weights[0])}, ${percent(node.shares[0])}; itself ${percent(Math.max(0, node.self))}`;
  }

  tell(node) {
    this.info.textContent = this.describe(node);
  }

  draw() {
    this.drawnWidth = this.node.clientWidth;
    const width = (this.width = this.drawnWidth || 900);
    const focused = this.node.contains(document.activeElement);
    const frames = [];
    this.shown = [];
    let deepest = 0;
    const up = [];
    for (let node = this.focus.parent; node; node = node.parent) up.unshift(node);
    up.forEach((node, row) => frames.push(this.frame(node, 0, 1, row, "above")));
    const walk = (node, row) => {
      const left = (node.x - this.focus.x) / this.focus.width;
      const share = node.width / this.focus.width;
      if (!this.fits(node)) return;
      deepest = Math.max(deepest, row);
      this.shown.push(node);
      frames.push(this.frame(node, left, share, row, ""));
      node.kids.forEach((kid) => walk(kid, row + 1));
    };
    walk(this.focus, up.length);
    this.shown.unshift(...up);
    if (!this.shown.includes(this.at)) this.at = this.focus;
    this.node.style.height = `${(Math.max(deepest, up.length) + 1) * ROW}px`;
    this.node.replaceChildren(...frames);
    if (focused) this.node.querySelector('[tabindex="0"]')?.focus();
    this.back.disabled = this.focus === this.tree;
  }

  /** Whether a frame below the one that is zoomed to is wide enough to be drawn. */
  fits(node) {
    return (node.width / this.focus.width) * this.width >= NARROWEST;
  }

  /** Whether something that a frame calls is drawn; undefined where it calls nothing. Callees are in order of width. */
  isOpen(node, above) {
    return node.kids.length ? above || this.fits(node.kids[0]) : undefined;
  }

  frame(node, left, share, row, more) {
    const change = node.shares[1] - node.shares[0];
    const label = this.compared && Math.abs(change) >= 0.0005 ? `${signed(change)} ${node.name}` : node.name;
    const kind = this.compared ? (Math.abs(change) < 0.0005 ? "same" : change > 0 ? "more" : "less") : `${node.whose} ${flame.kind}`;
    const dim = this.matches && !this.matches.has(node) ? "dim" : this.matches ? "match" : "";
    // Differences of half the whole or more are as strong as it gets.
    const strength = this.compared ? `--strength:${Math.round(Math.min(1, Math.sqrt(Math.abs(change) * 2)) * 100)}%;` : "";
    const named = share * this.width >= NAMED_FROM;
    const open = this.isOpen(node, more === "above");
    const siblings = node.parent?.kids ?? [node];
    return el("div", {
      class: `frame ${kind} ${dim} ${more}${named ? "" : " thin"}`, tabindex: node === this.at ? "0" : "-1", title: this.describe(node),
      role: "treeitem", "aria-label": this.describe(node), "aria-level": row + 1, "aria-posinset": siblings.indexOf(node) + 1, "aria-setsize": siblings.length,
      "aria-expanded": open === undefined ? null : String(open), "aria-selected": String(node === this.focus),
      style: `${strength}left:${100 * left}%;width:${100 * share}%;top:${row * ROW}px`,
      click: () => this.zoom(node), focus: () => { this.at = node; this.tell(node); }, mouseenter: () => this.tell(node),
    }, named && label);
  }

  key(event) {
    const { at } = this;
    const beside = (step) => { const row = this.shown.filter((node) => node.depth === at.depth); return row[row.indexOf(at) + step]; };
    const visible = (node) => (this.shown.includes(node) ? node : null);
    const next = { ArrowDown: () => visible(at.kids[0]), ArrowUp: () => at.parent, ArrowLeft: () => beside(-1), ArrowRight: () => beside(1), Home: () => this.tree, End: () => this.shown.at(-1) }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " " || (event.key === "ArrowDown" && at.kids.length && !next())) this.zoom(at);
    else if (event.key === "Escape") this.zoom(this.focus.parent ?? this.tree);
    else if (next) this.move(next());
    else if (event.key.length === 1) this.move(this.spelt(event.key));
    else return;
    event.preventDefault();
  }

  /** The next frame whose name begins with a letter. */
  spelt(letter) {
    const from = this.shown.indexOf(this.at) + 1;
    return [...this.shown.slice(from), ...this.shown.slice(0, from)].find((node) => node.name.toLowerCase().startsWith(letter.toLowerCase()));
  }

  move(node) {
    if (!node || !this.shown.includes(node)) return;
    this.node.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    this.at = node;
    const frame = this.node.children[this.shown.indexOf(node)];
    frame.setAttribute("tabindex", "0");
    frame.focus();
  }
}
