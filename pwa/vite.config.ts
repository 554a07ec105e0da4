import { fileURLToPath } from 'node:url';
import { defineConfig, type UserConfig } from 'vite';
import { worker } from './worker/plugin.ts';

/** Where the built app goes; `tools/setup.py` builds beside it and then swaps. */
const out = process.env['ENID_APP_OUT'] ?? fileURLToPath(new URL('../build/by-hand', import.meta.url));

const config: UserConfig = {
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [worker()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: out,
    emptyOutDir: true,
    target: 'es2023',
    // The policy allows no inline code, and every browser we support knows preloading.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // One file, not twenty, stands between a tap on the icon and the first screen.
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] } },
    },
  },
};

// Vite reads the default export: the one file that must have one.
export default defineConfig(config);
