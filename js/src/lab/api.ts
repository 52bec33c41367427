/** The inventory of the Jupyter server over REST; twin of sciqlop_lab/server.py. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** One node of the product tree. */
export interface NodeRecord {
  id: number;
  name: string;
  kind: string;
  /** provider/path, or null for a node that only groups others. */
  ref: string | null;
  title: string;
  unit: string;
  has_children: boolean;
}

export interface NodePage {
  nodes: NodeRecord[];
  total: number;
}

export interface SearchHit extends NodeRecord {
  /** Names from the provider down to this node. */
  path: string[];
  score: number;
}

export interface SearchAnswer {
  hits: SearchHit[];
  took_ms: number;
}

export interface ProductDetails {
  ref: string;
  name: string;
  kind: string;
  title: string;
  unit: string;
  path: string[];
  /** First to last sample, ISO 8601 UTC. */
  coverage: { start: string; stop: string } | null;
  /** Seconds between samples. */
  cadence: number | null;
  /** What is known besides, in the same words for every archive. */
  about: ProductFacts;
  meta: Record<string, unknown>;
}

export interface ProductFacts {
  /** Of one sample; empty for a single number. */
  shape?: number[];
  coordinates?: unknown;
  processing?: unknown;
  acknowledgement?: unknown;
  rules_of_use?: unknown;
  citation?: unknown;
  contact?: unknown;
  links?: string[];
}

/** A short range of a product, small enough to draw among its details. */
export interface Preview {
  /** Absent: the cache has nothing, and the archive was not asked. */
  state: 'absent' | 'empty' | 'shown';
  start?: string;
  stop?: string;
  /** Of each component the lowest and the highest value of each column of time. */
  lines?: (number | null)[][][];
  /** Of each column of time its channels from bottom to top, 0 to 1. */
  image?: (number | null)[][];
  low?: number;
  high?: number;
  unit?: string;
  names?: string[];
}

/** A filter of the search, and what it can be set to. */
export interface SearchField {
  name: string;
  values: { value: string; title: string }[];
}

export interface Activity {
  active: number;
  waiting: number;
  /** Bytes since the server began. */
  received: number;
  /** Bytes per second. */
  rate: number;
  hosts: { name: string; active: number; waiting: number; rate: number }[];
}

export interface WrittenSettings {
  values: Record<string, unknown>;
  sources: Record<string, 'environment' | 'file' | 'default'>;
  file: string;
}

export interface ProviderStatus {
  title: string;
  loaded: boolean;
  refreshing: boolean;
  count: number;
  /** Seconds since the inventory was last proved current. */
  age: number | null;
  updated: string | null;
  /** The archive's own mark of this inventory. */
  version: string | null;
  error: string | null;
}

export interface Status {
  providers: Record<string, ProviderStatus>;
  version: string;
  /** What keeps the whole inventory from working, else null. */
  error: string | null;
}

/** What the tree needs from a server; tests give their own. */
export interface IInventory {
  nodes(parent: number | null, offset: number, limit: number): Promise<NodePage>;
  search(query: string, limit: number, signal?: AbortSignal): Promise<SearchAnswer>;
  product(ref: string): Promise<ProductDetails>;
  status(): Promise<Status>;
  refresh(provider: string | null): Promise<Status>;
}

/** What else the Jupyter server does for the page. */
export interface IServer {
  fields(): Promise<SearchField[]>;
  activity(): Promise<Activity>;
  cancel(): Promise<Activity>;
  settings(): Promise<WrittenSettings>;
  change(settings: Record<string, unknown>): Promise<WrittenSettings>;
}

/** A refusal of the server, or no answer at all (status 0); the message is fit to be shown. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** {@link IInventory} of the Jupyter server that served this page. */
export class ServerInventory implements IInventory, IServer {
  constructor(private readonly _settings = ServerConnection.makeSettings()) {}

  nodes(parent: number | null, offset: number, limit: number): Promise<NodePage> {
    const query: Record<string, string | number> = { offset, limit };
    if (parent !== null) {
      query.parent = parent;
    }
    return this._get<NodePage>('nodes', query);
  }

  search(query: string, limit: number, signal?: AbortSignal): Promise<SearchAnswer> {
    return this._get<SearchAnswer>('search', { q: query, limit }, signal);
  }

  product(ref: string): Promise<ProductDetails> {
    return this._get<ProductDetails>('product', { ref });
  }

  /** What is cached; only with `fetch` is the archive asked. */
  preview(ref: string, fetch: boolean): Promise<Preview> {
    return fetch
      ? this._send<Preview>('preview', 'POST', { ref })
      : this._get<Preview>('preview', { ref });
  }

  status(): Promise<Status> {
    return this._get<Status>('status', {});
  }

  refresh(provider: string | null): Promise<Status> {
    return this._send<Status>('refresh', 'POST', { provider });
  }

  async fields(): Promise<SearchField[]> {
    return (await this._get<{ fields: SearchField[] }>('fields', {})).fields;
  }

  activity(): Promise<Activity> {
    return this._get<Activity>('activity', {});
  }

  cancel(): Promise<Activity> {
    return this._send<Activity>('cancel', 'POST', {});
  }

  settings(): Promise<WrittenSettings> {
    return this._get<WrittenSettings>('settings', {});
  }

  change(settings: Record<string, unknown>): Promise<WrittenSettings> {
    return this._send<WrittenSettings>('settings', 'PUT', settings);
  }

  private _send<T>(path: string, method: 'POST' | 'PUT', body: object): Promise<T> {
    return this._request<T>(path, {
      method,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body)
    });
  }

  private _get<T>(
    path: string,
    query: Record<string, string | number>,
    signal?: AbortSignal
  ): Promise<T> {
    const text = Object.entries(query)
      .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
      .join('&');
    return this._request<T>(text ? `${path}?${text}` : path, signal ? { signal } : {});
  }

  private async _request<T>(path: string, init: RequestInit): Promise<T> {
    const url = URLExt.join(this._settings.baseUrl, 'sciqlop-lab/api/') + path;
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this._settings);
    } catch (error) {
      throw new ApiError(error instanceof Error ? error.message : String(error), 0);
    }
    const text = await response.text();
    let value: unknown = null;
    try {
      value = JSON.parse(text);
    } catch {
      // Not JSON: a proxy's page, or a server without our extension; the status says enough.
    }
    if (!response.ok || typeof value !== 'object' || value === null) {
      throw new ApiError(reason(response.status, value), response.status);
    }
    return value as T;
  }
}

function reason(status: number, value: unknown): string {
  const message = (value as { message?: unknown } | null)?.message;
  if (typeof message === 'string' && message) {
    return message;
  }
  // Jupyter answers with a page of its own where no extension listens.
  return status === 404
    ? 'this Jupyter server runs without the sciqlop_lab extension; install sciqlop-lab beside it'
    : `the Jupyter server answered with HTTP ${status}`;
}
