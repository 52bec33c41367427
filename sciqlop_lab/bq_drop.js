/**
 * Drop zone of a bqplot panel: a bqplot figure takes no drop itself, so the listeners stand on the
 * box around the figures. Below them it shows what the kernel has to say, as text.
 */
const MIME = 'application/vnd.sciqlop.product+json';
const BOX = 'sciqlop-bq';
const PLOT = /(?:^|\s)sciqlop-bq-plot-(\S+)/;

function plotUnder(target, y) {
  const figure = target instanceof Element ? target.closest('[class*="sciqlop-bq-plot-"]') : null;
  if (!figure) {
    return { plot: null, side: 'below' };
  }
  const box = figure.getBoundingClientRect();
  const place = (y - box.top) / Math.max(1, box.height);
  const side = place < 0.15 ? 'above' : place > 0.85 ? 'below' : 'on';
  return { plot: PLOT.exec(figure.getAttribute('class'))[1], side };
}

function listen(box, model) {
  const send = (payload, event) =>
    model.send({ type: 'drop', payload, ...plotUnder(event.target, event.clientY ?? 0) });
  const mark = on => box.classList.toggle('sciqlop-bq-over', on);
  const outside = event => !(event.relatedTarget instanceof Node && box.contains(event.relatedTarget));

  const lumino = event => {
    if (!event.mimeData?.hasData(MIME)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (event.type !== 'lm-dragleave') {
      event.dropAction = event.proposedAction === 'none' ? 'copy' : event.proposedAction || 'copy';
    }
    mark(event.type === 'lm-dragleave' ? !outside(event) : event.type !== 'lm-drop');
    if (event.type === 'lm-drop') {
      send(event.mimeData.getData(MIME), event);
    }
  };
  const html5 = event => {
    if (!event.dataTransfer || !Array.from(event.dataTransfer.types).includes(MIME)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    mark(event.type === 'dragleave' ? !outside(event) : event.type !== 'drop');
    if (event.type === 'drop') {
      send(event.dataTransfer.getData(MIME), event);
    }
  };
  const add = event => {
    event.stopPropagation();
    send(event.detail, { target: null });
  };
  const handlers = [
    ...['lm-dragenter', 'lm-dragover', 'lm-dragleave', 'lm-drop'].map(type => [type, lumino]),
    ...['dragenter', 'dragover', 'dragleave', 'drop'].map(type => [type, html5]),
    ['sciqlop:add-product', add]
  ];
  handlers.forEach(([type, handler]) => box.addEventListener(type, handler));
  return () => handlers.forEach(([type, handler]) => box.removeEventListener(type, handler));
}

function render({ model, el }) {
  const list = document.createElement('div');
  list.className = 'sciqlop-bq-messages';
  list.setAttribute('role', 'status');
  el.appendChild(list);

  const show = () => {
    const items = model.get('messages').map(({ level, text }) => {
      const line = document.createElement('pre');
      line.className = `sciqlop-bq-${level === 'error' ? 'error' : 'info'}`;
      line.textContent = text;
      return line;
    });
    list.replaceChildren(...items);
  };
  model.on('change:messages', show);
  show();

  // the box is put around this element after it was rendered
  let forget = null;
  let frame = 0;
  const find = () => {
    const box = el.closest(`.${BOX}`);
    if (box) {
      forget = listen(box, model);
    } else {
      frame = requestAnimationFrame(find);
    }
  };
  find();
  return () => {
    cancelAnimationFrame(frame);
    forget?.();
    model.off('change:messages', show);
  };
}

export default { render };
