/**
 * The last step of the build: the worker with the list of all files, and beside each file
 * its compressed forms, which the server hands out as they are.
 */

import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build, type Plugin } from 'vite'

const here = fileURLToPath(new URL('.', import.meta.url))
/** Asked for by the browser when it installs the app, and never by the app. */
const NOT_KEPT = /^\/icons\/.*\.png$|^\/screenshots\//
const COMPRESSIBLE = /\.(?:js|css|html|svg|json|webmanifest)$/

export function worker(): Plugin {
  let out = ''
  return {
    name: 'enid-worker',
    apply: 'build',
    configResolved(config) {
      out = config.build.outDir
    },
    async writeBundle() {
      await listScreenshots(out)
      const files = await integrities(out)
      await buildWorker(out, { version: await versionOf(files), files })
      await compress(out)
    },
  }
}

/** Every file below a folder, as paths that begin with a slash, in a fixed order. */
async function filesBelow(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => `/${relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/')}`)
    .sort()
}

/** Puts the screenshots that there are into the manifest: `wide-2-register.png` and the like. */
async function listScreenshots(folder: string): Promise<void> {
  const file = join(folder, 'manifest.webmanifest')
  const manifest = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
  const found = (await filesBelow(folder)).filter((path) => /^\/screenshots\/.*\.png$/.test(path))
  if (!found.length) return
  const shown = found.map(async (src) => {
    const [form, , ...words] = src.slice('/screenshots/'.length, -'.png'.length).split('-')
    const png = await readFile(join(folder, src))
    // Width and height stand at the beginning of a PNG.
    const sizes = `${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`
    return { src, sizes, type: 'image/png', form_factor: form, label: words.join(' ') }
  })
  manifest['screenshots'] = await Promise.all(shown)
  await writeFile(file, JSON.stringify(manifest, null, 2))
}

async function integrities(folder: string): Promise<Record<string, string>> {
  const paths = (await filesBelow(folder)).filter((path) => !NOT_KEPT.test(path))
  const sums = paths.map(async (path): Promise<[string, string]> => {
    const sum = createHash('sha256').update(await readFile(join(folder, path)))
    return [path, `sha256-${sum.digest('base64')}`]
  })
  return Object.fromEntries(await Promise.all(sums))
}

/** The worker's own text counts: another worker is another version. */
async function versionOf(files: Record<string, string>): Promise<string> {
  const sum = createHash('sha256').update(JSON.stringify(files))
  for (const name of ['sw.ts', 'precache.ts', 'paths.ts', '../paths.json']) {
    sum.update(await readFile(join(here, name)))
  }
  return sum.digest('base64url').slice(0, 16)
}

async function buildWorker(out: string, known: { version: string; files: object }): Promise<void> {
  await build({
    root: here,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    define: { BUILD: JSON.stringify(known) },
    build: {
      outDir: out,
      emptyOutDir: false,
      target: 'es2023',
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: join(here, 'sw.ts'),
        output: { format: 'iife', entryFileNames: 'sw.js' },
      },
    },
  })
}

async function compress(folder: string): Promise<void> {
  for (const path of (await filesBelow(folder)).filter((path) => COMPRESSIBLE.test(path))) {
    const file = join(folder, path)
    const plain = await readFile(file)
    const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY }
    await writeFile(`${file}.br`, brotliCompressSync(plain, { params: quality }))
    await writeFile(`${file}.gz`, gzipSync(plain, { level: 9 }))
  }
}
