// How the page is built: one origin with the rest of Parley, everything under /meet/, nothing inline (the CSP forbids it).
import { defineConfig } from 'vitest/config';

const server = process.env.PARLEY_URL ?? 'http://localhost:8000';

export default defineConfig({
  root: 'meet',
  base: '/meet/',
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    chunkSizeWarningLimit: 900,
    rollupOptions: {
      output: {
        // The library changes less often than the page: a chunk of its own stays in the browser's cache.
        manualChunks: (id) => (id.includes('node_modules') ? 'livekit' : undefined),
      },
    },
  },
  server: { proxy: { '/rtc': { target: server, ws: true } } },
  test: { root: '.', include: ['tests/**/*.test.ts'], environment: 'node' },
});
