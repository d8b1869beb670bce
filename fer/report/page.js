"use strict";
// What the reader moves: the faces behind the confusion matrix, the threshold of their
// masks, layers of filters, values of curves, the order of tables. Numbers and pictures
// are in the page; without this script all but the faces of the matrix can be read.

const SIDE = 48;
const GAP = 6; // between the pictures of a face
const PAGE = 9; // faces shown at a time
const byId = (id) => document.getElementById(id);
const data = (id) => byId(id) && JSON.parse(byId(id).textContent);

// An element with attributes, listeners (onclick: ...) and children.
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

function select(label, options, change) {
  const box = make("select", { onchange: () => change(box.value) });
  box.append(...options.map((text) => make("option", { value: text }, text)));
  return [make("label", {}, label + " ", box), box];
}

// ---- The state of the view, which the address keeps.

const choices = {}; // What each part of the state may be.
const state = {};
const redraw = []; // What to do when the state has changed.

function allow(key, values, first) {
  choices[key] = values.map(String);
  state[key] = String(first);
}

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const [key, allowed] of Object.entries(choices)) {
    if (allowed.includes(given.get(key))) state[key] = given.get(key);
  }
  return [...given.keys()].some((key) => key in choices);
}

function change(more) {
  Object.assign(state, more);
  history.replaceState(null, "", "#" + new URLSearchParams(state));
  redraw.forEach((draw) => draw(more));
}

// ---- The faces of a cell of the confusion matrix.

const sheets = new Map();

// The context of a canvas whose pixels are computed here, not by a graphics card.
const readable = (canvas) => canvas.getContext("2d", { willReadFrequently: true });

// The pixels of the picture that `uri` holds, four numbers each, and how wide it is.
async function pixelsOf(uri) {
  if (!sheets.has(uri)) {
    const image = new Image();
    image.src = uri;
    await new Promise((loaded) => (image.onload = loaded)); // decode() decodes it twice
    const { naturalWidth: width, naturalHeight: height } = image;
    const context = readable(make("canvas", { width, height }));
    context.drawImage(image, 0, 0);
    sheets.set(uri, context.getImageData(0, 0, width, height));
  }
  return sheets.get(uri);
}

// One channel of picture `number` of a sheet.
function tile(sheet, number) {
  const columns = sheet.width / SIDE;
  const left = (number % columns) * SIDE;
  const top = Math.floor(number / columns) * SIDE;
  const values = new Uint8Array(SIDE * SIDE);
  for (let row = 0, place = 0; row < SIDE; row++) {
    let at = 4 * ((top + row) * sheet.width + left);
    for (const end = place + SIDE; place < end; at += 4) values[place++] = sheet.data[at];
  }
  return values;
}

// A colour as a canvas keeps it: its lowest byte is red, its highest says that it is opaque.
const packed = ([red, green, blue]) => red | (green << 8) | (blue << 16) | (255 << 24);
const GREYS = Array.from({ length: 256 }, (_, level) => packed(Array(3).fill(level)));

// Draws a square picture whose pixel `place` has the packed colour of color(place).
function paint(context, color, side = SIDE, left = 0) {
  const image = context.createImageData(side, side);
  const pixels = new Int32Array(image.data.buffer);
  for (let place = 0; place < pixels.length; place++) pixels[place] = color(place);
  context.putImageData(image, left, 0);
}

function viewer(place, about) {
  const cells = [...document.querySelectorAll("td[data-cell]")];
  let shown = PAGE;
  let drawing = 0; // A later drawing overtakes one that still decodes pictures.
  let cards = [];
  let whole = true; // Whether more than the masks is to be drawn.
  const colors = about.colors.map(packed);
  const gone = packed(about.masked);

  const name = (number) => about.classes[number];
  const key = () => [state.true, state.predicted].map((it) => about.classes.indexOf(it));
  const [first, second] = about.start;
  allow("true", about.classes, name(first));
  allow("predicted", about.classes, name(second));
  allow("map", about.maps, about.maps[0]);
  allow("beside", about.maps, about.maps[1] ?? about.maps[0]);
  allow("threshold", about.thresholds, about.threshold);

  const boxes = {};
  const labels = ["true", "predicted", "map", "beside"].map((part) => {
    const [label, box] = select(about.labels[part], choices[part], (value) =>
      change({ [part]: value })
    );
    boxes[part] = box;
    return label;
  });
  const slider = make("input", {
    ...{ type: "range", min: 0, max: about.thresholds.length - 1, id: "threshold" },
    oninput: () => change({ threshold: choices.threshold[slider.value] }),
  });
  const told = make("output", { for: "threshold" });
  const threshold = make("label", {}, "Threshold of the mask ", slider, told);
  const summary = make("p", { "aria-live": "polite", id: "summary" });
  const warning = make("p", { class: "warning" });
  const list = make("ol", { class: "faces" });
  const more = make("button", {
    ...{ type: "button" },
    onclick: () => {
      shown += PAGE;
      open();
    },
  });
  place.append(make("form", { class: "controls" }, ...labels, threshold), summary, warning);
  place.append(list, more);
  place.querySelector("form").addEventListener("submit", (it) => it.preventDefault());

  for (const cell of cells) {
    const [true_, predicted] = cell.dataset.cell.split("-").map(name);
    const press = () => change({ true: true_, predicted });
    const button = make("button", { type: "button", onclick: press });
    const count = cell.querySelector("small").textContent;
    const label = `${true_}, predicted ${predicted}: ${count} faces`;
    button.setAttribute("aria-label", label);
    button.append(...cell.childNodes);
    cell.append(button);
  }

  const top = (pairs) => pairs.map(([it, p]) => `${name(it)} ${p.toFixed(2)}`).join(", ");

  // An empty card of face `number` of a cell.
  function card(cell, number) {
    const row = `Row ${cell.rows[number]}`;
    const mapped = number < cell.maps[0].classes.length;
    const what = mapped ? ", its map, what the mask keeps, the map beside it" : "";
    // One canvas a face: four would take a browser far longer.
    const canvas = make("canvas", {
      ...{ width: 4 * SIDE + 3 * GAP, height: SIDE },
      ...{ role: "img", "aria-label": `${row}: the face${what}` },
    });
    const lines = about.networks.map((it) =>
      make("p", {}, make("b", {}, it), ` ${top(cell.top[it][number])}`)
    );
    const kept = make("p", { class: "kept" });
    const head = make("h4", {}, `${row}, label ${state.true}`);
    const element = make("li", {}, head, canvas, ...lines, kept);
    return { number, mapped, context: readable(canvas), kept, element };
  }

  // Draws the mask of a card, its face and maps where they are new, and tells what is left.
  function fill(card, map, ...sheets) {
    const [face, ...shades] = sheets.map((it) => tile(it, card.number));
    const draw = (column, color) => paint(card.context, color, SIDE, column * (SIDE + GAP));
    if (whole) draw(0, (it) => GREYS[face[it]]);
    if (!card.mapped) return;
    const [level, other] = shades.map((it) => it.map((shade) => Math.round(shade / about.shade)));
    if (whole) {
      draw(1, (it) => colors[level[it]]);
      draw(3, (it) => colors[other[it]]);
    }
    const step = about.thresholds.indexOf(Number(state.threshold));
    const kept = level.filter((it) => it > step).length / level.length;
    draw(2, (it) => (level[it] > step ? GREYS[face[it]] : gone));
    card.kept.textContent =
      `The mask keeps ${(100 * kept).toFixed(1)}% of the pixels; ${map.network}'s ` +
      `probability of ${name(map.classes[card.number])} is then ` +
      `${map.left[card.number][step].toFixed(2)} instead of ` +
      `${map.whole[card.number].toFixed(2)}.`;
  }

  async function draw() {
    const turn = ++drawing;
    for (const part in boxes) boxes[part].value = state[part];
    slider.value = choices.threshold.indexOf(state.threshold);
    slider.setAttribute("aria-valuetext", state.threshold);
    told.value = state.threshold;
    const cell = data(`cell-${key().join("-")}`);
    if (!cell) return;
    const chosen = [state.map, state.beside].map((it) => about.maps.indexOf(it));
    const [map, beside] = chosen.map((it) => cell.maps[it]);
    const uris = [cell.faces, map.levels, beside.levels];
    const pictures = await Promise.all(uris.map(pixelsOf));
    if (turn !== drawing) return;
    warning.textContent = chosen.some((it) => about.weak[it]) ? about.warning : "";
    for (const each of cards) fill(each, map, ...pictures);
    whole = false;
    place.dataset.drawn = location.hash;
  }

  // Lists the faces of the chosen cell.
  function open() {
    const [true_, predicted] = key();
    const cell = data(`cell-${true_}-${predicted}`);
    const count = about.counts[true_][predicted];
    const rows = cell ? cell.rows.length : 0;
    const number = Math.min(shown, rows);
    summary.textContent =
      `${count} faces of ${state.true} that ${about.networks[0]} names ` +
      `${state.predicted}` +
      (number ? `; ${number} shown, the least probable label first.` : ".");
    cards = Array.from({ length: number }, (_, it) => card(cell, it));
    list.replaceChildren(...cards.map((it) => it.element));
    whole = true;
    more.hidden = number >= rows;
    more.textContent = `Show ${Math.min(PAGE, rows - number)} more faces`;
    for (const each of cells) {
      const pressed = each.dataset.cell === `${true_}-${predicted}`;
      each.firstElementChild.setAttribute("aria-pressed", pressed);
    }
    draw();
  }

  redraw.push((changed) => {
    if ("true" in changed || "predicted" in changed) {
      shown = PAGE;
      open();
    } else {
      whole ||= !("threshold" in changed);
      draw();
    }
  });
  return open;
}

// ---- Filters: one layer at a time.

function layers(parts) {
  const names = parts.map((it) => it.dataset.layer);
  allow("layer", names, names[0]);
  const [label, box] = select("Layer", names, (value) => change({ layer: value }));
  parts[0].before(make("p", { class: "controls" }, label));
  const show = () => {
    box.value = state.layer;
    for (const part of parts) part.classList.toggle("away", part.dataset.layer !== state.layer);
  };
  redraw.push(show);
  return show;
}

// ---- Curves tell their values under the pointer, and by keys.

function curve(figure) {
  const { left, right, width, series } = JSON.parse(figure.dataset.chart);
  const svg = figure.querySelector("svg");
  const marker = figure.querySelector(".marker");
  const epochs = Math.max(...Object.values(series).map((line) => line.length));
  const told = make("output");
  const slider = make("input", { type: "range", min: 1, max: epochs, value: epochs });
  const tell = (epoch) => {
    slider.value = epoch;
    const place = left + ((right - left) * (epoch - 1)) / Math.max(epochs - 1, 1);
    marker.setAttribute("x1", place);
    marker.setAttribute("x2", place);
    const values = Object.entries(series)
      .filter(([, line]) => epoch <= line.length)
      .map(([name, line]) => `${name} ${line[epoch - 1].toFixed(4)}`);
    told.value = `Epoch ${epoch}: ${values.join(", ")}`;
  };
  slider.addEventListener("input", () => tell(Number(slider.value)));
  svg.addEventListener("pointermove", (move) => {
    const box = svg.getBoundingClientRect();
    const place = ((move.clientX - box.left) / box.width) * width;
    const epoch = Math.round(1 + ((place - left) / (right - left)) * (epochs - 1));
    tell(Math.min(Math.max(epoch, 1), epochs));
  });
  const label = make("label", {}, "Epoch ", slider);
  figure.append(make("p", { class: "controls" }, label, told));
  tell(epochs);
}

// ---- Tables: a press on a column's head sorts by it, another turns the order round.

function sortable(table) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const key = (row, column) => row.cells[column].textContent.trim();
  const number = (text) => parseFloat(text.replace(/[,%]/g, ""));
  heads.forEach((head, column) => {
    const press = () => {
      const falling = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((it) => it.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      const compare = (one, other) => {
        const [a, b] = [key(one, column), key(other, column)];
        const by = number(a) - number(b);
        return (Number.isNaN(by) ? a.localeCompare(b, "en") : by) * (falling ? -1 : 1);
      };
      body.append(...[...body.rows].sort(compare));
    };
    const button = make("button", { type: "button", onclick: press });
    button.append(...head.childNodes);
    head.append(button);
  });
}

// ---- Begin.

const about = data("about");
const place = byId("viewer");
const parts = [...document.querySelectorAll("[data-layer]")];
const starts = [];
if (about && place) starts.push(viewer(place, about));
if (parts.length > 1) starts.push(layers(parts));
const sent = readAddress();
starts.forEach((start) => start());
if (byId("live")) live(byId("live"), data("model"));
document.querySelectorAll("[data-chart]").forEach(curve);
document.querySelectorAll("table.sortable").forEach(sortable);
if (sent && place) place.scrollIntoView();
window.addEventListener("hashchange", () => readAddress() && starts.forEach((it) => it()));
