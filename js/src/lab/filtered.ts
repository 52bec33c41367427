/** Search results as a tree: each one at its place, everything open. */

import type { SearchHit } from './api';
import { Branch } from './branch';

/**
 * The branches that hold the hits, in the order of the first hit of each.
 *
 * @param titles what providers are called, by name
 */
export function filteredTree(hits: readonly SearchHit[], titles: (name: string) => string): Branch[] {
  const roots: Branch[] = [];
  const known = new Map<string, Branch>();
  const add = (parent: Branch | null, node: Branch['node']): Branch => {
    const siblings = parent ? (parent.children ??= []) : roots;
    const made = new Branch(node, parent, siblings.length + 1);
    siblings.push(made);
    if (parent) {
      parent.total = siblings.length;
      parent.expanded = true;
    }
    return made;
  };
  for (const hit of hits) {
    let parent: Branch | null = null;
    for (let depth = 1; depth < hit.path.length; depth++) {
      const key = JSON.stringify(hit.path.slice(0, depth));
      let branch = known.get(key);
      if (!branch) {
        const name = hit.path[depth - 1]!;
        const title = depth === 1 ? titles(name) : '';
        branch = add(parent, { id: -1, name, kind: 'folder', ref: null, title, unit: '', has_children: true });
        known.set(key, branch);
      }
      parent = branch;
    }
    add(parent, { ...hit, has_children: false });
  }
  return roots;
}
