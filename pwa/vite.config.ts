import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin, type UserConfig } from 'vite'
import { worker } from './worker/plugin.ts'

/** Where the built app goes; `tools/setup.py` builds beside it and then swaps. */
const out = process.env['ENID_APP_OUT'] ?? fileURLToPath(new URL('../build/by-hand', import.meta.url))

/** The curves bring SHA-512 along; from a copy of their own it does not burden the first screen. */
const apart: Plugin = {
  name: 'enid-apart',
  enforce: 'pre',
  async resolveId(source, importer) {
    const own = source === '@noble/hashes/sha2.js' && importer?.includes('/@noble/curves/')
    if (!own && !(source === './_u64.js' && importer?.endsWith('?apart'))) return null
    const found = await this.resolve(source, importer, { skipSelf: true })
    return found && `${found.id}?apart`
  },
}

const config: UserConfig = {
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [apart, worker()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: out,
    emptyOutDir: true,
    target: 'es2023',
    // The policy allows no inline code, and every browser we support knows preloading.
    modulePreload: {
      polyfill: false,
      // What a lazy part needs comes out of the worker's cache, so only the page names its files ahead.
      resolveDependencies: (_file, files, { hostType }) => (hostType === 'html' ? files : []),
    },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // One file, not twenty, stands between a tap on the icon and the first screen.
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] } },
    },
  },
}

// Vite reads the default export: the one file that must have one.
export default defineConfig(config)
