/* Clocks in the page, put there before any script of JupyterLab runs. */
window.bench = (() => {
  const net = { down: 0, up: 0, messages: 0 };
  const sizeOf = data => (typeof data === 'string' ? data.length : (data.byteLength ?? data.size ?? 0));
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', event => {
        net.messages += 1;
        net.down += sizeOf(event.data);
      });
    }
    send(data) {
      net.up += sizeOf(data);
      super.send(data);
    }
  };

  const frame = () => new Promise(requestAnimationFrame);
  const ours = () => document.querySelector('.sciqlop-panel');
  const plotly = () => document.querySelector('.js-plotly-plot');
  const paths = () => [...document.querySelectorAll('.bqplot svg path.line')];
  const observe = (node, options, look) => {
    const observer = new MutationObserver(look);
    observer.observe(node, options);
    return () => observer.disconnect();
  };
  const bokehModels = () => (window.Bokeh?.documents ?? []).flatMap(each => [...each._all_models.values()]);
  const sources = () => bokehModels().filter(model => model.type === 'ColumnDataSource');
  const figure = () => bokehModels().find(model => model.type === 'Figure');

  /* For each peer: is the first picture there, is it complete, and who tells of new data. */
  const peers = {
    ours: {
      begun: () => ours() && Object.values(JSON.parse(ours().dataset.graphs || '{}')).some(graph => graph.n > 0),
      whole: () => ours().dataset.state === 'idle',
      watch(done) {
        const root = ours();
        const before = root.dataset.start;
        const look = () => root.dataset.start !== before && root.dataset.state === 'idle' && done();
        return observe(root, { attributes: true }, look);
      }
    },
    plotly: {
      begun: () => plotly()?.querySelector('.scatterlayer path.js-line')?.getAttribute('d'),
      whole: () => true,
      watch(done) {
        const plot = plotly();
        const before = plot.data[0].y;
        const look = () => plot.data[0].y !== before && done();
        plot.on('plotly_afterplot', look);
        return () => plot.removeListener('plotly_afterplot', look);
      }
    },
    bokeh: {
      begun: () => figure() && window.Bokeh.index.find_one(figure())?.has_finished(),
      whole: () => true,
      watch(done) {
        const changes = sources().map(source => source.properties.data.change);
        changes.forEach(change => change.connect(done));
        return () => changes.forEach(change => change.disconnect(done));
      }
    },
    bqplot: {
      begun: () => paths().some(path => (path.getAttribute('d') ?? '').length > 100),
      whole: () => true,
      watch(done) {
        const [path] = paths();
        return observe(path, { attributes: true, attributeFilter: ['d'] }, done);
      }
    }
  };

  let clock = null;
  let recording = null;
  let first = null;
  return {
    net,
    /* Start a clock at the next event of that type, stop it a frame after new data is drawn. */
    arm(peer, type) {
      clock = { began: null, took: null, down: 0, input: 0 };
      const mine = clock;
      const start = event => {
        mine.began = performance.now();
        mine.input = mine.began - event.timeStamp;
        mine.down = net.down;
        const stop = peers[peer].watch(() => {
          stop();
          requestAnimationFrame(() => {
            mine.took = performance.now() - mine.began;
            mine.down = net.down - mine.down;
          });
        });
      };
      window.addEventListener(type, start, { capture: true, once: true });
    },
    took: () => clock?.took ?? null,
    clock: () => [clock.took, clock.down, clock.input],
    /* Note when the first picture is there, and when it is complete: milliseconds since 1970. */
    async firstPaint(peer) {
      first = null;
      while (!peers[peer].begun()) {
        await frame();
      }
      const begun = Date.now();
      while (!peers[peer].whole()) {
        await frame();
      }
      await frame();
      first = { begun, whole: Date.now() };
    },
    first: () => first,
    /* Lengths of all frames until `frames` is asked for. */
    record() {
      const mine = { lengths: [], on: true };
      recording = mine;
      let last = performance.now();
      const tick = now => {
        mine.lengths.push(now - last);
        last = now;
        if (mine.on) {
          requestAnimationFrame(tick);
        }
      };
      requestAnimationFrame(now => {
        last = now;
        requestAnimationFrame(tick);
      });
    },
    frames() {
      recording.on = false;
      return recording.lengths;
    }
  };
})();
