/** An anywidget model whose kernel is this file: synthetic answers in the panel's protocol. */

const V = 3;

/** Deterministic noise in [-1, 1). */
const noise = k => {
  const s = Math.sin(k * 12.9898 + 4.1414) * 43758.5453;
  return 2 * (s - Math.floor(s)) - 1;
};

export class FakeModel {
  constructor(products, { start, stop, delay }) {
    this.handlers = new Map();
    this.sent = [];
    this.delay = delay;
    this.mute = false;
    this.past = [];
    this.next = 1;
    this.spec = { version: 1, title: '', time_range: { start, stop }, plots: products.map(p => this.plot(p)) };
  }

  plot(product) {
    const n = this.next++;
    return {
      id: `p${n}`,
      height: 1,
      y: { label: null, log: null, range: null },
      z: { label: null, log: null, range: null, colormap: 'viridis' },
      graphs: product.split('+').map((name, i) => ({
        id: `g${n}-${i}`, product: `fake/${name}`, kind: 'auto', label: null, colors: null, hidden: []
      }))
    };
  }

  get(name) {
    return structuredClone(this[name]);
  }

  on(event, callback) {
    this.handlers.set(event, [...(this.handlers.get(event) ?? []), callback]);
  }

  off(event, callback) {
    this.handlers.set(event, (this.handlers.get(event) ?? []).filter(h => h !== callback));
  }

  emit(event, ...args) {
    (this.handlers.get(event) ?? []).forEach(h => h(...args));
  }

  send(content) {
    this.sent.push(content);
    if (!this.mute) {
      setTimeout(() => this.answer(content), this.delay);
    }
  }

  reply(content, buffers = []) {
    // As in a real widget: views into one block, at offsets that no typed array accepts.
    const views = buffers.map(b => {
      const block = new Uint8Array(b.byteLength + 3);
      block.set(new Uint8Array(b.buffer, b.byteOffset, b.byteLength), 3);
      return new DataView(block.buffer, 3, b.byteLength);
    });
    this.emit('msg:custom', { v: V, ...content }, views);
  }

  answer(message) {
    if (message.type === 'hello') {
      this.reply({ type: 'welcome', view: message.view, version: '0.0.0' });
    } else if (message.type === 'command') {
      this.edit(message);
    } else if (message.type === 'ask') {
      this.find(message);
    } else if (message.type === 'view') {
      this.tiles(message);
    }
  }

  /** As many hits as the query has letters, with names that are markup. */
  find({ view, id, what, args }) {
    const hit = (_, i) => ({
      id: `fake/${['vector', 'spectrogram', 'density'][i % 3]}`, name: `<b>${args.query}</b> ${i}`, unit: 'nT', kind: 'vector',
      title: '<img src=x onerror=alert(1)>', path: ['fake', 'A mission', 'An instrument', 'DATASET_H0', 'x']
    });
    const hits = Array.from({ length: args.query.length }, hit);
    const known = what === 'search' && args.query !== 'nothing';
    const error = args.query.startsWith('bad:') ? { message: 'There is no field bad', hint: 'provider, type' } : undefined;
    this.reply({ type: 'answer', view, id, value: { hits: known ? hits : [], more: false }, error });
  }

  edit({ id, command }) {
    if (command.op === 'undo') {
      this.spec = this.past.pop() ?? this.spec;
      return this.emit('change:spec');
    }
    const spec = structuredClone(this.spec);
    const commands = command.op === 'several' ? command.commands : [command];
    if (commands.some(one => this.change(spec, id, one) === false)) {
      return undefined;
    }
    this.past.push(this.spec);
    this.spec = spec;
    return this.emit('change:spec');
  }

  /** Change `spec`; false when the command is refused. */
  change(spec, id, command) {
    const plot = spec.plots.find(p => p.id === command.plot);
    if (command.op === 'add_product') {
      if (!command.product.startsWith('fake/')) {
        this.reply({ type: 'refused', id, message: `Unknown product ${command.product}`, hint: 'try fake/vector' });
        return false;
      }
      const made = this.plot(command.product.slice(5));
      if (plot) {
        plot.graphs.push(...made.graphs);
      } else {
        spec.plots.splice(command.index ?? spec.plots.length, 0, made);
      }
    } else if (command.op === 'remove_plot') {
      spec.plots = spec.plots.filter(p => p !== plot);
    } else if (command.op === 'set_time_range') {
      spec.time_range = { start: command.start, stop: command.stop };
    } else if (command.op === 'set_axis') {
      const change = Object.entries(command).filter(([key]) => !['op', 'plot', 'axis'].includes(key));
      Object.assign(plot[command.axis], Object.fromEntries(change));
    } else if (command.op === 'set_hidden') {
      plot.graphs.find(g => g.id === command.graph).hidden = command.hidden;
    } else if (command.op === 'set_heights') {
      spec.plots.forEach(p => Object.assign(p, { height: command.heights[p.id] ?? p.height }));
    } else if (command.op === 'move_plot') {
      spec.plots.splice(command.index, 0, ...spec.plots.splice(spec.plots.indexOf(plot), 1));
    }
    return true;
  }

  tiles(request) {
    const base = { type: 'tiles', view: request.view, gen: request.gen, start: request.start, stop: request.stop };
    const graphs = this.spec.plots.flatMap(p => p.graphs.map(g => ({ plot: p.id, graph: g.id, name: g.product.slice(5) })));
    const slow = graphs.filter(g => g.name === 'slow');
    const send = (list, pending) => {
      const buffers = [];
      const items = list.map(({ plot, graph, name }) => ({ plot, graph, ...item(name, request, buffers) }));
      this.reply({ ...base, items, pending: pending.map(g => g.graph) }, buffers);
    };
    send(graphs.filter(g => g.name !== 'slow'), slow);
    if (slow.length > 0) {
      setTimeout(() => send(slow, []), 1500);
    }
  }
}

function item(name, request, buffers) {
  const start = BigInt(request.start);
  const span = Number(BigInt(request.stop) - start) / 1e9;
  const common = { label: name, gaps: [], notes: [], t0: request.start, unit: '', log: false };
  const gaps = (from, to) => [
    {
      start: (start + BigInt(Math.round(span * from * 1e9))).toString(),
      stop: (start + BigInt(Math.round(span * to * 1e9))).toString(),
      reason: 'the server answered 503 Service Unavailable',
      retryable: true
    }
  ];
  switch (name) {
    case 'error':
      return { status: 'error', label: name, error: {
        type: 'ZeroDivisionError', message: 'division by zero in b_over_n(start, stop)', hint: 'look at line 3 of the function',
        traceback: 'Traceback (most recent call last):\n  Cell In[4], line 3, in b_over_n\n    return b / 0\nZeroDivisionError: division by zero' } };
    case 'empty':
      return { status: 'empty', label: name, message: 'the product covers 2015-09-01 to 2018-12-31', gaps: [] };
    case 'spectrogram':
      return { ...common, ...image(start, span, request.width, buffers), notes: ['synthetic data'] };
    case 'density':
      return { ...common, ...m4(start, span, request.width, 1, buffers), label: 'Ion density', unit: 'cm^-3', columns: ['n'], log: true, gaps: gaps(0.6, 0.66) };
    case 'sparse':
      return { ...common, ...raw(start, span, buffers), label: 'mms1_dis_numberdensity_fast_with_a_long_name', unit: 'cm^-3', columns: ['n'] };
    default:
      return { ...common, ...m4(start, span, request.width, 4, buffers), label: 'B GSE', unit: 'nT', columns: ['Bx', 'By', 'Bz', '|B|'], notes: ['synthetic data'] };
  }
}

/** A field that has structure at every scale, as a function of absolute seconds. */
function field(component, t) {
  const slow = Math.sin(t / 4000 + component * 2) * 20;
  const wave = Math.sin(t / 37 + component) * 4 + Math.sin(t * 0.9 + component) * 1.5;
  const jump = Math.tanh(Math.sin(t / 9000) * 8) * (component === 2 ? 25 : 5);
  return slow + wave + jump;
}

function m4(start, span, width, k, buffers) {
  const n = Math.min(width, 1200);
  const dt = span / n;
  const origin = Number(start / 1_000_000n) / 1000 - 1.5e9;
  const t = Float64Array.from({ length: n }, (_, i) => i * dt);
  const y = new Float32Array(4 * k * n);
  for (let c = 0; c < k; c++) {
    for (let i = 0; i < n; i++) {
      const base = c * 4 * n;
      const at = origin + i * dt;
      const spread = Math.min(dt / 20, 1) * 3;
      const value = q => {
        const b = [0, 1, 2].map(j => field(j, at + q * dt));
        const v = k === 1 ? 5 + 200 * Math.exp(b[2] / 9) / 60 : c === 3 ? Math.hypot(...b) : b[c];
        return v;
      };
      const [first, last] = [value(0), value(1)];
      const wobble = k === 1 ? first * 0.1 * spread : spread;
      y[base + i] = first + wobble * noise(i + c);
      y[base + 3 * n + i] = last + wobble * noise(i + c + 9);
      y[base + n + i] = Math.min(y[base + i], y[base + 3 * n + i]) - wobble * Math.abs(noise(i * 3 + c));
      y[base + 2 * n + i] = Math.max(y[base + i], y[base + 3 * n + i]) + wobble * Math.abs(noise(i * 5 + c));
      if (i > 0.6 * n && i < 0.66 * n && k === 1) {
        for (let part = 0; part < 4; part++) {
          y[base + part * n + i] = NaN;
        }
      }
    }
  }
  buffers.push(t, y);
  return { status: 'ok', kind: 'line', mode: 'm4', n, dt, t: buffers.length - 2, y: buffers.length - 1 };
}

function raw(start, span, buffers) {
  const n = 40;
  const t = Float64Array.from({ length: n }, (_, i) => ((i + 0.5) * span) / n);
  const y = Float32Array.from({ length: n }, (_, i) => (i === 10 || i === 12 ? NaN : 3 + noise(i)));
  buffers.push(t, y);
  return { status: 'ok', kind: 'line', mode: 'raw', n, t: buffers.length - 2, y: buffers.length - 1 };
}

function image(start, span, width, buffers) {
  const n = Math.min(width, 600);
  const m = 32;
  const dt = span / n;
  const x0 = Float64Array.from({ length: n }, (_, i) => i * dt);
  const x1 = x0.map(v => v + dt);
  const y = new Float32Array(n * m);
  const z = new Float32Array(n * m);
  const origin = Number(start / 1_000_000n) / 1000 - 1.5e9;
  for (let i = 0; i < n; i++) {
    const table = i > n / 2 ? 1.6 : 1;
    const peak = 5 + 1.5 * Math.sin((origin + i * dt) / 3000);
    const gap = i > 0.3 * n && i < 0.34 * n;
    for (let j = 0; j < m; j++) {
      y[i * m + j] = 10 * table * Math.pow(3000, j / (m - 1));
      const energy = Math.log(y[i * m + j]);
      z[i * m + j] = gap ? NaN : 1e3 + 1e7 * Math.exp(-((energy - peak) ** 2)) * (1 + 0.5 * noise(i * m + j));
    }
  }
  buffers.push(x0, x1, y, z);
  const b = buffers.length;
  return {
    status: 'ok', kind: 'image', n, m, label: 'Ion energy flux', unit: 'keV/(cm^2 s sr keV)', log: true,
    y_label: 'Energy', y_unit: 'eV', y_log: true, y_varying: true, x0: b - 4, x1: b - 3, y: b - 2, z: b - 1
  };
}
