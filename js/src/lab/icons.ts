import { LabIcon } from '@jupyterlab/ui-components';

import panelSvg from '../../style/icons/panel.svg';
import starSvg from '../../style/icons/star.svg';
import treeSvg from '../../style/icons/tree.svg';

export const treeIcon = new LabIcon({ name: 'sciqlop-lab:tree', svgstr: treeSvg });
export const panelIcon = new LabIcon({ name: 'sciqlop-lab:panel', svgstr: panelSvg });
export const starIcon = new LabIcon({ name: 'sciqlop-lab:star', svgstr: starSvg });
