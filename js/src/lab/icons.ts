import { LabIcon } from '@jupyterlab/ui-components';

import panelSvg from '../../style/icons/panel.svg';
import treeSvg from '../../style/icons/tree.svg';

export const treeIcon = new LabIcon({ name: 'sciqlop-lab:tree', svgstr: treeSvg });
export const panelIcon = new LabIcon({ name: 'sciqlop-lab:panel', svgstr: panelSvg });
