/** All parts of a panel, in the order in which they are made and asked for keys. */
import { makeDropping } from './dropping';
import type { MakePart } from './part';
import { makePlotMenu } from './plotmenu';

export const PARTS: readonly MakePart[] = [makeDropping, makePlotMenu];
