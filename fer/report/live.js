"use strict";
// A small network, run here: a picture that is dropped, chosen or drawn gets its
// probabilities and its map. A value is { size, channels, data }, rows first.

function value(size, channels) {
  return { size, channels, data: new Float32Array(size * size * channels) };
}

const ACTIVATIONS = {
  linear: (it) => it,
  relu: (it) => Math.max(it, 0),
  sigmoid: (it) => 1 / (1 + Math.exp(-it)),
};

const each = (x, make) => ({ ...x, data: x.data.map(make) });

// Calls visit(place of the output, of the input, of the kernel) for every window.
function windows(x, side, stride, same, visit) {
  const size = sizeAfter(x, side, stride, same);
  const before = same ? Math.max((size - 1) * stride + side - x.size, 0) >> 1 : 0;
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      for (let k = 0; k < side * side; k++) {
        const down = row * stride + Math.floor(k / side) - before;
        const across = column * stride + (k % side) - before;
        if (down < 0 || across < 0 || down >= x.size || across >= x.size) continue;
        visit(row * size + column, down * x.size + across, k);
      }
}

const sizeAfter = (x, side, stride, same) =>
  same ? Math.ceil(x.size / stride) : Math.floor((x.size - side) / stride) + 1;

function convolve(x, step, [kernel, bias], depthwise) {
  const [side, , deep, wide] = kernel.shape;
  const channels = depthwise ? deep : wide;
  const out = value(sizeAfter(x, side, step.stride, step.same), channels);
  const [felt, weights, sums] = [x.data, kernel.data, out.data];
  for (let i = 0; bias && i < sums.length; i++) sums[i] = bias.data[i % channels];
  windows(x, side, step.stride, step.same, (to, from, k) => {
    for (let c = 0; c < deep; c++) {
      const it = felt[from * deep + c];
      let row = k * deep + c;
      let at = to * channels;
      if (depthwise) sums[at + c] += it * weights[row];
      else if (it)
        for (row *= channels; at < (to + 1) * channels; at++, row++)
          sums[at] += it * weights[row];
    }
  });
  return each(out, ACTIVATIONS[step.activation]);
}

function pool(x, step, start, combine) {
  const out = value(Math.floor(x.size / step.stride), x.channels);
  out.data.fill(start);
  windows(x, step.stride, step.stride, false, (to, from) => {
    for (let c = 0; c < x.channels; c++) {
      const at = to * x.channels + c;
      out.data[at] = combine(out.data[at], x.data[from * x.channels + c]);
    }
  });
  return out;
}

const mean = (x, stride) => pool(x, { stride }, 0, (sum, it) => sum + it / stride ** 2);

function dense(x, step, [kernel, bias]) {
  const out = value(1, kernel.shape[1]);
  out.data.set(bias.data);
  x.data.forEach((felt, i) => {
    for (let d = 0; d < out.channels; d++)
      out.data[d] += felt * kernel.data[i * out.channels + d];
  });
  return each(out, ACTIVATIONS[step.activation]);
}

// Numbers of one place are for all places.
const other = (x, y, i) => y.data[y.size === x.size ? i : i % y.channels];

const OPERATIONS = {
  Rescaling: ([x], step) => each(x, (it) => it * step.scale + step.offset),
  ReLU: ([x]) => each(x, ACTIVATIONS.relu),
  Add: ([x, y]) => each(x, (it, i) => it + other(x, y, i)),
  Multiply: ([x, y]) => each(x, (it, i) => it * other(x, y, i)),
  BatchNormalization: ([x], step, [factor, more]) =>
    each(x, (it, i) => it * factor.data[i % x.channels] + more.data[i % x.channels]),
  MaxPooling2D: ([x], step) => pool(x, step, -Infinity, Math.max),
  AveragePooling2D: ([x], step) => mean(x, step.stride),
  GlobalAveragePooling2D: ([x]) => mean(x, x.size),
  Conv2D: ([x], step, weights) => convolve(x, step, weights, false),
  DepthwiseConv2D: ([x], step, weights) => convolve(x, step, weights, true),
  Dense: ([x], step, weights) => dense(x, step, weights),
};

// Gives each step its weights.
function readModel(told) {
  const bytes = Uint8Array.from(atob(told.weights), (it) => it.charCodeAt(0));
  let start = 0;
  for (const step of told.steps) {
    step.weights = step.w.map((shape) => {
      const count = shape.reduce((a, b) => a * b, 1);
      const data = new Float32Array(bytes.buffer, 4 * start, count);
      start += count;
      return { shape, data };
    });
  }
  return told;
}

// What each step makes of a face of 48 x 48 grey levels.
function run(model, pixels) {
  const values = [{ size: SIDE, channels: 1, data: Float32Array.from(pixels) }];
  model.steps.slice(1).forEach((step) => {
    const read = step.reads.map((it) => values[it]);
    values.push(OPERATIONS[step.op](read, step, step.weights));
  });
  return values;
}

function probabilities(values) {
  const sizes = [...values.at(-1).data].map(Math.exp);
  const sum = sizes.reduce((a, b) => a + b);
  return sizes.map((it) => it / sum);
}

// HiResCAM of the features that the last two layers, which are linear, weigh.
function hirescam(model, values, label) {
  const [by, last] = [model.steps.at(-2), model.steps.at(-1)];
  const { size, channels, data } = values[by.reads[0]];
  const [kernel, out] = [by.weights[0].data, last.weights[0]];
  const map = Array(size * size).fill(0);
  data.forEach((it, at) => {
    const weight = out.data[(at % channels) * out.shape[1] + label];
    map[Math.floor(at / channels)] += it * kernel[at] * weight;
  });
  return map.map((it) => Math.max(it, 0));
}

function live(place, told) {
  const model = readModel(told);
  const shown = (label, size, more) =>
    make("canvas", { width: size, height: size, role: "img", "aria-label": label, ...more });
  const face = shown("The face to name", SIDE, {
    ondragover: (it) => it.preventDefault(),
    ondrop: (it) => {
      it.preventDefault();
      if (it.dataTransfer.files.length) show(it.dataTransfer.files[0]);
    },
    onpointermove: (it) => {
      if (!it.buttons) return;
      const scale = SIDE / face.clientWidth;
      pen.fillStyle = "#222";
      pen.fillRect(it.offsetX * scale - 1, it.offsetY * scale - 1, 2, 2);
      name();
    },
  });
  const heat = shown("What speaks for the class", told.places);
  const list = make("ol", { "aria-live": "polite" });
  const pen = readable(face);
  const colors = told.colors.map(packed);

  function name() {
    const { data } = pen.getImageData(0, 0, SIDE, SIDE);
    const grey = (at) => 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
    const pixels = Array.from({ length: SIDE * SIDE }, (_, at) => Math.round(grey(4 * at)));
    const values = run(model, pixels);
    const each = probabilities(values);
    const order = [...each.keys()].sort((a, b) => each[b] - each[a]);
    const map = hirescam(model, values, order[0]);
    const top = Math.max(...map) || 1;
    const level = (at) => Math.round(((colors.length - 1) * map[at]) / top);
    paint(readable(heat), (at) => colors[level(at)], told.places);
    const line = (it) => make("li", {}, `${told.classes[it]} ${each[it].toFixed(2)}`);
    list.replaceChildren(...order.map(line));
  }

  function clear() {
    pen.fillStyle = "#b4b4b4";
    pen.fillRect(0, 0, SIDE, SIDE);
    name();
  }

  async function show(file) {
    const picture = await createImageBitmap(file).catch(() => null);
    if (!picture) return list.replaceChildren(make("li", {}, "This is no picture."));
    const { width, height } = picture;
    const side = Math.min(width, height);
    const from = [(width - side) / 2, (height - side) / 2, side, side];
    pen.drawImage(picture, ...from, 0, 0, SIDE, SIDE);
    name();
  }

  const pick = { type: "file", accept: "image/*", onchange: () => show(box.files[0]) };
  const box = make("input", pick);
  const again = make("button", { type: "button", onclick: clear }, "Clear");
  const controls = make("p", { class: "controls" }, make("label", {}, "Picture ", box), again);
  place.append(controls, make("div", { class: "live" }, face, heat, list));
  clear();
}
