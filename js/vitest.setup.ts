/** What jsdom lacks and @lumino/widgets asks for when it is imported. */
class DragEventShim extends MouseEvent {
  readonly dataTransfer = null;
}
if (!('DragEvent' in globalThis)) {
  Object.defineProperty(globalThis, 'DragEvent', { value: DragEventShim });
}
