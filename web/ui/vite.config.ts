import vue from '@vitejs/plugin-vue'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const server = process.env.SHENWEI_URL ?? 'http://127.0.0.1:8080'

// The entries of the project. A page is an HTML file here; `pages` is the style sheet of the
// pages that the Go server renders and has a stable name, because they link to it.
const citizens = {
  index: here('index.html'),
  pages: here('src/pages.css'),
}
// The staff's pages are built on their own (`--mode staff`): in one build they would share the
// chunk of Vue with the citizens' page and make it carry what only they use.
const staff = {
  studio: here('studio.html'),
}
// Small scripts with stable names, each on its own (`--mode parts`): that of the page of outlets and of
// its map, and the loader for other sites' pages.
const parts = {
  outlets: here('src/outlets/main.ts'),
  map: here('src/outlets/map.ts'),
  embed: here('src/embed/loader.ts'),
}
const inputs: Record<string, Record<string, string>> = { staff, parts }

// The service worker knows the files of the chat page by the names that the build gave them.
function worker(): Plugin {
  return {
    name: 'shell-worker',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const html = bundle['index.html']
        if (!html || html.type !== 'asset') return
        const page = String(html.source)
        const named = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css|svg))"/g)].map((m) => m[1] as string)
        const words = Object.keys(bundle).filter((f) => f.endsWith('.json')).map((f) => `/${f}`)
        const later = Object.keys(bundle).filter((f) => f.endsWith('.js') || (f.endsWith('.css') && !f.endsWith('pages.css'))).map((f) => `/${f}`)
        const shell = ['/', '/assets/offline.html', '/assets/pages.css', ...new Set([...named, ...words, ...later])]
        const version = createHash('sha256').update(page + shell.join()).digest('hex').slice(0, 12)
        const source = readFileSync(here('src/sw.js'), 'utf8')
          .replace('self.__SHELL__', JSON.stringify(shell)).replace('self.__VERSION__', JSON.stringify(version))
        this.emitFile({ type: 'asset', fileName: 'sw.js', source })
      },
    },
  }
}

// What fetches a part of the page that is shown later: Vite's own asks for import.meta and preloads, which old web views do
// not know; this one adds the part's styles and waits for them.
function fetcher(): Plugin {
  return {
    name: 'part-fetcher',
    enforce: 'pre',
    load(id) {
      return id === '\0vite/preload-helper.js' ? readFileSync(here('src/fetcher.js'), 'utf8') : null
    },
  }
}

export default defineConfig(({ mode }) => ({
  plugins: mode === 'staff' ? [vue()] : [fetcher(), vue(), worker()],
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
  },
  build: {
    outDir: here('../dist'),
    emptyOutDir: !inputs[mode],
    copyPublicDir: !inputs[mode],
    chunkSizeWarningLimit: 700,
    // WeChat's web view on old Androids is Chromium 66 to 78; on old iPhones Safari 11.1, the first with import().
    // What is older gets the telephone numbers (public/assets/early.js).
    // Staff sit at a desk with a browser of the last years.
    target: mode === 'staff' ? ['es2020', 'chrome87', 'safari14'] : ['es2017', 'chrome64', 'safari11.1'],
    cssTarget: mode === 'staff' ? ['chrome87', 'safari14'] : ['chrome64', 'safari11'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    rollupOptions: {
      input: inputs[mode] ?? citizens,
      output: {
        hashCharacters: 'hex',
        // No name may begin with "_" or ".": go:embed leaves such files out.
        entryFileNames: mode === 'parts' ? 'assets/[name].js' : 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/part-[name]-[hash].js',
        assetFileNames: (asset) =>
          asset.names.includes('pages.css') ? 'assets/pages.css' : asset.names.includes('map.css') ? 'assets/map.css' : 'assets/[name]-[hash][extname]',
      },
    },
  },
  server: {
    proxy: {
      '/api': server,
      '/items': server,
      '/articles': server,
      '/outlets': server,
      '/go': server,
      '/privacy': server,
      '/ws': { target: server, ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['test/**/*.test.ts'],
  },
}))
