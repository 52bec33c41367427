/** The panel that the product tree's menu and keyboard add to. */
export function markActive(root: HTMLElement): void {
  root.ownerDocument.querySelectorAll('.sciqlop-panel[data-sciqlop-active]').forEach(other => {
    if (other !== root) {
      other.removeAttribute('data-sciqlop-active');
    }
  });
  root.dataset.sciqlopActive = 'true';
}
