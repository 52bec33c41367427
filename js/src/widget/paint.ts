/** One picture of the whole panel, from what is held; never waits for anything. */
import { steadyMargin, layoutPanel, naturalHeight, BAR_OFFSET, BAR_WIDTH } from '../core/layout';
import type { Margins, PanelLayout } from '../core/layout';
import type { PlotState } from '../core/plot';
import type { Scale } from '../core/scale';
import { CELL_FOOT, SpacePlot } from '../core/space';
import { dimmed, pieces } from '../core/store';
import type { GraphState } from '../core/store';
import type { AxisTicks } from '../core/ticks';
import type { TimeView } from '../core/time';
import type { TimeTick } from '../core/timeticks';
import {
  axisTimeTicks,
  drawColorBar,
  drawFrame,
  drawGrid,
  drawTimeAxis,
  drawTimeLine,
  drawYAxis,
  labelWidth,
  yTicks
} from '../marks/axes';
import { clipTo } from '../marks/frame';
import type { Frame } from '../marks/frame';
import { drawImageMark } from '../marks/image';
import { drawItems } from '../marks/items';
import { drawLine } from '../marks/line';
import { drawOverlaid } from '../marks/overlaid';
import type { EventIndex } from '../marks/overlaid';
import { drawGap, drawSpan } from '../marks/spans';
import type { Surface } from '../marks/surface';
import type { AxisName, SpanSpec } from '../protocol';
import { paintSpace } from './paintspace';
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
  spans: readonly SpanSpec[];
  overlaid: EventIndex;
}

interface Axis {
  scale: Scale;
  ticks: AxisTicks;
}

interface Prepared {
  plot: PlotState;
  y: Axis;
  y2: Axis | null;
  z: Axis | null;
}

const NO_TICKS: AxisTicks = { ticks: [], note: '' };

/** Scales and ticks, margins that fit them, and the layout that follows; `scene.margins` is updated. */
export function arrange(surface: Surface, scene: Scene): { layout: PanelLayout; prepared: Prepared[] } {
  const { theme, plots } = scene;
  const spaces = plots.filter(plot => plot instanceof SpacePlot).length;
  const height = scene.height ?? naturalHeight(plots.length + spaces);
  const timed = timedPlot(plots);
  const weights = plots.map(plot => plot.spec.height);
  const { plots: rects } = layoutPanel(scene.width, height, weights, scene.margins, timed);
  const prepared = plots.map((plot, i) => {
    const room = rects[i]!.height;
    const shown = plot.axes();
    const axis = (name: AxisName): Axis => {
      const scale = plot.scale(name);
      return { scale, ticks: plot.hasScale(name) ? yTicks(scale, room) : NO_TICKS };
    };
    return { plot, y: axis(plot.left), y2: shown.includes('y2') ? axis('y2') : null, z: shown.includes('z') ? axis('z') : null };
  });
  // Room for tick labels, and for the axis' name in at most two lines beside them.
  const column = (axes: readonly (Axis | null)[]): number => {
    const widths = axes.flatMap(axis => (axis ? [labelWidth(surface, axis.ticks.ticks, theme)] : []));
    return widths.length === 0 ? 0 : Math.max(24, ...widths) + 12 + (theme.fontSize + 8) * 1.5;
  };
  const bars = column(prepared.map(p => p.z));
  const y2 = column(prepared.map(p => p.y2));
  scene.margins = {
    left: steadyMargin(scene.margins.left, column(prepared.map(p => p.y)) || 64),
    y2: y2 === 0 ? 0 : steadyMargin(scene.margins.y2 ?? 0, y2),
    right: steadyMargin(scene.margins.right, bars === 0 ? 22 : BAR_OFFSET + BAR_WIDTH + bars)
  };
  return { layout: layoutPanel(scene.width, height, weights, scene.margins, timed), prepared };
}

/** The plot that the axis of time is below: the last that is over time, or the last of all. */
function timedPlot(plots: readonly PlotState[]): number {
  const over = plots.map((plot, i) => (plot instanceof SpacePlot ? -1 : i));
  return Math.max(...over, -1) < 0 ? plots.length - 1 : Math.max(...over);
}

export function paintPanel(
  surface: Surface,
  scene: Scene,
  layout: PanelLayout,
  prepared: readonly Prepared[]
): void {
  const { view } = scene;
  const theme = { ...scene.theme, pixelRatio: scene.pixelRatio };
  surface.fillStyle = theme.background;
  surface.fillRect(0, 0, layout.width, layout.height);
  prepared.forEach((item, index) => {
    const rect = layout.plots[index]!;
    const frame: Frame = { rect, view, y: item.y.scale };
    const times = axisTimeTicks(frame, theme);
    const apart = item.plot instanceof SpacePlot;
    if (item.plot instanceof SpacePlot) {
      const { pixelRatio } = scene;
      paintSpace(surface, { view, theme, pixelRatio, z: item.z?.scale ?? null }, item.plot, rect);
    } else {
      paintOverTime(surface, scene, item, frame, times, theme, layout.y2Width);
    }
    if (item.z) {
      const bar = {
        rect: { x: layout.barX, y: rect.y, width: layout.barWidth, height: rect.height - (apart ? CELL_FOOT : 0) },
        scale: item.z.scale,
        colormap: item.plot.z.colormap ?? scene.theme.colormap,
        label: item.plot.label('z'),
        labelX: layout.width - theme.fontSize * 1.3
      };
      drawColorBar(surface, bar, item.z.ticks, theme);
    }
    if (index === layout.timed) {
      if (apart) {
        drawTimeLine(surface, frame, times, theme);
      }
      drawTimeAxis(surface, frame, times, layout.width, theme);
    }
  });
}

function paintOverTime(
  surface: Surface,
  scene: Scene,
  item: Prepared,
  frame: Frame,
  times: readonly TimeTick[],
  theme: Theme,
  y2Width: number
): void {
  const { rect, view } = frame;
  if (item.plot.spec.grid !== false) {
    drawGrid(surface, frame, item.y.ticks.ticks, times, theme);
  }
  clipTo(surface, frame, view, () => {
    item.plot.gaps().forEach(gap => drawGap(surface, frame, gap.start, gap.stop, theme));
  });
  drawGraphs(surface, scene, item, frame);
  drawOverlaid(surface, frame, scene.overlaid);
  scene.spans.forEach(({ start, stop, label, color }) => {
    const span = { start: BigInt(start), stop: BigInt(stop), label };
    drawSpan(surface, frame, span, color ?? theme.palette[1]!, theme);
  });
  drawItems(surface, frame, item.plot.spec.items ?? [], theme);
  drawFrame(surface, frame, times, theme);
  drawYAxis(surface, frame, item.y.ticks, item.plot.label('y'), theme.fontSize * 1.3, theme);
  if (item.y2) {
    const right = { ...frame, y: item.y2.scale };
    const labelX = rect.x + rect.width + y2Width - theme.fontSize * 1.3;
    drawYAxis(surface, right, item.y2.ticks, item.plot.label('y2'), labelX, theme, 1);
  }
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
  const own = item.y2 && item.plot.axisOf(state) === 'y2' ? { ...frame, y: item.y2.scale } : frame;
  for (const part of pieces(state.tiles, scene.view)) {
    const { data } = part.tile;
    if (data?.kind !== kind) {
      continue;
    }
    clipTo(surface, frame, part, () => {
      surface.globalAlpha = dimmed(state, performance.now()) ? 0.35 : 1;
      if (data.kind === 'line') {
        const graph = item.plot.graph(state.id);
        if (item.z) {
          // Over a spectrogram, whose colours are any: the ground's own sets a line off.
          const ground = colors.map(() => scene.theme.background);
          drawLine(surface, own, data, ground, hidden, scene.pixelRatio, graph?.style, 1.2, graph);
        }
        drawLine(surface, own, data, colors, hidden, scene.pixelRatio, graph?.style, 0, graph);
      } else if (item.z) {
        const style = { z: item.z.scale, colormap: item.plot.z.colormap ?? scene.theme.colormap };
        drawImageMark(surface, frame, data, style, scene.pixelRatio);
      }
    }, scene.pixelRatio);
  }
}

/** Column names of a line graph; none for an image. */
export function columnsOf(state: GraphState): readonly string[] {
  const data = state.tiles.find(tile => tile.data !== null)?.data;
  return data?.kind === 'line' ? data.columns : data?.kind === 'curve' ? [data.label] : [];
}
