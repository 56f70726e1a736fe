import vue from '@vitejs/plugin-vue'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const server = process.env.SHENWEI_URL ?? 'http://127.0.0.1:8080'

// The entries of the project. A page is an HTML file here; `pages` is the style sheet of the
// pages that the Go server renders and has a stable name, because they link to it.
const entries = {
  index: here('index.html'),
  pages: here('src/pages.css'),
}

export default defineConfig({
  plugins: [vue()],
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
  },
  build: {
    outDir: here('../dist'),
    emptyOutDir: true,
    // WeChat's web view on old Androids is Chromium 66 to 78; on old iPhones Safari 11.
    target: ['es2017', 'chrome64', 'safari11'],
    cssTarget: ['chrome64', 'safari11'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    rollupOptions: {
      input: entries,
      output: {
        hashCharacters: 'hex',
        // No name may begin with "_" or ".": go:embed leaves such files out.
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/part-[name]-[hash].js',
        assetFileNames: (asset) =>
          asset.names.includes('pages.css') ? 'assets/pages.css' : 'assets/[name]-[hash][extname]',
      },
    },
  },
  server: {
    proxy: {
      '/api': server,
      '/items': server,
      '/articles': server,
      '/privacy': server,
      '/ws': { target: server, ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['test/**/*.test.ts'],
  },
})
