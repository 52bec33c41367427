/**
 * An anywidget model whose kernel is the process that drives this page: it offers `kernel(message)`,
 * which answers with what the kernel's half of the panel says to that message.
 */

const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));

export class KernelModel {
  constructor(state) {
    this.handlers = new Map();
    this.state = state;
    this.sent = [];
  }

  get(name) {
    return structuredClone(this.state[name]);
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

  async send(content) {
    this.sent.push(content);
    const { spec, messages } = JSON.parse(await window.kernel(JSON.stringify(content)));
    if (JSON.stringify(spec) !== JSON.stringify(this.state.spec)) {
      this.state.spec = spec;
      this.emit('change:spec');
    }
    for (const { content: answer, buffers } of messages) {
      this.emit('msg:custom', answer, buffers.map(text => new DataView(bytes(text).buffer)));
    }
  }
}
