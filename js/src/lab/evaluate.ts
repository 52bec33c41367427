/** Expressions in a kernel, beside the user's work: nothing is printed, named or counted. */

import type { Kernel } from '@jupyterlab/services';

/**
 * The text that an expression's base64 stands for; null when it failed or is empty.
 *
 * @param code a Python expression whose value is base64 text of UTF-8
 */
export async function evaluateText(
  kernel: Kernel.IKernelConnection,
  code: string
): Promise<string | null> {
  const future = kernel.requestExecute({
    code: '',
    silent: true,
    store_history: false,
    stop_on_error: false,
    user_expressions: { found: code }
  });
  const { content } = await future.done;
  const found =
    content.status === 'ok'
      ? (content.user_expressions?.found as { data?: Record<string, unknown> } | undefined)
      : undefined;
  const text = found?.data?.['text/plain'];
  const packed = typeof text === 'string' ? text.replace(/^'|'$/g, '') : '';
  if (!packed) {
    return null;
  }
  return new TextDecoder().decode(Uint8Array.from(atob(packed), char => char.charCodeAt(0)));
}
