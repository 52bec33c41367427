/** Children of a branch, page by page. */

import type { IInventory, NodeRecord } from './api';
import { Branch } from './branch';
import { message } from './statuspoll';

/** Children asked for at once: some 0.5 MB of JSON. */
export const PAGE = 5000;

/** Read the children of a branch; a failure is noted in it. */
export async function loadChildren(inventory: IInventory, branch: Branch): Promise<void> {
  try {
    const nodes: NodeRecord[] = [];
    let total = 1;
    while (nodes.length < total) {
      const page = await inventory.nodes(branch.node.id, nodes.length, PAGE);
      for (const node of page.nodes) {
        nodes.push(node);
      }
      // An empty page ends it even when the count says otherwise.
      total = page.nodes.length ? page.total : nodes.length;
    }
    branch.total = nodes.length;
    branch.children = nodes.map((node, index) => new Branch(node, branch, index + 1));
    branch.state = 'idle';
    branch.error = '';
  } catch (error) {
    branch.state = 'error';
    branch.error = message(error);
  }
}
