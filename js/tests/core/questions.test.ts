import { expect, test } from 'vitest';
import { AskError, Questions } from '../../src/core/questions';
import type { ToKernel } from '../../src/protocol';

function make() {
  const sent: ToKernel[] = [];
  const timers: { run: () => void; ms: number }[] = [];
  const clock = {
    now: () => 0,
    setTimer: (run: () => void, ms: number) => timers.push({ run, ms }) - 1,
    clearTimer: (timer: unknown) => void (timers[timer as number]!.run = () => undefined)
  };
  const questions = new Questions('v', message => sent.push(message), clock);
  const idOf = (i: number): string => (sent[i] as { id: string }).id;
  return { questions, sent, timers, idOf };
}

const head = { v: 3, type: 'answer', view: 'v' } as const;

test('each question gets its own answer, whatever their order', async () => {
  const { questions, idOf } = make();
  const [a, b] = [questions.ask('first'), questions.ask('second', { x: 1 })];
  questions.answered({ ...head, id: idOf(1), value: 'b' }, []);
  questions.answered({ ...head, id: idOf(0), value: 'a' }, []);
  expect([(await a).value, (await b).value]).toEqual(['a', 'b']);
});

test('an error of the kernel rejects with its words', async () => {
  const { questions, idOf } = make();
  const asked = questions.ask('x');
  questions.answered({ ...head, id: idOf(0), error: { message: 'no such product', hint: 'search' } }, []);
  await expect(asked).rejects.toMatchObject({ message: 'no such product', hint: 'search' });
});

test('silence and a closed panel reject too, and a late answer is left', async () => {
  const { questions, timers, idOf } = make();
  const silent = questions.ask('x', {}, 5);
  expect(timers[0]!.ms).toBe(5);
  timers[0]!.run();
  await expect(silent).rejects.toBeInstanceOf(AskError);
  questions.answered({ ...head, id: idOf(0), value: 1 }, []);
  const closed = questions.ask('y');
  questions.close();
  await expect(closed).rejects.toThrow('closed');
});
