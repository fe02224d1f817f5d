// Puts the page together.
"use strict";

function trouble(words) {
  const place = byId("trouble");
  place.textContent = words;
  place.hidden = false;
}

async function start() {
  themes();
  if (!("DecompressionStream" in globalThis)) {
    trouble("This browser is too old to unpack the data of this page (it has no DecompressionStream). The same figures are in results.md and results.csv.");
    return;
  }
  await load();
  showWhen();
  showFindings();
  showClock();
  showTable();
  exploreDefaults();
  showExplore();
  showStructure();
  addEventListener("beforeprint", () => {
    byId("glossary").open = true;
    drawAll();
  });
  const explain = () => {
    if (!location.hash.startsWith("#metric-")) return;
    byId("glossary").open = true;
    byId(location.hash.slice(1))?.scrollIntoView();
  };
  addEventListener("hashchange", explain);
  // What is drawn on the way would push the place that one goes to further down.
  addEventListener("click", (event) => { if (event.target.closest?.('a[href^="#"]')) drawAll(); });
  explain();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
  // The rest is unpacked once one can read; it is drawn when it comes into view, or at once for paper.
  await new Promise((resolve) => setTimeout(resolve));
  await Promise.all([showLatency(), showCourse(), showStacks()]);
  document.documentElement.dataset.filled = "";
}

start().catch((error) => {
  trouble(`The page could not be drawn: ${error.message}`);
  throw error;
});
