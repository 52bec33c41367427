/** A surface that writes down what is drawn on it as SVG: paths as paths, text as text, images as PNG. */
import type { Surface } from './surface';

interface State {
  fillStyle: string;
  strokeStyle: string;
  lineWidth: number;
  lineJoin: CanvasLineJoin;
  globalAlpha: number;
  font: string;
  textAlign: CanvasTextAlign;
  textBaseline: CanvasTextBaseline;
  imageSmoothingEnabled: boolean;
  /** Groups to close when this state ends. */
  groups: number;
}

const START: State = {
  fillStyle: '#000000',
  strokeStyle: '#000000',
  lineWidth: 1,
  lineJoin: 'miter',
  globalAlpha: 1,
  font: '10px sans-serif',
  textAlign: 'start',
  textBaseline: 'alphabetic',
  imageSmoothingEnabled: true,
  groups: 0
};

const ANCHOR: Partial<Record<CanvasTextAlign, string>> = { center: 'middle', right: 'end', end: 'end' };
/** Shift of the baseline in font sizes; attributes such as dominant-baseline are not drawn alike everywhere. */
const BASELINE: Partial<Record<CanvasTextBaseline, number>> = { middle: 0.35, top: 0.82, bottom: -0.22 };

/** Characters that a file of XML 1.0 must not have, not even escaped. */
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escapeXml(text: string): string {
  return text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"']/g, letter => ESCAPES[letter]!);
}

const n = (value: number): string => String(Math.round(value * 100) / 100);

let files = 0;

/** How text and images, which need a browser, are measured and encoded. */
export interface SvgHost {
  measure(text: string, font: string): number;
  /** A part of an image as a data URI of PNG. */
  png(image: CanvasImageSource, x: number, y: number, width: number, height: number): string;
}

export class SvgSurface implements Surface {
  fillStyle: Surface['fillStyle'] = START.fillStyle;
  strokeStyle: Surface['strokeStyle'] = START.strokeStyle;
  lineWidth = START.lineWidth;
  lineJoin = START.lineJoin;
  globalAlpha = START.globalAlpha;
  font = START.font;
  textAlign = START.textAlign;
  textBaseline = START.textBaseline;
  imageSmoothingEnabled = true;
  private readonly body: string[] = [];
  private readonly clips: string[] = [];
  private readonly stack: State[] = [];
  private groups = 0;
  private path: string[] = [];
  // Several files may be put into one page, where equal names would refer to the wrong clip.
  private readonly prefix = `sq${(files++).toString(36)}-`;

  constructor(private readonly host: SvgHost) {}

  save(): void {
    const { fillStyle, strokeStyle, lineWidth, lineJoin, globalAlpha, font, textAlign, textBaseline } = this;
    const { imageSmoothingEnabled, groups } = this;
    this.stack.push({
      fillStyle: String(fillStyle),
      strokeStyle: String(strokeStyle),
      lineWidth,
      lineJoin,
      globalAlpha,
      font,
      textAlign,
      textBaseline,
      imageSmoothingEnabled,
      groups
    });
    this.groups = 0;
  }

  restore(): void {
    const state = this.stack.pop();
    if (state) {
      this.body.push('</g>'.repeat(this.groups));
      Object.assign(this, state);
    }
  }

  private group(attributes: string): void {
    this.body.push(`<g ${attributes}>`);
    this.groups += 1;
  }

  translate(x: number, y: number): void {
    this.group(`transform="translate(${n(x)} ${n(y)})"`);
  }

  rotate(angle: number): void {
    this.group(`transform="rotate(${n((angle * 180) / Math.PI)})"`);
  }

  beginPath(): void {
    this.path = [];
  }

  moveTo(x: number, y: number): void {
    this.path.push(`M${n(x)} ${n(y)}`);
  }

  lineTo(x: number, y: number): void {
    this.path.push(`L${n(x)} ${n(y)}`);
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.path.push(`M${n(x)} ${n(y)}h${n(width)}v${n(height)}h${n(-width)}z`);
  }

  /** Whole circles only: nothing here draws parts of one. */
  arc(x: number, y: number, radius: number): void {
    const r = n(radius);
    this.path.push(`M${n(x + radius)} ${n(y)}a${r} ${r} 0 1 1 ${n(-2 * radius)} 0a${r} ${r} 0 1 1 ${n(2 * radius)} 0`);
  }

  clip(): void {
    const id = `${this.prefix}${this.clips.length}`;
    this.clips.push(`<clipPath id="${id}"><path d="${this.path.join('')}"/></clipPath>`);
    this.group(`clip-path="url(#${id})"`);
  }

  private opacity(): string {
    return this.globalAlpha < 1 ? ` opacity="${n(this.globalAlpha)}"` : '';
  }

  fill(): void {
    if (this.path.length > 0) {
      this.body.push(`<path d="${this.path.join('')}" fill="${escapeXml(String(this.fillStyle))}"${this.opacity()}/>`);
    }
  }

  stroke(): void {
    if (this.path.length > 0) {
      this.body.push(`<path d="${this.path.join('')}" fill="none"${this.pen()}/>`);
    }
  }

  private pen(): string {
    const join = this.lineJoin === 'miter' ? '' : ` stroke-linejoin="${this.lineJoin}"`;
    return ` stroke="${escapeXml(String(this.strokeStyle))}" stroke-width="${n(this.lineWidth)}"${join}${this.opacity()}`;
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.body.push(`<rect ${box(x, y, width, height)} fill="${escapeXml(String(this.fillStyle))}"${this.opacity()}/>`);
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.body.push(`<rect ${box(x, y, width, height)} fill="none"${this.pen()}/>`);
  }

  fillText(text: string, x: number, y: number): void {
    const { size, attributes } = parseFont(this.font);
    const anchor = ANCHOR[this.textAlign];
    const at = y + (BASELINE[this.textBaseline] ?? 0) * size;
    this.body.push(
      `<text x="${n(x)}" y="${n(at)}"${anchor ? ` text-anchor="${anchor}"` : ''} ${attributes}` +
        ` fill="${escapeXml(String(this.fillStyle))}"${this.opacity()}>${escapeXml(text)}</text>`
    );
  }

  measureText(text: string): TextMetrics {
    return { width: this.host.measure(text, this.font) } as TextMetrics;
  }

  drawImage(image: CanvasImageSource, ...at: number[]): void {
    if (at.length !== 8) {
      throw new TypeError('an image on an SVG surface needs a source and a target rectangle');
    }
    const [sx, sy, sw, sh, x, y, width, height] = at as [number, number, number, number, number, number, number, number];
    const look = this.imageSmoothingEnabled ? '' : ' style="image-rendering:pixelated"';
    const uri = this.host.png(image, sx, sy, sw, sh);
    this.body.push(
      `<image ${box(x, y, width, height)} preserveAspectRatio="none"${look}${this.opacity()} href="${escapeXml(uri)}"/>`
    );
  }

  /** The file; `title` and `description` are what screen readers say of it. */
  toString(width: number, height: number, title: string, description: string): string {
    const size = `width="${n(width)}" height="${n(height)}" viewBox="0 0 ${n(width)} ${n(height)}"`;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">`,
      `<title>${escapeXml(title)}</title><desc>${escapeXml(description)}</desc>`,
      this.clips.length > 0 ? `<defs>${this.clips.join('')}</defs>` : '',
      ...this.body,
      '</svg>'
    ].join('\n');
  }
}

function box(x: number, y: number, width: number, height: number): string {
  return `x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}"`;
}

/** `italic 11px "DejaVu Sans", sans-serif` as attributes. */
function parseFont(font: string): { size: number; attributes: string } {
  const found = /^\s*(italic\s+)?(?:(bold|\d{3})\s+)?([\d.]+)px\s+(.+)$/.exec(font);
  const [, italic, weight, size = '10', family = 'sans-serif'] = found ?? [];
  const slant = italic ? ' font-style="italic"' : '';
  const bold = weight ? ` font-weight="${weight}"` : '';
  return { size: Number(size), attributes: `font-family="${escapeXml(family)}" font-size="${size}"${slant}${bold}` };
}
