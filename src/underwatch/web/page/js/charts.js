// Charts of the indicators by week: both worlds with their bands, one day line in all of them, and a table under each.
import { DAY, isoAfter, isoOfSeconds, secondsOf, ticks } from "./calendar.js";
import { foldedTable, make, table as tableOf } from "./element.js";
import { saveLine } from "./saving.js";
import { behind, date, number, ranged, say, translated } from "./words.js";

const TICK_PIXELS = 70;
const drawn = [];

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function faint(hex, alpha) {
  const value = parseInt(hex.slice(1), 16);
  return `rgba(${value >> 16},${(value >> 8) & 255},${value & 255},${alpha})`;
}

export function forget() {
  for (const one of [...drawn]) drop(one);
}

function drop(one) {
  drawn.splice(drawn.indexOf(one), 1);
  one.watcher.disconnect();
  one.plot.destroy();
}

export function worldStyle(at) {
  return { stroke: colour(at === 0 ? "--c0" : "--c1"), dash: at === 0 ? [] : [7, 4] };
}

// Draw one indicator; `pick(day)` is called when somebody clicks into it.
export function indicatorChart(chart, told, pick) {
  const start = secondsOf(told.start);
  const x = chart.week_starts.map((day) => start + day * DAY);
  const series = [{}], data = [x], bands = [];
  told.worlds.forEach((world, at) => {
    const one = chart.worlds[world], { stroke, dash } = worldStyle(at);
    if (one.low) {
      const edge = at === 0 ? { stroke: "transparent", width: 0 } : { stroke, width: 1, dash: [1, 3] };
      series.push({ ...edge, points: { show: false } }, { ...edge, points: { show: false } });
      data.push(one.high, one.low);
      if (at === 0) bands.push({ series: [series.length - 2, series.length - 1], fill: faint(stroke, 0.17) });
      series.push({ stroke, width: 2.4, dash, points: { show: false } });
      data.push(one.median);
    }
    series.push({ stroke, width: one.low ? 1 : 2, dash, points: { show: false } });
    data.push(one.history);
  });
  const readout = make("p", { class: "readout" });
  const title = translated(`headline.${chart.name}`, chart.title);
  const unit = translated(`headline.${chart.name}.unit`, chart.unit);
  const where = make("div", { class: "plot", role: "img", "aria-label": say("chart.label", { title, unit }) });
  const figure = make("figure", { class: "card" }, make("h3", { text: title }), readout, where,
    make("figcaption", { text: `${unit}. ${say("chart.rights", { rights: articles(chart.articles) })}` }), saveLine(title, `w-${chart.name}`),
    foldedTable(say("table.open"), say("table.label", { title }), () => weekTable(chart, told, title)));
  let shown = -1;
  const show = (day) => {
    const week = Math.min(chart.week_starts.length - 1, Math.floor((day - 1) / 7));
    if (week === shown) return;
    shown = week;
    readout.replaceChildren(...told.worlds.map((world, at) => {
      const one = chart.worlds[world];
      const range = one.low ? ranged(one.low[week], one.high[week], chart.share) : "";
      return make("span", { class: `w${at}` }, make("span", { class: "swatch", "aria-hidden": "true" }),
        make("b", { text: number((one.median ?? one.history)[week], chart.share) }), range ? ` (${range}${behind(one.n[week], told)})` : "");
    }));
  };
  const axisNumber = (value) => (chart.share ? `${Number((100 * value).toPrecision(3))} %` : String(value));
  mount(where, { data, series, bands, axisNumber, start, pick, show, chart });
  return figure;
}

function articles(list) {
  return list.map((one) => say(`article.${one}`)).join(", ");
}

// Put a uPlot into its place once the place has a width, and keep it as wide.
export function mount(where, { data, series, bands = [], axisNumber, start, pick, show, height = 168, scales = {}, xAxis = null }) {
  const ink = colour("--soft"), line = colour("--grid");
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: '12px "Underwatch Korean", system-ui, sans-serif' };
  // Ticks and their texts are ours: uPlot counts days in the browser's time zone
  const splits = (plot, axis, from, to) => ticks(from, to, plot.width / TICK_PIXELS);
  const dates = (plot, found) => found.map((at) => tickText(isoOfSeconds(at), found));
  const options = {
    width: 300, height, series, bands, legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false }, y: { range: (plot, low, high) => [0, high > 0 ? high * 1.06 : 1] }, ...scales },
    axes: [
      { ...axis, grid: { show: false }, size: 28, splits, values: dates, ...xAxis },
      { ...axis, size: 52, space: 34, values: (plot, splits) => splits.map(axisNumber) },
    ],
    padding: [8, 16, 0, 0],
  };
  const marker = make("div", { class: "day-line" });
  for (const old of drawn.filter((each) => each.seen && !each.plot.root.isConnected)) drop(old);
  const plot = new uPlot(options, data, where);
  if (start !== null) plot.over.append(marker);
  const one = { plot, start, marker, show, watcher: new ResizeObserver(() => {
    const width = where.clientWidth;
    one.seen = true;
    if (width > 40 && width !== plot.width) plot.setSize({ width, height });
    one.fitted?.();
    place(one);
  }) };
  one.watcher.observe(where);
  drawn.push(one);
  if (pick) plot.over.addEventListener("click", (event) => {
    const box = plot.over.getBoundingClientRect();
    pick(Math.floor((plot.posToVal(event.clientX - box.left, "x") - start) / DAY) + 1);
  });
  return one;
}

// A day without its year, unless ticks are a year apart.
function tickText(iso, found) {
  const text = date(iso, "short");
  return found.length > 1 && found[1] - found[0] > 360 * DAY ? text : text.replace(/ \d{4}$|^\d{4}년 /, "");
}

let today = 1;

function place(one) {
  if (one.start === null) return;
  const left = one.plot.valToPos(one.start + (today - 1) * DAY, "x");
  one.marker.style.transform = `translateX(${left}px)`;
  one.marker.style.visibility = left < 0 || left > one.plot.bbox.width / devicePixelRatio ? "hidden" : "visible";
}

// Move the day line of all charts, and tell each chart's values of that week.
export function setDay(day) {
  today = day;
  for (const one of drawn) {
    place(one);
    one.show?.(day);
  }
}

function weekTable(chart, told, title) {
  const header = [say("chart.week")];
  for (const world of told.worlds) {
    header.push(say("chart.history", { world: say(`world.${world}`) }));
    if (chart.worlds[world].low) header.push(say("chart.median"), say("chart.low"), say("chart.high"), say("chart.n"));
  }
  const rows = chart.week_starts.map((day, week) => {
    const cells = [isoAfter(told.start, day)];
    for (const world of told.worlds) {
      const one = chart.worlds[world];
      cells.push(number(one.history[week], chart.share));
      if (one.low) cells.push(...[one.median, one.low, one.high].map((list) => number(list[week], chart.share)), String(one.n[week]));
    }
    return cells;
  });
  return tableOf(header, rows, title);
}
