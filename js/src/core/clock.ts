/** The page's clock; a test can stand in for it. */
import type { Clock } from './client';

export const clock: Clock = {
  now: () => performance.now(),
  setTimer: (run, ms) => setTimeout(run, ms),
  clearTimer: timer => clearTimeout(timer as ReturnType<typeof setTimeout>)
};
