import { defineConfig } from 'vite';

const host = 'http://127.0.0.1:8080';

export default defineConfig({
  // Relative, so that the host may serve the page under any path.
  base: './',
  build: {
    target: 'es2022',
    // Nothing inline: the host may answer with the policy `default-src 'self'`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      '/api': host,
      '/ws': { target: host, ws: true },
    },
  },
});
