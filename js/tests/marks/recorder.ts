/** A surface that writes down what is drawn on it. */
import type { Surface } from '../../src/marks/surface';

export interface Recorder {
  surface: Surface;
  calls: [string, ...unknown[]][];
  of(name: string): number[][];
}

export function record(): Recorder {
  const calls: [string, ...unknown[]][] = [];
  const surface = new Proxy({} as Record<string, unknown>, {
    get: (target, name: string) => {
      if (name === 'measureText') {
        return (text: string) => ({ width: text.length * 6 });
      }
      return name in target ? target[name] : (...args: unknown[]) => calls.push([name, ...args]);
    },
    set: (target, name: string, value) => {
      target[name] = value;
      return true;
    }
  }) as unknown as Surface;
  return { surface, calls, of: name => calls.filter(call => call[0] === name).map(call => call.slice(1) as number[]) };
}
