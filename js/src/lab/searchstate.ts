/** How a search stands. */

export interface SearchState {
  query: string;
  /** Whether an answer is on its way. */
  busy: boolean;
  tookMs: number;
  /** Whether the server had more than it was asked for. */
  more: boolean;
  error: string;
}

/** The tree itself is shown. */
export const NO_SEARCH: SearchState = { query: '', busy: false, tookMs: 0, more: false, error: '' };
