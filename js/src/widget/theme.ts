/** Colours and fonts from the host's style sheet, which may change while the panel is open. */
import { COLORMAPS, DEFAULT_COLORMAP } from '../core/colormap';
import type { AxisStyle } from '../marks/axes';

export interface Theme extends AxisStyle {
  dark: boolean;
  palette: readonly string[];
  /** Of spectrograms that have none of their own. */
  colormap: string;
}

// Wong's colours, which stay apart for colour-blind readers, darkened or lightened to the ground.
export const LIGHT = ['#0072b2', '#009e73', '#d55e00', '#a8588a', '#b07d00', '#3a93c9', '#7a7a00'];
export const DARK = ['#56b4e9', '#2fd3a0', '#ff8552', '#e39ac6', '#f2b134', '#9ecbf2', '#e6de6a'];

function channels(color: string): [number, number, number] {
  const numbers = color.match(/[\d.]+/g)?.map(Number) ?? [];
  const scale = color.startsWith('color(') ? 255 : 1;
  return [(numbers[0] ?? 255) * scale, (numbers[1] ?? 255) * scale, (numbers[2] ?? 255) * scale];
}

function luminance(color: string): number {
  const [r, g, b] = channels(color);
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

/** JupyterLab's settings, which its plugin writes where every panel of the page finds them. */
function chosenColormap(document: Document): string | undefined {
  return document.documentElement.dataset.sciqlopColormap;
}

/** Resolve the style sheet's custom properties on `root`: only a real property yields a colour. */
export function readTheme(root: HTMLElement): Theme {
  const style = getComputedStyle(root);
  const probe = root.ownerDocument.createElement('span');
  probe.style.display = 'none';
  root.append(probe);
  const color = (name: string, fallback: string): string => {
    probe.style.color = `var(${name}, ${fallback})`;
    return getComputedStyle(probe).color || fallback;
  };
  const background = color('--sq-background', '#ffffff');
  const foreground = color('--sq-foreground', '#212121');
  const dark = luminance(background) < 0.45;
  const theme: Theme = {
    background,
    foreground,
    muted: color('--sq-muted', '#616161'),
    grid: color('--sq-grid', '#e0e0e0'),
    frame: color('--sq-frame', '#9e9e9e'),
    font: `11px ${style.fontFamily || 'sans-serif'}`,
    smallFont: `10px ${style.fontFamily || 'sans-serif'}`,
    fontSize: 11,
    dark,
    palette: dark ? DARK : LIGHT,
    colormap: COLORMAPS.find(name => name === chosenColormap(root.ownerDocument)) ?? DEFAULT_COLORMAP
  };
  probe.remove();
  return theme;
}

/** JupyterLab swaps the page's icon at every message of a kernel: that is no theme. */
function isSheet(node: Node): boolean {
  return node instanceof HTMLStyleElement || (node instanceof HTMLLinkElement && node.relList.contains('stylesheet'));
}

/** Call `changed` whenever the host's theme may have changed; returns the way to stop. */
export function watchTheme(document: Document, changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  const options = {
    attributes: true,
    attributeFilter: ['data-jp-theme-light', 'data-jp-theme-name', 'class', 'style', 'data-theme', 'data-sciqlop-colormap']
  };
  observer.observe(document.body, options);
  observer.observe(document.documentElement, options);
  const links = new MutationObserver(records => {
    if (records.some(({ addedNodes, removedNodes }) => [...addedNodes, ...removedNodes].some(isSheet))) {
      changed();
    }
  });
  // JupyterLab swaps the theme's style sheet after it set the attribute: colours change only then.
  links.observe(document.head, { childList: true });
  const onLoad = (event: Event): void => {
    if (event.target instanceof Node && isSheet(event.target)) {
      changed();
    }
  };
  document.head.addEventListener('load', onLoad, true);
  // The system's own wishes: dark or light, more contrast, colours of its own.
  const wishes = ['(prefers-color-scheme: dark)', '(prefers-contrast: more)', '(forced-colors: active)'];
  const queries = wishes.map(wish => document.defaultView?.matchMedia?.(wish));
  queries.forEach(query => query?.addEventListener('change', changed));
  const unwatch = watchRatio(document.defaultView, changed);
  return () => {
    observer.disconnect();
    links.disconnect();
    unwatch();
    queries.forEach(query => query?.removeEventListener('change', changed));
    document.head.removeEventListener('load', onLoad, true);
  };
}

/** Call `changed` when pixels get another size, as on another screen: the panel's own size may stay. */
function watchRatio(window: Window | null, changed: () => void): () => void {
  let query: MediaQueryList | undefined;
  let ratio = window?.devicePixelRatio;
  const watch = (): void => {
    query = window?.matchMedia?.(`(resolution: ${ratio}dppx)`);
    query?.addEventListener('change', check);
  };
  const check = (): void => {
    if (window?.devicePixelRatio !== ratio) {
      query?.removeEventListener('change', check);
      ratio = window?.devicePixelRatio;
      watch();
      changed();
    }
  };
  watch();
  // Not every browser tells of every change: whoever comes back or points somewhere sees it mended.
  window?.addEventListener('resize', check);
  const { document } = window ?? {};
  const moments = ['pointerover', 'visibilitychange'];
  moments.forEach(name => document?.addEventListener(name, check));
  return () => {
    query?.removeEventListener('change', check);
    window?.removeEventListener('resize', check);
    moments.forEach(name => document?.removeEventListener(name, check));
  };
}

const MAGNITUDE = /\||tot|mag(nitude)?\b|^b_?t$/i;

/** Colours of `columns`, where `offset` lines of the same plot came before. */
export function lineColors(
  theme: Theme,
  columns: readonly string[],
  offset: number,
  own: readonly (string | null)[] | null
): string[] {
  return columns.map((name, i) => {
    const chosen = own?.[i];
    if (chosen) {
      return chosen;
    }
    // The magnitude stands apart from the three components, wherever in the order it comes; among
    // three columns there is none: BT of (BR, BT, BN) is the tangential one.
    if (columns.length > 3 && MAGNITUDE.test(name)) {
      return theme.foreground;
    }
    return theme.palette[(offset + i) % theme.palette.length]!;
  });
}
