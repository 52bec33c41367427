/** Code for products into code cells: at the cursor, or where the mouse drops it. */

import type { INotebookTracker } from '@jupyterlab/notebook';
import type { Drag } from '@lumino/dragdrop';

import { MIME_PRODUCT, MIME_TEXT } from '../mime';
import { placeCode } from './placement';

type Cell = NonNullable<INotebookTracker['activeCell']>;

/** Put code on lines of its own beside an offset of a cell, and the cursor behind it. */
function insertAt(cell: Cell, offset: number, code: string): void {
  const model = cell.model.sharedModel;
  const { at, insert } = placeCode(model.getSource(), offset, code);
  model.updateSource(at, at, insert);
  const position = cell.editor?.getPositionAt(at + insert.length);
  if (cell.editor && position) {
    cell.editor.setCursorPosition(position);
    cell.editor.focus();
  }
}

/** Put code where the cursor is in the focused notebook; false when there is no such place. */
export function insertCode(notebooks: INotebookTracker | null, code: string): boolean {
  const cell = notebooks?.activeCell;
  if (!cell || cell.model.type !== 'code' || cell.readOnly) {
    return false;
  }
  const { editor } = cell;
  const end = cell.model.sharedModel.getSource().length;
  insertAt(cell, editor ? editor.getOffsetAt(editor.getCursorPosition()) : end, code);
  return true;
}

/** The cell of any notebook that holds an element. */
function cellOf(notebooks: INotebookTracker, target: Node): Cell | undefined {
  return notebooks
    .find(panel => panel.node.contains(target))
    ?.content.widgets.find(cell => cell.node.contains(target));
}

/**
 * Drop products on code cells as whole lines.
 *
 * The editor itself inserts a dropped text at the very character under the mouse, which breaks
 * the line that is there.
 */
export function takeDropsOnCells(notebooks: INotebookTracker, root: EventTarget): void {
  const onDrop = (event: Drag.Event): void => {
    const { mimeData, target } = event;
    const code: unknown = mimeData.getData(MIME_TEXT);
    if (!mimeData.hasData(MIME_PRODUCT) || typeof code !== 'string' || !(target instanceof Element)) {
      return;
    }
    const cell = target.closest('.jp-InputArea-editor') ? cellOf(notebooks, target) : undefined;
    const { clientX: x, clientY: y } = event;
    const position = cell?.editor?.getPositionForCoordinate({ top: y, bottom: y, left: x, right: x });
    if (!cell?.editor || !position || cell.model.type !== 'code' || cell.readOnly) {
      return; // JupyterLab knows what to do with a text
    }
    event.preventDefault();
    event.stopPropagation();
    event.dropAction = event.proposedAction;
    for (const marked of cell.node.querySelectorAll('.jp-mod-dropTarget')) {
      marked.classList.remove('jp-mod-dropTarget');
    }
    insertAt(cell, cell.editor.getOffsetAt(position), code);
  };
  root.addEventListener('lm-drop', event => onDrop(event as Drag.Event), true);
}
