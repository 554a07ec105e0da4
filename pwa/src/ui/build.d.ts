/** What the build knows and TypeScript does not. */

declare module '*.css' {}

interface ImportMeta {
  /** 'e2e' in builds for stories and pictures. */
  readonly env: { readonly MODE: string }
}
