import type { KernelSpec } from '@jupyterlab/services';

/** The name of the kernel to start: the server's default if it is Python, else the first Python. */
export function pythonSpec(specs: KernelSpec.ISpecModels | null): string | null {
  const known = Object.values(specs?.kernelspecs ?? {});
  const python = known.filter(spec => spec?.language === 'python');
  const preferred = python.find(spec => spec?.name === specs?.default) ?? python[0];
  return preferred?.name ?? null;
}
