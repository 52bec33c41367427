/** One picture of the whole panel, from what is held; never waits for anything. */
import { steadyMargin, layoutPanel, naturalHeight, BAR_OFFSET, BAR_WIDTH } from '../core/layout';
import type { Margins, PanelLayout } from '../core/layout';
import type { PlotState } from '../core/plot';
import type { Scale, Tick } from '../core/scale';
import { pieces } from '../core/store';
import type { GraphState } from '../core/store';
import type { TimeView } from '../core/time';
import {
  axisTimeTicks,
  drawColorBar,
  drawFrame,
  drawGap,
  drawGrid,
  drawTimeAxis,
  drawYAxis,
  labelWidth,
  yTicks
} from '../marks/axes';
import { clipTo } from '../marks/frame';
import type { Frame } from '../marks/frame';
import { drawImageMark } from '../marks/image';
import { drawLine } from '../marks/line';
import type { Surface } from '../marks/surface';
import { lineColors } from './theme';
import type { Theme } from './theme';

export interface Scene {
  plots: readonly PlotState[];
  view: TimeView;
  width: number;
  /** null: as high as the plots like. */
  height: number | null;
  theme: Theme;
  pixelRatio: number;
  margins: Margins;
}

interface Prepared {
  plot: PlotState;
  y: Scale;
  yTicks: Tick[];
  z: Scale | null;
  zTicks: Tick[];
}

/** Scales and ticks, margins that fit them, and the layout that follows; `scene.margins` is updated. */
export function arrange(surface: Surface, scene: Scene): { layout: PanelLayout; prepared: Prepared[] } {
  const { theme, plots } = scene;
  const height = scene.height ?? naturalHeight(plots.length);
  const weights = plots.map(plot => plot.spec.height);
  const { plots: rects } = layoutPanel(scene.width, height, weights, scene.margins);
  const prepared = plots.map((plot, i) => {
    const room = rects[i]!.height;
    const y = plot.yScale();
    const z = plot.image() ? plot.zScale() : null;
    return { plot, y, yTicks: plot.hasY ? yTicks(y, room) : [], z, zTicks: z ? yTicks(z, room) : [] };
  });
  const label = theme.fontSize + 8;
  const left = Math.max(24, ...prepared.map(p => labelWidth(surface, p.yTicks, theme))) + 12 + label * 1.5;
  const bars = prepared.filter(p => p.z !== null);
  const right =
    bars.length === 0
      ? 22
      : BAR_OFFSET + BAR_WIDTH + 12 + Math.max(...bars.map(p => labelWidth(surface, p.zTicks, theme))) + label * 1.5;
  scene.margins = {
    left: steadyMargin(scene.margins.left, left),
    right: steadyMargin(scene.margins.right, right)
  };
  return { layout: layoutPanel(scene.width, height, weights, scene.margins), prepared };
}

export function paintPanel(
  surface: Surface,
  scene: Scene,
  layout: PanelLayout,
  prepared: readonly Prepared[]
): void {
  const { theme, view } = scene;
  surface.fillStyle = theme.background;
  surface.fillRect(0, 0, layout.width, layout.height);
  prepared.forEach((item, index) => {
    const rect = layout.plots[index]!;
    const frame: Frame = { rect, view, y: item.y };
    const times = axisTimeTicks(frame, theme);
    drawGrid(surface, frame, item.yTicks, times, theme);
    clipTo(surface, frame, view, () => {
      item.plot.gaps().forEach(gap => drawGap(surface, frame, gap.start, gap.stop, theme));
    });
    drawGraphs(surface, scene, item, frame);
    drawFrame(surface, frame, times, theme);
    drawYAxis(surface, frame, item.yTicks, item.plot.yLabel(), theme.fontSize * 1.3, theme);
    if (item.z) {
      const bar = {
        rect: { x: layout.barX, y: rect.y, width: layout.barWidth, height: rect.height },
        scale: item.z,
        colormap: item.plot.spec.z.colormap,
        label: item.plot.zLabel(),
        labelX: layout.width - theme.fontSize * 1.3
      };
      drawColorBar(surface, bar, item.zTicks, theme);
    }
    if (index === prepared.length - 1) {
      drawTimeAxis(surface, frame, times, layout.width, theme);
    }
  });
}

function drawGraphs(surface: Surface, scene: Scene, item: Prepared, frame: Frame): void {
  const states = item.plot.states();
  // Images first: lines over a spectrogram stay visible.
  for (const state of states) {
    drawTiles(surface, scene, item, frame, state, 'image', []);
  }
  let offset = 0;
  for (const state of states) {
    const columns = columnsOf(state);
    const colors = lineColors(scene.theme, columns, offset, item.plot.graph(state.id)?.colors ?? null);
    offset += columns.length;
    drawTiles(surface, scene, item, frame, state, 'line', colors);
  }
}

function drawTiles(
  surface: Surface,
  scene: Scene,
  item: Prepared,
  frame: Frame,
  state: GraphState,
  kind: 'line' | 'image',
  colors: readonly string[]
): void {
  const hidden = item.plot.hidden(state.id);
  for (const part of pieces(state.tiles, scene.view)) {
    const { data } = part.tile;
    if (data?.kind !== kind) {
      continue;
    }
    clipTo(surface, frame, part, () => {
      surface.globalAlpha = state.status === 'error' ? 0.35 : 1;
      if (data.kind === 'line') {
        drawLine(surface, frame, data, colors, hidden, scene.pixelRatio);
      } else if (item.z) {
        const style = { z: item.z, colormap: item.plot.spec.z.colormap };
        drawImageMark(surface, frame, data, style, scene.pixelRatio);
      }
    });
  }
}

/** Column names of a line graph; none for an image. */
export function columnsOf(state: GraphState): readonly string[] {
  const data = state.tiles.find(tile => tile.data !== null)?.data;
  return data?.kind === 'line' ? data.columns : [];
}
