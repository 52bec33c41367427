import { ServerConnection } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';

import { ServerInventory } from '../api';

function inventory(answer: (request: Request) => Response | Promise<Response>): {
  api: ServerInventory;
  seen: Request[];
} {
  const seen: Request[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost:8888/base/',
    token: 'secret',
    fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input, init);
      seen.push(request);
      return answer(request);
    }
  });
  return { api: new ServerInventory(settings), seen };
}

const json = (value: unknown, status = 200): Response =>
  new Response(JSON.stringify(value), { status });

describe('ServerInventory', () => {
  it('asks below the base url and escapes what it sends', async () => {
    const { api, seen } = inventory(() => json({ hits: [], took_ms: 1 }));
    await api.search('b&limit=9 µ', 20);
    const url = new URL(seen[0]!.url);
    expect(url.pathname).toBe('/base/sciqlop-lab/api/search');
    expect(url.searchParams.get('q')).toBe('b&limit=9 µ');
    expect(url.searchParams.get('limit')).toBe('20');
    expect(seen[0]!.headers.get('Authorization')).toBe('token secret');
  });

  it('leaves the parent out for the roots', async () => {
    const { api, seen } = inventory(() => json({ nodes: [], total: 0 }));
    await api.nodes(null, 0, 10);
    await api.nodes(7, 0, 10);
    expect(new URL(seen[0]!.url).searchParams.has('parent')).toBe(false);
    expect(new URL(seen[1]!.url).searchParams.get('parent')).toBe('7');
  });

  it('posts JSON', async () => {
    const { api, seen } = inventory(() => json({ providers: {} }));
    await api.refresh('cda');
    expect(seen[0]!.method).toBe('POST');
    expect(await seen[0]!.json()).toEqual({ provider: 'cda' });
  });

  it("gives the server's reason", async () => {
    const { api } = inventory(() => json({ message: 'no inventory has this product' }, 404));
    await expect(api.product('cda/x')).rejects.toMatchObject({
      message: 'no inventory has this product',
      status: 404
    });
  });

  it('says that the extension is missing', async () => {
    const { api } = inventory(() => new Response('<html>404</html>', { status: 404 }));
    await expect(api.status()).rejects.toThrow(/without the sciqlop_lab extension/);
  });

  it('takes no page for an answer', async () => {
    const { api } = inventory(() => new Response('<html>log in</html>', { status: 200 }));
    await expect(api.status()).rejects.toThrow(/HTTP 200/);
  });

  it('says that there is no answer', async () => {
    const { api } = inventory(() => Promise.reject(new TypeError('Failed to fetch')));
    await expect(api.status()).rejects.toMatchObject({ status: 0 });
  });
});
