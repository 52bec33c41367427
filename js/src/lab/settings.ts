/** Settings: JupyterLab's own editor over the one file that server and kernels read. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { PartialJSONObject, ReadonlyPartialJSONValue } from '@lumino/coreutils';

import type { IServer, WrittenSettings } from './api';

interface Shared {
  /** In JupyterLab's settings. */
  key: string;
  /** In the file. */
  name: string;
  scale?: number;
}

/** Settings that belong to server and kernels too; what is not here is the page's own. */
const SHARED: readonly Shared[] = [
  { key: 'cacheSize', name: 'cache_size', scale: 1e9 },
  { key: 'offline', name: 'offline' },
  { key: 'timeout', name: 'timeout' },
  { key: 'disabledProviders', name: 'disabled_providers' }
];

/** What the file says, as JupyterLab's settings have it. */
export function fromFile({ values }: WrittenSettings): PartialJSONObject {
  const out: PartialJSONObject = {};
  for (const { key, name, scale } of SHARED) {
    const value = values[name];
    if (value !== undefined) {
      out[key] = (scale ? Number(value) / scale : value) as PartialJSONObject[string];
    }
  }
  return out;
}

/** What of JupyterLab's settings differs from the file, as the file has it. */
export function toFile(
  composite: (key: string) => ReadonlyPartialJSONValue | undefined,
  written: WrittenSettings
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const now = fromFile(written);
  for (const { key, name, scale } of SHARED) {
    const value = composite(key);
    const differs = JSON.stringify(value) !== JSON.stringify(now[key]);
    if (value !== undefined && differs && written.sources[name] !== 'environment') {
      out[name] = scale ? Math.round(Number(value) * scale) : value;
    }
  }
  return out;
}

/** Show in the settings editor what the file and the environment say. */
function addToSchema(
  plugin: ISettingRegistry.IPlugin,
  written: WrittenSettings,
  trans: TranslationBundle
): void {
  const values = fromFile(written);
  for (const { key, name } of SHARED) {
    const property = plugin.schema.properties?.[key];
    if (!property || values[key] === undefined) {
      continue;
    }
    property.default = values[key];
    if (written.sources[name] === 'environment') {
      property.readOnly = true;
      property.description = trans.__(
        '%1 Set by the environment variable %2, which wins over this and over the settings file.',
        property.description ?? '',
        `SPZ_${name.toUpperCase()}`
      );
    }
  }
}

/** Keeps JupyterLab's settings and the file alike, whichever is changed. */
export class SettingsBridge {
  constructor(
    private readonly _server: Pick<IServer, 'settings' | 'change'>,
    private readonly _trans: TranslationBundle,
    private readonly _say: (level: 'success' | 'error', text: string) => void
  ) {}

  /** Load the settings, those of the file among them; `changed` is called now and at changes. */
  async connect(
    registry: ISettingRegistry,
    plugin: string,
    changed: (settings: ISettingRegistry.ISettings) => void
  ): Promise<void> {
    this._written = await this._server.settings().catch(() => null);
    registry.transform(plugin, {
      fetch: fetched => {
        if (this._written) {
          addToSchema(fetched, this._written, this._trans);
        }
        return fetched;
      }
    });
    const settings = await registry.load(plugin);
    // The file is the truth: what an earlier page kept here does not hide it.
    if (this._written) {
      for (const { key } of SHARED) {
        if (settings.user[key] !== undefined) {
          await settings.remove(key);
        }
      }
    }
    changed(settings);
    settings.changed.connect(() => {
      changed(settings);
      void this._write(settings);
    });
  }

  private async _write(settings: ISettingRegistry.ISettings): Promise<void> {
    if (!this._written) {
      return;
    }
    const changes = toFile(key => settings.get(key).composite, this._written);
    if (Object.keys(changes).length === 0) {
      return;
    }
    try {
      this._written = await this._server.change(changes);
      this._say('success', this._trans.__('Settings written to %1', this._written.file));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this._say('error', this._trans.__('The settings were not written: %1', reason));
    }
  }

  private _written: WrittenSettings | null = null;
}
