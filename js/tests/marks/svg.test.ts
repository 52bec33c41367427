import { describe, expect, it } from 'vitest';

import { SvgSurface, escapeXml } from '../../src/marks/svg';

const host = { measure: (text: string) => text.length * 6, png: () => 'data:image/png;base64,AAAA' };
const surface = () => new SvgSurface(host);
const parse = (text: string) => {
  const document = new DOMParser().parseFromString(text, 'image/svg+xml');
  expect(document.querySelector('parsererror')).toBeNull();
  return document.documentElement;
};

describe('SVG', () => {
  it('keeps text as text, whatever it is', () => {
    const hostile = ['<script>alert(1)</script>', '"><image href=x onerror=alert(1)>', ']]>&lt;', '\u0000\u001b\ufffe\ud800', 'cm⁻³ 𝛼'];
    const s = surface();
    hostile.forEach(text => s.fillText(text, 1, 2));
    s.fillStyle = '"/><script>1</script>';
    s.font = '11px "A<b", sans-serif';
    s.fillText('x', 0, 0);
    s.fillRect(0, 0, 1, 1);
    const root = parse(s.toString(10, 10, hostile[0]!, hostile[1]!));
    expect(root.querySelectorAll('script, image')).toHaveLength(0);
    const texts = [...root.querySelectorAll('text')].map(node => node.textContent);
    expect(texts.slice(0, 3)).toEqual(hostile.slice(0, 3));
    expect(texts[4]).toBe('cm⁻³ 𝛼');
    expect(texts[3]).toBe('\ufffd'.repeat(4));
    expect(root.querySelector('title')!.textContent).toBe(hostile[0]);
  });

  it('clips until the state is restored, and never refers to another file', () => {
    const [a, b] = [surface(), surface()].map(s => {
      s.save();
      s.beginPath();
      s.rect(1, 2, 3, 4);
      s.clip();
      s.fillRect(0, 0, 9, 9);
      s.restore();
      s.fillRect(5, 5, 1, 1);
      return parse(s.toString(10, 10, '', ''));
    });
    const clip = a!.querySelector('clipPath')!;
    const [inside, outside] = [...a!.querySelectorAll('rect')];
    expect(inside!.parentElement!.getAttribute('clip-path')).toBe(`url(#${clip.id})`);
    expect(outside!.parentElement).toBe(a);
    expect(b!.querySelector('clipPath')!.id).not.toBe(clip.id);
  });

  it('restores colours, fonts and turns', () => {
    const s = surface();
    s.fillStyle = 'red';
    s.save();
    s.fillStyle = 'blue';
    s.translate(5, 6);
    s.rotate(-Math.PI / 2);
    s.textAlign = 'center';
    s.fillText('turned', 0, 0);
    s.restore();
    s.fillText('straight', 0, 0);
    const [turned, straight] = [...parse(s.toString(10, 10, '', '')).querySelectorAll('text')];
    expect(turned!.parentElement!.getAttribute('transform')).toBe('rotate(-90)');
    expect([turned!.getAttribute('fill'), straight!.getAttribute('fill')]).toEqual(['blue', 'red']);
    expect(turned!.getAttribute('text-anchor')).toBe('middle');
    expect(straight!.hasAttribute('text-anchor')).toBe(false);
  });

  it('writes lines, circles and pictures', () => {
    const s = surface();
    s.strokeStyle = '#0072b2';
    s.beginPath();
    s.moveTo(0, 0);
    s.lineTo(3.14159, 2);
    s.stroke();
    s.beginPath();
    s.moveTo(7, 5);
    s.arc(5, 5, 2);
    s.fill();
    s.imageSmoothingEnabled = false;
    s.drawImage({} as CanvasImageSource, 0, 0, 2, 2, 1, 1, 8, 8);
    const root = parse(s.toString(10, 10, '', ''));
    const [line, dot] = [...root.querySelectorAll('path')];
    expect(line!.getAttribute('d')).toBe('M0 0L3.14 2');
    expect(dot!.getAttribute('d')).toContain('a2 2 0 1 1 -4 0');
    expect(root.querySelector('image')!.getAttribute('href')).toBe('data:image/png;base64,AAAA');
    expect(root.querySelector('image')!.getAttribute('preserveAspectRatio')).toBe('none');
  });
});

it('escapes what XML reserves', () => {
  expect(escapeXml(`<a b="c" d='e'>&`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;');
});
