/** Bundles the panel for anywidget: one ES module and one style sheet, nothing loaded at run time. */
import { build, context } from 'esbuild';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const options = {
  entryPoints: [
    { in: here('src/widget/index.ts'), out: 'panel' },
    { in: here('src/widget/panel.css'), out: 'panel' },
    { in: here('src/widget/tree.ts'), out: 'tree' },
    { in: here('src/widget/tree.css'), out: 'tree' }
  ],
  outdir: here('../sciqlop_lab/static'),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning'
};

/** Licence texts of the packages that went into the bundle: their authors ask that they travel along. */
function licenses(metafile) {
  const found = Object.keys(metafile.inputs).map(path => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(found.filter(Boolean))]
    .sort()
    .map(name => {
      const file = here(`node_modules/${name}/LICENSE`);
      if (!existsSync(file)) {
        throw new Error(`the package ${name} is in the bundle and has no LICENSE file to go with it`);
      }
      return `${name}\n\n${readFileSync(file, 'utf8').trim()}\n`;
    })
    .join(`\n${'-'.repeat(60)}\n\n`);
}

if (process.argv.includes('--watch')) {
  await (await context(options)).watch();
} else {
  const { metafile } = await build(options);
  writeFileSync(here('../sciqlop_lab/static/THIRD-PARTY-LICENSES.txt'), licenses(metafile));
}
