/** All parts of a panel, in the order in which they are made and asked for keys. */
import { makeCrosshair } from './crosshair';
import { makeDropping } from './dropping';
import { makeFinder } from './finder';
import { makeHeights } from './heights';
import { makeHelp } from './help';
import { makeInspector } from './inspector';
import { makeKnobs } from './knobs';
import { makeOutput } from './output';
import { makeOverlays } from './overlays';
import type { MakePart } from './part';
import { makePlotMenu } from './plotmenu';
import { makeReorder } from './reorder';
import { makeSpacing } from './spacing';
import { makeTelling } from './telling';
import { makeTemplates } from './templates';
import { makeTimeBar } from './timebar';

export const PARTS: readonly MakePart[] = [
  makeDropping,
  makePlotMenu,
  makeTelling,
  makeKnobs,
  makeOutput,
  makeCrosshair,
  makeSpacing,
  makeFinder,
  makeTemplates,
  makeHeights,
  makeReorder,
  makeTimeBar,
  makeHelp,
  makeInspector,
  makeOverlays
];
