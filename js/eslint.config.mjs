import jupyter from '@jupyter/eslint-plugin';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** Ways to turn text from outside into markup or code: names come from archives, so none is used. */
const MARKUP = ['innerHTML', 'outerHTML', 'srcdoc'].map(name => ({
  selector: `AssignmentExpression[left.property.name="${name}"]`,
  message: 'Text from archives is shown through textContent only.'
}));
const CALLS = ['insertAdjacentHTML', 'write', 'setHTMLUnsafe', 'createContextualFragment'].map(
  name => ({
    selector: `CallExpression[callee.property.name="${name}"][callee.object.name!="process"]`,
    message: 'Text from archives is shown through textContent only.'
  })
);

export default tseslint.config(
  { ignores: ['lib/**', 'node_modules/**', '.yarn/**', 'coverage/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['src/**/*.ts', 'tests/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { jupyter },
    rules: {
      eqeqeq: 'error',
      curly: 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...MARKUP, ...CALLS],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/switch-exhaustiveness-check': 'off'
    }
  },
  {
    files: ['src/lab/**/*.ts'],
    ignores: ['**/__tests__/**'],
    rules: {
      'jupyter/plugin-activation-args': 'error',
      'jupyter/command-described-by': 'error',
      'jupyter/command-id-convention': 'error',
      'jupyter/plugin-description': 'error',
      'jupyter/plugin-id-convention': 'error',
      'jupyter/no-translation-concatenation': 'error',
      'jupyter/no-dynamic-translation': 'error',
      'jupyter/no-untranslated-string': 'error',
      'jupyter/no-pageconfig-base-url': 'error',
      'jupyter/require-signal-this-arg': 'error',
      'jupyter/require-signal-cleanup': 'error',
      'jupyter/incorrect-translator-usage': 'error'
    }
  },
  {
    files: ['*.mjs', '*.config.mts', '*.setup.ts'],
    languageOptions: { globals: globals.node },
    rules: { 'no-console': 'off' }
  }
);
