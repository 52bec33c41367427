/** Which rows of a long list of rows of equal height are in view. */

export interface RowWindow {
  /** First row to draw. */
  first: number;
  /** One past the last row to draw. */
  last: number;
}

/**
 * Rows in view at a scroll position, with some more on each side so that a small scroll shows
 * drawn rows.
 */
export function rowWindow(
  scrollTop: number,
  viewHeight: number,
  rowHeight: number,
  count: number,
  overscan = 6
): RowWindow {
  if (count <= 0 || rowHeight <= 0) {
    return { first: 0, last: 0 };
  }
  const top = Math.max(0, Math.min(scrollTop, count * rowHeight - viewHeight));
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  const last = Math.min(count, Math.ceil((top + viewHeight) / rowHeight) + overscan);
  return { first, last };
}

/** The scroll position, nearest to the present one, that shows a row entirely. */
export function scrollToShow(
  row: number,
  scrollTop: number,
  viewHeight: number,
  rowHeight: number
): number {
  const top = row * rowHeight;
  if (top < scrollTop) {
    return top;
  }
  const bottom = top + rowHeight;
  return bottom > scrollTop + viewHeight ? bottom - viewHeight : scrollTop;
}

/**
 * The scroll position that shows as much as possible of a row and the rows below it that have just
 * appeared, and never hides the row itself.
 */
export function scrollToShowBelow(
  row: number,
  below: number,
  scrollTop: number,
  viewHeight: number,
  rowHeight: number
): number {
  const last = scrollToShow(row + below, scrollTop, viewHeight, rowHeight);
  return Math.min(last, row * rowHeight);
}
